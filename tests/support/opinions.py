"""What the tests of second opinions share: evidence on disk, facts cited from it, scripted readers."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.evidence import hive
from iiscluster_kb.evidence._panel import READERS
from iiscluster_kb.model import (
    Absent,
    Answer,
    CaseFile,
    Cause,
    Finding,
    KeySubject,
    Phase,
    Present,
    RegistryEvidence,
    Source,
    Step,
    ValueChange,
    ValueSubject,
    Verdict,
)
from iiscluster_kb.registry import HKLM, KeyPath, RegistryValue, descend, multi_sz
from tests.support.regf_writer import build_hive, tree_from_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from iiscluster_kb.evidence._panel import Question, Reply
    from iiscluster_kb.model import AnyFact, Opinion
    from iiscluster_kb.registry import RegistryKey
    from tests.support.regf_writer import KeySpec

CLUSTER = HKLM / "Cluster"
CLSID = "{92BF7500-974C-11D0-A5F2-00A0C922E752}"
PYTHON_REGISTRY, REGIPY = READERS


@dataclass(frozen=True)
class DiskContent:
    path: Path

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.map()).hexdigest()

    def open(self) -> io.BytesIO:
        return io.BytesIO(self.map())

    def map(self) -> bytes:
        return self.path.read_bytes()

    def on_disk(self) -> Path:
        return self.path

    def close(self) -> None:
        pass


def cluster(below: Mapping[str, object]) -> KeySpec:
    """A tree that is placed at HKLM\\Cluster, with something more in it."""
    return tree_from_dict("Cluster", {"Nodes": {}, "Groups": {}, **below})  # type: ignore[dict-item]  # as given


def save(folder: Path, data: bytes, name: str = "CLUSDB") -> RegistryEvidence:
    path = folder / name
    path.write_bytes(data)
    evidence = hive.FORMAT.read(CaseFile(f"NODE1/{name}", DiskContent(path)))
    assert isinstance(evidence, RegistryEvidence)
    return evidence


def fact(evidence: RegistryEvidence, place: str, name: str | None = None) -> AnyFact:
    """What a machine answers when it is asked for a place below the evidence's mount."""
    mount = evidence.mounts[0]
    path = mount.path / place
    names = path.below(mount.path)
    subject = KeySubject("NODE1", path) if name is None else ValueSubject("NODE1", path, name)
    chain = descend(mount.root, names)
    deepest = chain[-1] if chain else mount.root
    spelled = KeyPath((*mount.path.parts, *(key.name for key in chain)))
    source = Source(evidence.file, str(spelled), deepest.offset)
    found: RegistryKey | RegistryValue | None = None
    if len(chain) == len(names):
        found = deepest if name is None else deepest.value(name)
    return Absent(subject, source) if found is None else Present(subject, found, source)


def finding(*facts: AnyFact, verdict: Verdict = Verdict.CONFIRMED) -> Finding:
    change = ValueChange(
        CLUSTER, "AdminExtensions", None, RegistryValue("AdminExtensions", 7, multi_sz(CLSID))
    )
    return Finding(
        Cause("Q224553/admin-extensions-missing", "AdminExtensions lacks the CLSID"),
        "NODE1",
        verdict,
        "absent",
        "The value is not there.",
        facts,
        (change,),
        (Step("NODE1", Phase.PATCH, "Import NODE1.reg"),),
    )


def opinions(one: AnyFact) -> tuple[Opinion, ...]:
    assert isinstance(one, Present | Absent)
    return one.opinions


def answers(findings: Iterable[Finding]) -> list[tuple[Answer, ...]]:
    return [tuple(o.answer for o in opinions(one)) for each in findings for one in each.facts]


@dataclass
class Script:
    """Readers that answer what they are told to."""

    answer: Callable[[str, Question], Reply]
    asked: int = 0

    def ask(self, questions: Iterable[Question]) -> Mapping[tuple[str, Question], Reply]:
        self.asked += 1
        return {
            (reader, question): self.answer(reader, question) for question in questions for reader in READERS
        }


AGREED = (Answer.AGREES, Answer.AGREES)
NOT_ASKED = (Answer.NOT_ASKED, Answer.NOT_ASKED)


def one_value(folder: Path, value: object = (CLSID,)) -> tuple[RegistryEvidence, AnyFact]:
    evidence = save(folder, build_hive(cluster({"ResourceTypes": {"AdminExtensions": value}})))
    return evidence, fact(evidence, "ResourceTypes", "AdminExtensions")
