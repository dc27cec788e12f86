"""Small reports for the sections of the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from iiscluster_kb.model import (
    Absent,
    Article,
    ArticleSummary,
    Cause,
    ExtensionChain,
    FileSubject,
    Likeness,
    MachineProfile,
    Media,
    MediaFile,
    Role,
    Skipped,
    Source,
    Verdict,
)
from iiscluster_kb.registry import KeyPath
from tests.support.reports import (
    CLSID,
    MISSING_DLL,
    OTHER_CLSID,
    REMOTE,
    TYPE_KEY,
    WRITTEN,
    case_file,
    empty_report,
    finding,
    full_report,
)

if TYPE_CHECKING:
    from iiscluster_kb.model import Finding, Report

DLL = r"C:\WINNT\system32\inetsrv\iisclex4.dll"
CLUSDB = Source(case_file("NODE1/CLUSDB"), str(TYPE_KEY), 1, None, WRITTEN)
CLASS_KEY = KeyPath.parse(rf"HKCR\CLSID\{CLSID}")


def node(name: str) -> MachineProfile:
    return MachineProfile(name, Role.NODE, "4.0", "6a", "x86", r"C:\WINNT", 1)


def report_of(*findings: Finding, **rest: object) -> Report:
    report = replace(
        empty_report(), findings=findings, machines=(node("NODE1"), node("NODE2")), cluster="WEBCLUS"
    )
    return replace(report, **rest)  # type: ignore[arg-type]  # a test names the fields, the dataclass checks them


CONFIRMED = finding(verdict=Verdict.CONFIRMED)
LIKELY = finding(MISSING_DLL, "NODE2", Verdict.LIKELY)
OPEN = finding(verdict=Verdict.UNDETERMINED)
UNASKED = finding(REMOTE, None, Verdict.UNDETERMINED, weighs=False)
ELSEWHERE = finding(verdict=Verdict.NOT_APPLICABLE, explanation="There is no cluster service.")

OLD_DLL = Cause("Q247763/old-resource-dll", "Clusiis4.dll hangs the wizard")
KNOWN = finding(
    OLD_DLL, verdict=Verdict.LIKELY, detail="old", explanation="It is older than that build.", weighs=False
)
"""Worth knowing: no fault."""


def other(number: str, verdict: Verdict) -> ArticleSummary:
    """An article that nobody asked for."""
    article = Article(number, f"Title of {number}", "https://example.org/")
    return ArticleSummary(article, verdict, f"Summary of {number}.", (), asked=False)


OTHERS = (
    other("Q247763", Verdict.LIKELY),
    other("Q170771", Verdict.UNDETERMINED),
    other("extension-audit", Verdict.RULED_OUT),
    other("Q272350", Verdict.NOT_APPLICABLE),
)
EXTENSIONS = (
    ExtensionChain(
        "NODE1", CLSID, "Iisclex4.dll", ("ResourceTypes\\X",), Verdict.RULED_OUT, "ok", "whole", DLL
    ),
    ExtensionChain("NODE1", OTHER_CLSID, None, ("",), Verdict.UNDETERMINED, "", "no hive tells", None),
    ExtensionChain(
        "NODE2",
        OTHER_CLSID,
        "Vendor",
        tuple(f"Groups\\{number}" for number in range(6)),
        Verdict.CONFIRMED,
        "server-missing",
        "there is no C:\\x.dll",
        "C:\\x.dll",
        (Absent(FileSubject("NODE2", "C:\\x.dll"), Source(case_file("NODE2/dir.txt"), None, None, 9)),),
    ),
)
COMPARISON = (
    Likeness("Windows", "service pack", (("NODE1", "6a"), ("NODE2", "6a")), alike=True),
    Likeness(
        "files", "Clusiis4.dll", (("NODE1", "5 bytes"), ("NODE2", "6 bytes"), ("NODE3", None)), alike=False
    ),
    Likeness("files", "Mfc42u.dll", (("NODE1", "7 bytes"), ("NODE2", None)), alike=None),
    Likeness("services", "ClusSvc", (("NODE1", "manual"), ("NODE2", "absent")), alike=False),
)
MEDIA = Media(
    (
        MediaFile(
            "x86/iis4_1.cab/Iisclex4.dll",
            "x86/iis4_1.cab",
            "Iisclex4.dll",
            2_048,
            "a" * 64,
            "4.2.622.1",
            WRITTEN,
            "x86",
            can_register=True,
            problem=None,
            medium="CD",
            build="Option Pack",
        ),
        MediaFile(
            "Iisclex4.dll",
            None,
            "Iisclex4.dll",
            0,
            "b" * 64,
            None,
            None,
            None,
            can_register=False,
            problem="it is empty",
        ),
    ),
    (Skipped("broken.cab", "cut off"),),
)


def everything_report() -> Report:
    """The full report with all that is told beside its findings."""
    report = full_report()
    return replace(
        report,
        findings=(*report.findings, KNOWN, finding(Cause("Q272350/x", "X"), explanation="Folded.")),
        articles=(*report.articles, *OTHERS),
        extensions=EXTENSIONS,
        comparison=COMPARISON,
        media=MEDIA,
    )
