r"""How to Install FTP from NTOP on Microsoft Cluster Server 1.0 (Q223259).

Symptom:
    On a cluster with the FTP server of the Windows NT Option Pack there is no
    IIS Server Instance for its sites, or its page for parameters is missing:
    the files for it are not there at all.

Causes told apart:
    ftp-without-www
        The Option Pack was installed with the FTP server and without the
        World Wide Web server, which alone brings Iisclex4.dll and
        Clusiis4.dll.

What is read:
    SYSTEM (the services MSFTPSVC and W3SVC); a listing of
    %SystemRoot%\system32\inetsrv.

What it cannot tell:
    Which components Set-up itself believes to be installed: how it keeps that
    in the registry is not documented. Without a listing, or where files lie there
    that somebody else put in place, the services alone speak, and the finding
    is no more than likely.

Remedy:
    Run Set-up of the Option Pack again and add the World Wide Web server; its
    service may then be disabled. Putting single files in place instead would
    leave the resource type and the other files out, so these steps of Q224553
    give way to this one.

References:
    Q223259; Q191138 (installing the Option Pack on a cluster); Q224553.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._iis_extension import DIRECTORY, DLL
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._option_pack import ORIGINAL_SIZE, RESOURCE_DLL, SET_UP
from iiscluster_kb.articles._preconditions import is_node, is_nt4
from iiscluster_kb.articles._relations import Supersedes
from iiscluster_kb.cluster import CURRENT_CONTROL_SET, join
from iiscluster_kb.model import (
    Absent,
    Article,
    Cause,
    Deviation,
    FileRestored,
    Finding,
    KeySubject,
    Phase,
    Present,
    Step,
    Unknown,
    ValueChange,
    Verdict,
)
from iiscluster_kb.registry import RegistryValue, ValueType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact

ARTICLE = Article(
    "Q223259",
    "How To Install FTP from NTOP on Microsoft Cluster Server 1.0",
    "https://jeffpar.github.io/kbarchive/kb/223/Q223259/",
)
WITHOUT_WWW = Cause("Q223259/ftp-without-www", "FTP was installed without the World Wide Web server")
CAUSES = (WITHOUT_WWW,)

_SERVICES = CURRENT_CONTROL_SET / "Services"
FTP, WWW = "MSFTPSVC", "W3SVC"
_AUTOMATIC = (2).to_bytes(4, "little")


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node."""
    yield from on_each_machine(cluster, {WITHOUT_WWW: _judge}, is_node, is_nt4, directories=(DIRECTORY,))


def _judge(machine: Machine) -> Finding:
    judged = partial(Finding, WITHOUT_WWW, machine.name)
    ftp, www = (machine.key(_SERVICES / name) for name in (FTP, WWW))
    services: tuple[AnyFact, ...] = (ftp, www)
    if isinstance(ftp, Absent):
        return judged(Verdict.RULED_OUT, "ok", "The FTP server is not installed.", (ftp,))
    if isinstance(www, Present):
        return judged(Verdict.RULED_OUT, "ok", "The World Wide Web server is installed.", (www,))
    if unknown := [fact for fact in (ftp, www) if isinstance(fact, Unknown)]:
        explanation = f"Which Internet services are installed is not known: {unknown[0].reason}."
        return judged(Verdict.UNDETERMINED, "", explanation, services, collect=(_collect.system(machine),))
    return _by_files(machine, services)


def _by_files(machine: Machine, services: tuple[AnyFact, ...]) -> Finding:
    files = [machine.file(join(DIRECTORY, name)) for name in (DLL, RESOURCE_DLL)]
    there = [fact for fact in files if isinstance(fact, Present)]
    explanation = "The FTP server is installed and the World Wide Web server is not"
    verdict, detail = Verdict.LIKELY, "by-services"
    if there:
        detail = "by-hand"
        explanation += f"; {there[0].value.path}, which comes with it, was put there in another way."
    elif all(isinstance(fact, Absent) for fact in files):
        verdict, detail = Verdict.CONFIRMED, "no-files"
        explanation += f"; neither {DLL} nor {RESOURCE_DLL}, which come with it, is there."
    else:
        explanation += f"; whether {DLL} and {RESOURCE_DLL}, which come with it, are there is not known."
    return Finding(
        WITHOUT_WWW,
        machine.name,
        verdict,
        detail,
        explanation,
        (*services, *files),
        steps=(_set_up(machine, services[1]),),
    )


def _set_up(machine: Machine, www: AnyFact) -> Step:
    directory, unknown = machine.expand(DIRECTORY)
    files = () if unknown else (DLL, RESOURCE_DLL)
    return Step(
        machine.name,
        Phase.RESTORE_FILE,
        f"Run {SET_UP} again and add the World Wide Web server",
        reason=f"{DLL}, {RESOURCE_DLL} and the resource type come with that component alone (Q223259).",
        expect=f'dir "{directory}" shows {DLL} and {RESOURCE_DLL}.',
        otherwise=(
            Deviation(
                "The World Wide Web server is not wanted.",
                "Afterwards set the startup type of the World Wide Web Publishing Service to Disabled, in Control "
                "Panel, Services (Q223259).",
            ),
            Deviation(
                "The other node lacks the component as well.",
                "Install the same components on both, in the order of Q191138.",
            ),
        ),
        achieves=(
            *(FileRestored(join(directory, name), ORIGINAL_SIZE[name]) for name in files),
            *_installed(www),
        ),
    )


def _installed(service: AnyFact) -> Iterator[ValueChange]:
    """What set-up leaves of a service that was not there, as far as it is asked for here."""
    if isinstance(service.subject, KeySubject):
        key = service.subject.key
        start = RegistryValue("Start", ValueType.REG_DWORD, _AUTOMATIC)
        yield ValueChange(key, "Start", None, start, makes=key)


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    relations=(
        Supersedes(
            WITHOUT_WWW.id,
            ("Q224553/dll-missing", "Q224553/clsid-unregistered"),
            frozenset({Phase.RESTORE_FILE, Phase.REGISTER}),
        ),
    ),
    confidence={WITHOUT_WWW: Confidence.HIGH},
)
