"""The nouns that flow from stage to stage, in order of flow. All frozen; collections never change.

Paths are of three kinds, never mixed: a case path (``str``, POSIX, inside the case), a ``KeyPath``, and a
Windows path (``str`` with backslashes; folded with ``registry.fold`` wherever it is a key of a mapping).
Offsets and sizes are bytes. Times are aware and UTC, but for those of listings, which print local time
without a zone: they are naive, and only their date, give or take a day, means anything.
"""

from iiscluster_kb.model.audits import ExtensionChain
from iiscluster_kb.model.cases import Case, CaseFile, Content, Skipped, Stated
from iiscluster_kb.model.comparisons import Likeness
from iiscluster_kb.model.evidence import (
    Evidence,
    FileEntry,
    FileEvidence,
    Mount,
    RegistryEvidence,
    Sign,
    Specimen,
    State,
)
from iiscluster_kb.model.facts import (
    Absent,
    Answer,
    AnyFact,
    Fact,
    FileSubject,
    KeySubject,
    MachineProfile,
    Opinion,
    Present,
    Role,
    Source,
    StatedSubject,
    Subject,
    Unknown,
    ValueSubject,
)
from iiscluster_kb.model.findings import (
    FOUND,
    Article,
    Assumption,
    Cause,
    Deviation,
    FileRestored,
    Finding,
    PatchImported,
    Phase,
    Step,
    ValueChange,
    Verdict,
)
from iiscluster_kb.model.media import Media, MediaFile
from iiscluster_kb.model.remedies import Dialect, Patch, Proof, Remedy
from iiscluster_kb.model.reports import ArticleSummary, Artifact, Document, Report
from iiscluster_kb.model.versions import Version, older, same_build, version_of

__all__ = [
    "FOUND",
    "Absent",
    "Answer",
    "AnyFact",
    "Article",
    "ArticleSummary",
    "Artifact",
    "Assumption",
    "Case",
    "CaseFile",
    "Cause",
    "Content",
    "Deviation",
    "Dialect",
    "Document",
    "Evidence",
    "ExtensionChain",
    "Fact",
    "FileEntry",
    "FileEvidence",
    "FileRestored",
    "FileSubject",
    "Finding",
    "KeySubject",
    "Likeness",
    "MachineProfile",
    "Media",
    "MediaFile",
    "Mount",
    "Opinion",
    "Patch",
    "PatchImported",
    "Phase",
    "Present",
    "Proof",
    "RegistryEvidence",
    "Remedy",
    "Report",
    "Role",
    "Sign",
    "Skipped",
    "Source",
    "Specimen",
    "State",
    "Stated",
    "StatedSubject",
    "Step",
    "Subject",
    "Unknown",
    "ValueChange",
    "ValueSubject",
    "Verdict",
    "Version",
    "older",
    "same_build",
    "version_of",
]
