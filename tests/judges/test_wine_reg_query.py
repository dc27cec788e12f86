"""Wine's reg.exe as judge: what it prints of a key is read as what was put in."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.evidence.reg_query import FORMAT
from iiscluster_kb.model import RegistryEvidence
from iiscluster_kb.registry import RegistryValue, ValueType, descend, multi_sz, sz
from tests.support.evidence import case_file

if TYPE_CHECKING:
    from pathlib import Path

WINE = shutil.which("wine")
pytestmark = [
    pytest.mark.skipif(WINE is None, reason="wine is missing"),
    pytest.mark.xdist_group("wine"),
]
REG = r"""Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\Cluster]
@="unnamed"
"Bytes"=hex:00,01,ff
"ClusterName"="WEBCLUS"

[HKEY_LOCAL_MACHINE\Cluster\Empty]

[HKEY_LOCAL_MACHINE\Cluster\Quorum]
"Path"="Q:\\MSCS\\"
"Size"=dword:00001000

[HKEY_LOCAL_MACHINE\Cluster\ResourceTypes]

[HKEY_LOCAL_MACHINE\Cluster\ResourceTypes\IIS Server Instance]
"AdminExtensions"=hex(7):7b,00,41,00,7d,00,00,00,7b,00,42,00,7d,00,00,00,00,00
"LooksAlivePollInterval"=dword:00001388
"""


def wine(folder: Path, *command: str, output: str = os.devnull) -> bytes:
    environment = os.environ | {
        "WINEPREFIX": str(folder / "prefix"),
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=",
    }
    with (folder / output).open("wb") as stream:
        subprocess.run(
            [str(WINE), *command],
            env=environment,
            cwd=folder,
            check=False,  # its exit status proves nothing
            stdin=subprocess.DEVNULL,
            stdout=stream,  # a pipe would stay open as long as Wine's own server runs
            stderr=subprocess.DEVNULL,
            timeout=180,
        )
    return b"" if output == os.devnull else (folder / output).read_bytes()


def test_what_reg_query_prints(tmp_path: Path) -> None:
    (tmp_path / "in.reg").write_bytes(REG.replace("\n", "\r\n").encode("utf-16"))
    wine(tmp_path, "regedit", "/S", "in.reg")
    whole = wine(tmp_path, "reg", "query", "HKLM\\Cluster", "/s", output="whole.txt")
    own = wine(tmp_path, "reg", "query", "HKLM\\Cluster", output="own.txt")
    wine(tmp_path, "wineboot", "--end-session", "--shutdown")
    if not whole.strip():
        pytest.skip("wine does not run here")
    assert FORMAT.recognises(whole)
    evidence = FORMAT.read(case_file("whole.txt", whole))
    assert isinstance(evidence, RegistryEvidence)
    (mount,) = evidence.mounts
    assert mount.whole
    assert mount.root.value("") == RegistryValue("", ValueType.REG_SZ, sz("unnamed"))
    assert mount.root.value("Bytes") == RegistryValue("Bytes", ValueType.REG_BINARY, b"\0\1\xff")
    assert mount.root.subkey("Empty") is not None
    assert mount.root.subkey("Nodes") is None
    key = descend(mount.root, ["ResourceTypes", "IIS Server Instance"])[-1]
    assert {value.name: value.data for value in key.values()} == {
        "AdminExtensions": multi_sz("{A}", "{B}"),
        "LooksAlivePollInterval": (5000).to_bytes(4, "little"),
    }
    evidence = FORMAT.read(case_file("own.txt", own))
    assert isinstance(evidence, RegistryEvidence)
    assert [below.name for below in evidence.mounts[0].root.subkeys()] == ["Empty", "Quorum", "ResourceTypes"]
