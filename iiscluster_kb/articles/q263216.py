r"""Dr. Watson Error in Cluster Administrator (Q263216).

Symptom:
    Cluster Administrator ends with an access violation as soon as a property
    page of an IIS Server Instance is shown.

Causes told apart:
    mfc42u
        Mfc42u.dll is of version 6.00, and Iisclex4.dll is older than 4.2.742.1
        of 04/06/2000, the first that gets along with it.

What is read:
    Of each machine that runs Cluster Administrator the versions of
    %SystemRoot%\system32\Mfc42u.dll and of Iisclex4.dll, by the files
    themselves or a listing with versions; else the date of Iisclex4.dll.

What it cannot tell:
    Every build of Iisclex4.dll after the first has 65,664 bytes, and no size
    or date of Mfc42u.dll is published: without its version nothing is said.
    Where Iisclex4.dll is yet to be put in place, it depends on the copy.

Remedy:
    Put Iisclex4.dll 4.2.742.1 or later in the place of the old one.

References:
    Q263216; Q224553 (whose remedy may bring the old file).
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._builds import By, older_than, version_of
from iiscluster_kb.articles._iis_extension import DIRECTORY, DLL, examine_dll
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._option_pack import FIRST_GOOD, asks_for_a_later_build, takes_a_later_build
from iiscluster_kb.articles._preconditions import administers_the_cluster, is_nt4
from iiscluster_kb.articles._put_back import is_put_back
from iiscluster_kb.articles._relations import Warns, puts_back
from iiscluster_kb.cluster import join
from iiscluster_kb.model import (
    Absent,
    Article,
    Cause,
    FileRestored,
    Finding,
    Phase,
    Present,
    Role,
    Step,
    Unknown,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Fact, FileEntry

ARTICLE = Article(
    "Q263216",
    "Dr. Watson Error in Cluster Administrator",
    "https://jeffpar.github.io/kbarchive/kb/263/Q263216/",
)
MFC = Cause("Q263216/mfc42u", "Iisclex4.dll does not get along with Mfc42u.dll")
CAUSES = (MFC,)

MFC_DLL = r"%SystemRoot%\system32\Mfc42u.dll"

_HOSTILE = (6, 0)
_GOOD_DATE = date(2000, 4, 6)
"""Of the build of Q263216."""
_SIZE = 65_664
"""Its bytes, for x86."""


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each machine that runs Cluster Administrator."""
    yield from on_each_machine(
        cluster,
        {MFC: _judge},
        administers_the_cluster,
        is_nt4,
        directories=(DIRECTORY,),
    )


def _judge(machine: Machine) -> Finding:
    judged = partial(Finding, MFC, machine.name)
    library = machine.file(MFC_DLL)
    hostile = _is_hostile(library)
    if hostile is False:
        said = "is not there"
        if isinstance(library, Present):
            said = f"is of version {library.value.version}, not 6.00"
        explanation = f"{machine.expand(MFC_DLL)[0]} {said}."
        return judged(Verdict.RULED_OUT, "ok", explanation, (library,))
    path = machine.expand(join(_directory(machine), DLL))[0]
    extension = machine.file(path)
    old, by = _is_old(machine, extension)
    facts = (library, extension)
    if old is False:
        explanation = f"{path} is as new as the build of Q263216."
        return judged(Verdict.RULED_OUT, "ok", explanation, facts)
    if not hostile or old is None:
        paths = [
            machine.expand(MFC_DLL)[0] if hostile is None else "",
            path if isinstance(extension, Present) and old is None else "",
        ]
        collect = tuple(_collect.file_itself(machine, one) for one in paths if one)
        if isinstance(extension, Unknown):
            collect += (_collect.listing(machine, _directory(machine)),)
        explanation = "Which builds of Mfc42u.dll and Iisclex4.dll meet here is not known."
        if isinstance(extension, Absent):
            explanation = f"{path} is not there; whether it is old depends on the copy that will be."
        return judged(Verdict.UNDETERMINED, "", explanation, facts, collect=collect)
    explanation = f"Mfc42u.dll is of version 6.00, and {path} is older than {FIRST_GOOD}, by its {by}."
    detail = "by-version" if by is By.VERSION else "by-date"
    return judged(Verdict.LIKELY, detail, explanation, facts, steps=_replace(machine, path))


def _directory(machine: Machine) -> str:
    """Where Iisclex4.dll lies: on a workstation beside Cluster Administrator (Q224293)."""
    return machine.expand(machine.cluster_directory if machine.role is Role.OPERATOR else DIRECTORY)[0]


def _is_hostile(library: Fact[FileEntry]) -> bool | None:
    """Whether Mfc42u.dll is of version 6.00; None: nobody knows."""
    match library:
        case Absent():
            return False
        case Present(value=entry) if (version := version_of(entry.version)) is not None:
            return version[:2] == _HOSTILE
        case _:
            return None


def _is_old(machine: Machine, extension: Fact[FileEntry]) -> tuple[bool | None, By | None]:
    """Whether Iisclex4.dll is older than the first good build; of one that must be replaced nobody knows."""
    if isinstance(extension, Present) and is_put_back(machine, extension.value.path):
        return False, None
    unusable = machine.role is not Role.OPERATOR and examine_dll(machine).verdict is Verdict.CONFIRMED
    if not isinstance(extension, Present) or unusable:
        return None, None
    return older_than(extension.value, FIRST_GOOD, _GOOD_DATE)


def _replace(machine: Machine, path: str) -> tuple[Step, ...]:
    return (
        Step(
            machine.name,
            Phase.RESTORE_FILE,
            f"Put {DLL} {FIRST_GOOD} or later into {path.rpartition(chr(92))[0]}",
            reason="Mfc42u.dll 6.00 hands out the property sheets in another way, which older builds do not bear "
            "(Q263216). Close Cluster Administrator first; the file comes with the hotfix of Q263216.",
            achieves=(FileRestored(path, _SIZE),),
        ),
        Step(
            machine.name,
            Phase.VERIFY,
            f"Look at the date of {DLL}",
            command=f'dir "{path}"',
            expect="The file is dated 04/06/2000 or later.",
        ),
    )


# --- what putting an old file back brings -----------------------------------------------------------


def _warning(_cluster: Cluster, machine: Machine, step: Step) -> str | None:
    hostile = _is_hostile(machine.file(MFC_DLL))
    if hostile is False or asks_for_a_later_build(step) or takes_a_later_build(machine):
        return None
    if hostile:
        return (
            f"Mfc42u.dll on {machine.name} is of version 6.00: with an Iisclex4.dll older than 4.2.742.1, such as that on "
            "the CD, Cluster Administrator crashes on the very page that is restored here. Take the build of Q263216."
        )
    return (
        "With Mfc42u.dll 6.00 in system32, an Iisclex4.dll older than 4.2.742.1 crashes Cluster Administrator on the "
        "very page that is restored here: look at the version of Mfc42u.dll first (Q263216)."
    )


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    relations=(Warns(puts_back(DLL), _warning),),
    confidence={MFC: Confidence.MEDIUM},
)
