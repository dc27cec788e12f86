r"""Cluster Server Won't Start If Cluster Log Directory Not Created (Q216237).

Symptom:
    After cluster logging was switched on, the cluster service does not start:
    events 7000 and 7009, error 2186, or "Open of log file failed. Error 5".

Causes told apart:
    no-directory
        The system variable ClusterLog names a file in a directory that does
        not exist. Mended in Service Pack 5.
    no-file-name
        ClusterLog names a directory, not a file.
    not-local
        ClusterLog names a place on another computer (Q262962).

What is read:
    SYSTEM (Session Manager\Environment of the current control set), SOFTWARE
    (service pack, %SystemRoot%), a listing that shows the directory.

What it cannot tell:
    Whether the log file is read-only, which gives the same error; whether a
    drive letter stands for a network drive; what a variable stands for that is
    spelled in a value of type REG_SZ, in which Windows need not replace it.

Remedy:
    ClusterLog is set to cluster.log in %SystemRoot%\Cluster, the place that
    Q168801 recommends, in the type that the value has: with the variable in a
    REG_EXPAND_SZ, with the directory itself in a REG_SZ. Or delete the
    variable, which switches logging off. Then restart the node. Where nothing
    shows that the directory is there, it is left to a step.

References:
    Q216237; Q262962; Q168801.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._cluster_service import see_it_start
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._preconditions import is_node, is_nt4
from iiscluster_kb.articles._spelling import spelled
from iiscluster_kb.cluster import CURRENT_CONTROL_SET
from iiscluster_kb.model import (
    FOUND,
    Absent,
    Article,
    Cause,
    Finding,
    Phase,
    Present,
    Step,
    Unknown,
    ValueChange,
    Verdict,
)
from iiscluster_kb.registry import RegistryValue, ValueType, fold, sz

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.articles._preconditions import Hindrance
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact

ARTICLE = Article(
    "Q216237",
    "Cluster Server Won't Start If Cluster Log Directory Not Created",
    "https://jeffpar.github.io/kbarchive/kb/216/Q216237/",
)
NO_DIRECTORY = Cause("Q216237/no-directory", "The directory of the cluster log does not exist")
NO_FILE_NAME = Cause("Q216237/no-file-name", "ClusterLog names a directory instead of a file")
NOT_LOCAL = Cause("Q216237/not-local", "ClusterLog names a place on another computer")
CAUSES = (NO_DIRECTORY, NO_FILE_NAME, NOT_LOCAL)

VALUE = "ClusterLog"
_ENVIRONMENT = CURRENT_CONTROL_SET / r"Control\Session Manager\Environment"
_RECOMMENDED = r"%SystemRoot%\Cluster\cluster.log"
"""Q168801, step 4."""
_MENDED_IN = 5
"""Service pack (Q216237, Status)."""
_ALWAYS_LOCAL = frozenset({"SYSTEMROOT", "WINDIR", "SYSTEMDRIVE"})
_START = "The cluster service opens its log when it starts (Q216237)."


class _Judgement(NamedTuple):
    verdict: Verdict
    detail: str
    words: str
    """The explanation, behind "ClusterLog is <text>"; without the full stop."""
    facts: tuple[AnyFact, ...] = ()
    collect: tuple[str, ...] = ()


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge ClusterLog of each node."""
    local = {cause: partial(_finding, cause) for cause in (NO_DIRECTORY, NO_FILE_NAME)}
    yield from on_each_machine(cluster, local, is_node, is_nt4)
    yield from on_each_machine(
        cluster, {NOT_LOCAL: partial(_finding, NOT_LOCAL)}, is_node, _is_nt4_or_windows_2000
    )


def _is_nt4_or_windows_2000(cluster: Cluster, machine: Machine) -> Hindrance | None:
    """Q262962 is about Windows 2000 too."""
    return None if machine.windows == "5.0" else is_nt4(cluster, machine)


def _finding(cause: Cause, machine: Machine) -> Finding:
    fact = machine.value(_ENVIRONMENT, VALUE)
    match fact:
        case Present(value=value) if text := (value.text() or "").strip().strip('"'):
            found = _judge(cause, machine, value, text)
            mending = found.verdict in FOUND
            change = _change(machine, fact) if mending else None
            return Finding(
                cause,
                machine.name,
                found.verdict,
                found.detail,
                f"ClusterLog is {text}: {found.words}.",
                facts=(fact, *found.facts),
                changes=() if change is None else (change,),
                steps=_steps(machine, by_hand=change is None) if mending else (),
                collect=found.collect,
            )
        case Present(value=value) if value.text() is None:
            reason = f"ClusterLog is of type {value.type_name}, of which no article tells what becomes of it"
            return Finding(cause, machine.name, Verdict.UNDETERMINED, "", f"{reason}.", (fact,))
        case Present():
            return Finding(cause, machine.name, Verdict.RULED_OUT, "ok", "ClusterLog is empty.", (fact,))
        case Absent() if isinstance(place := machine.key(_ENVIRONMENT), Present):
            return Finding(
                cause,
                machine.name,
                Verdict.RULED_OUT,
                "ok",
                "ClusterLog is not set, so the cluster service writes no log.",
                (fact, place),
            )
        case Unknown(reason=why):
            reason = why
        case _:
            reason = "the evidence holds no environment of the system"
    return Finding(
        cause,
        machine.name,
        Verdict.UNDETERMINED,
        "",
        f"Whether ClusterLog is set on {machine.name} is not known: {reason}.",
        facts=(fact,),
        collect=(_collect.system(machine),),
    )


# --- the three causes -------------------------------------------------------------------------------


def _judge(cause: Cause, machine: Machine, value: RegistryValue, text: str) -> _Judgement:
    expanded, missing = machine.expand(text)
    remote = _is_remote(expanded)
    if cause is NOT_LOCAL:
        return _locality(machine, missing, remote=remote)
    if remote:
        return _Judgement(Verdict.NOT_APPLICABLE, "", "a place on another computer")
    if value.type == ValueType.REG_SZ and "%" in text:
        words = "whether the variable is replaced in a value of type REG_SZ is not known"
        collect = (f"what SET {VALUE} prints at a command prompt of {machine.name}",)
        return _Judgement(Verdict.UNDETERMINED, "", words, collect=collect)
    if missing:
        words = f"what %{missing}% stands for is not known"
        hives = (_collect.software(machine), _collect.system(machine))
        return _Judgement(Verdict.UNDETERMINED, "", words, collect=hives)
    if cause is NO_FILE_NAME:
        return _file_name(machine, expanded)
    return _directory(machine, expanded)


def _is_remote(path: str) -> bool:
    return path.startswith("\\\\") and path[2:4] not in {"?\\", ".\\"}


def _locality(machine: Machine, missing: str | None, *, remote: bool) -> _Judgement:
    if remote:
        return _Judgement(Verdict.CONFIRMED, "unc", "that is a place on another computer")
    if missing and fold(missing) not in _ALWAYS_LOCAL:
        words = f"what %{missing}% stands for is not known"
        return _Judgement(Verdict.UNDETERMINED, "", words, collect=(_collect.system(machine),))
    words = "that is no place on another computer, as far as a drive letter can tell"
    return _Judgement(Verdict.RULED_OUT, "ok", words)


def _file_name(machine: Machine, path: str) -> _Judgement:
    if path.endswith(("\\", ":")):
        return _Judgement(Verdict.CONFIRMED, "directory", "it ends where a file name should follow")
    if "\\" not in path:
        return _Judgement(Verdict.RULED_OUT, "ok", "that is a file name, which is enough")
    fact = machine.file(path)
    match fact:
        case Present(value=entry) if entry.is_directory:
            return _Judgement(Verdict.CONFIRMED, "directory", "that is a directory", (fact,))
        case Unknown(reason=reason):
            words = f"whether that is a directory is not known: {reason}"
            collect = (_collect.listing(machine, path.rpartition("\\")[0]),)
            return _Judgement(Verdict.UNDETERMINED, "", words, (fact,), collect)
        case _:
            return _Judgement(Verdict.RULED_OUT, "ok", "there is no directory of that name", (fact,))


def _directory(machine: Machine, path: str) -> _Judgement:
    directory = path.rpartition("\\")[0]
    if not directory:
        return _Judgement(Verdict.RULED_OUT, "ok", "it names no directory")
    fact = machine.file(directory)
    match fact:
        case Present(value=entry) if entry.is_directory:
            return _Judgement(Verdict.RULED_OUT, "ok", f"{directory} is there", (fact,))
        case Unknown(reason=reason):
            words = f"whether {directory} is there is not known: {reason}"
            collect = (_collect.listing(machine, directory.rpartition("\\")[0] or directory),)
            return _Judgement(Verdict.UNDETERMINED, "", words, (fact,), collect)
        case Present():
            what = f"{directory} is a file"
        case _:
            what = f"there is no {directory}"
    return _by_service_pack(machine, what, fact)


def _by_service_pack(machine: Machine, what: str, fact: AnyFact) -> _Judgement:
    pack = machine.service_pack
    if pack is None:
        words = f"{what}; whether Service Pack {_MENDED_IN}, which mends this, is installed is not known"
        return _Judgement(Verdict.UNDETERMINED, "", words, (fact,), (_collect.software(machine),))
    if int(pack.rstrip("a") or 0) >= _MENDED_IN:
        words = f"{what}, but from Service Pack {_MENDED_IN} on the service starts without its log"
        return _Judgement(Verdict.RULED_OUT, "ok", words, (fact,))
    return _Judgement(Verdict.CONFIRMED, "absent", f"{what}, and Service Pack {pack or 0} needs it", (fact,))


# --- the remedy -------------------------------------------------------------------------------------


def _change(machine: Machine, fact: Present[RegistryValue]) -> ValueChange | None:
    """The recommended path in the type that is there, where the evidence shows that it will do."""
    before = fact.value
    path = _RECOMMENDED
    if before.type != ValueType.REG_EXPAND_SZ:
        path, missing = machine.expand(_RECOMMENDED)
        if missing:
            return None
    after = RegistryValue(before.name, before.type, sz(path))
    if any(_judge(cause, machine, after, path).verdict is not Verdict.RULED_OUT for cause in CAUSES):
        return None
    return ValueChange(spelled(fact), before.name, before, after)


def _steps(machine: Machine, *, by_hand: bool) -> tuple[Step, ...]:
    typed = Step(
        machine.name,
        Phase.PATCH,
        f"Set ClusterLog of {machine.name} to a file in a local directory that is there",
        reason="Control Panel, System, Environment: select ClusterLog among the system variables, type "
        rf"{_RECOMMENDED} as its value, Set; or Delete, which switches logging off (Q168801, Q216237).",
        expect="After a restart, SET ClusterLog shows the path, and its directory is there.",
    )
    return (*((typed,) if by_hand else ()), see_it_start(machine, _START))


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    confidence={NO_DIRECTORY: Confidence.HIGH, NO_FILE_NAME: Confidence.HIGH, NOT_LOCAL: Confidence.HIGH},
)
