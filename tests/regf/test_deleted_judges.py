"""What was deleted, judged by programs that are not ours and by hives that nobody here wrote."""

from __future__ import annotations

import lzma
import shutil
import subprocess
from pathlib import Path

import pytest

from iiscluster_kb.regf import Hive
from iiscluster_kb.regf.deleted import find_deleted
from tests.support.regf_deleting import LIST, TREE, live_offsets, offsets_in
from tests.support.regf_writer import build_hive

HIVEX_PYTHON = "/usr/bin/python3"
"""Debian's interpreter, for which python3-hivex is packaged."""
RECOVER = shutil.which("reglookup-recover")
CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus/hives"


def hivex(data: bytes, folder: Path, script: str) -> bytes:
    source, target = folder / "before", folder / "after"
    source.write_bytes(data)
    program = f"import hivex, sys\nh = hivex.Hivex(sys.argv[1], write=True)\n{script}\nh.commit(sys.argv[2])"
    subprocess.run([HIVEX_PYTHON, "-c", program, str(source), str(target)], check=True)
    return target.read_bytes()


def has_hivex() -> bool:
    command = [HIVEX_PYTHON, "-c", "import hivex"]
    return (
        Path(HIVEX_PYTHON).exists()
        and not subprocess.run(command, check=False, capture_output=True).returncode
    )


NEEDS_HIVEX = pytest.mark.skipif(not has_hivex(), reason="python3-hivex is missing")


@NEEDS_HIVEX
def test_a_child_that_hivex_deletes_is_found(tmp_path: Path) -> None:
    script = "t = h.node_get_child(h.root(), 'Types')\nh.node_delete_child(h.node_get_child(t, 'IIS'))"
    found = find_deleted(Hive(hivex(build_hive(TREE), tmp_path, script), "x"))
    assert [key.path for key in found.keys] == [r"Types\IIS"]
    values = {value.name: value for value in found.values}
    assert set(values) == {"DllName", "Name", "AdminExtensions"}
    assert all(value.intact and not value.owner for value in values.values())  # the key is emptied first
    assert LIST in values["AdminExtensions"].data.decode("utf-16-le")


@NEEDS_HIVEX
def test_a_value_that_hivex_deletes_is_found(tmp_path: Path) -> None:
    script = (
        "n = h.node_get_child(h.node_get_child(h.root(), 'Types'), 'IIS')\n"
        "kept = [v for v in h.node_values(n) if h.value_key(v) != 'AdminExtensions']\n"
        "h.node_set_values(n, [dict(zip(('key', 't', 'value'), "
        "(h.value_key(v), *h.value_value(v)))) for v in kept])"
    )
    data = hivex(build_hive(TREE), tmp_path, script)
    assert Hive(data, "x").key(r"Types\IIS").value("AdminExtensions") is None  # type: ignore[union-attr]  # it is there
    found = {value.name: value for value in find_deleted(Hive(data, "x")).values}
    assert LIST in found["AdminExtensions"].data.decode("utf-16-le")
    assert found["AdminExtensions"].intact


FOUND = {
    "plaso-NTUSER-WIN7.DAT": (82, 457),
    "regipy-BCD": (4, 6),
    "regipy-NTUSER.DAT": (0, 69),
    "regipy-SYSTEM": (0, 0),
    "regipy-SYSTEM_B": (1504, 4487),
    "regipy-ntuser_software_partial": (0, 0),
    "winreg-kb-UsrClass.dat": (1, 0),
}
"""Keys and values; reglookup-recover finds no others, and of what follows the last bin only a part."""


def corpus(name: str) -> bytes:
    path = CORPUS / f"{name}.xz"
    if not path.exists():
        pytest.skip("no corpus beside the project")
    return lzma.decompress(path.read_bytes())


@pytest.mark.parametrize("name", FOUND)
def test_what_is_found_in_real_hives_is_not_live(name: str) -> None:
    data = corpus(name)
    found = find_deleted(Hive(data, name))
    assert (len(found.keys), len(found.values)) == FOUND[name]
    assert not found.truncated
    assert not live_offsets(data) & set(offsets_in(found))


# Beside records that are sound, the program takes for records what was written over and no longer is one.
MISTAKEN = {"regipy-UsrClass.dat": 3, "regipy-SYSTEM_WIN_10_1709": 7}


@pytest.mark.skipif(RECOVER is None, reason="reglookup-recover (Debian: reglookup) is missing")
@pytest.mark.parametrize("name", [*FOUND, *MISTAKEN])
def test_all_that_reglookup_recovers_is_found(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hive"
    path.write_bytes(corpus(name))
    told = subprocess.run([str(RECOVER), "-H", str(path)], check=True, capture_output=True).stdout
    theirs = {int(line[:8], 16) for line in told.splitlines() if line[18:22] in {b"KEY,", b"VALU"}}
    found = find_deleted(Hive(path.read_bytes(), name))
    ours = set(offsets_in(found))
    assert len(theirs - ours) == MISTAKEN.get(name, 0)
