from __future__ import annotations

import itertools
import lzma
import subprocess
import textwrap
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence._panel import READERS, Found, Missing, Panel, Question, Unreadable
from iiscluster_kb.evidence._second_opinion import confirm
from iiscluster_kb.model import (
    Absent,
    Answer,
    CaseFile,
    FileSubject,
    KeySubject,
    Mount,
    Present,
    Source,
    State,
    StatedSubject,
    Unknown,
    ValueSubject,
    Verdict,
)
from iiscluster_kb.registry import HKLM, RegistryValue, ValueType, descend, multi_sz, sz
from tests.support.regf_writer import KeySpec, build_hive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.evidence._panel import Reply
    from iiscluster_kb.registry import RegistryKey

from tests.support.opinions import (
    AGREED,
    CLSID,
    CLUSTER,
    NOT_ASKED,
    REGIPY,
    DiskContent,
    Script,
    answers,
    cluster,
    fact,
    finding,
    one_value,
    opinions,
    save,
)

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus/hives"
PYTHON_WITH_HIVEX = "/usr/bin/python3"

# --- agreement --------------------------------------------------------------------------------------

VALUES: dict[str, object] = {
    "": "unnamed",
    "text": "%SystemRoot%\\system32",
    "number": 0x12345678,
    "bytes": bytes(range(256)),
    "long bytes": b"\x55" * 40_000,
    "list": [CLSID, "{4EC90FB0-D0BB-11CF-B5EF-00A0C90AB505}"],
    "expand": RegistryValue("expand", ValueType.REG_EXPAND_SZ, sz("%windir%")),
    "none": RegistryValue("none", ValueType.REG_NONE, b""),
    "short": RegistryValue("short", ValueType.REG_BINARY, b"ab"),
    "quad": RegistryValue("quad", ValueType.REG_QWORD, (1 << 40).to_bytes(8, "little")),
    "link": RegistryValue("link", ValueType.REG_LINK, "\\Registry\\Machine".encode("utf-16-le")),
    "unknown": RegistryValue("unknown", 0x12, sz("a type without a name")),
    "ключ": "a name that is not compressed",
}


@pytest.mark.parametrize(
    ("minor", "list_kind"), [(2, "li"), (3, "lf"), (3, "ri/lf"), (5, "lh"), (5, "ri/lh"), (6, None)]
)
def test_sound_values_and_absences_are_agreed_on(tmp_path: Path, minor: int, list_kind: str | None) -> None:
    many = {str(number): {"": number} for number in range(40)}
    tree = cluster({"ResourceTypes": {"IIS Server Instance": VALUES, **many}})
    data = build_hive(tree, minor=minor, list_kind=list_kind, leaf_size=7)  # type: ignore[arg-type]  # parametrised
    evidence = save(tmp_path, data)
    place = "resourcetypes\\iis server INSTANCE"
    facts = [fact(evidence, place, name.upper()) for name in VALUES]
    assert all(isinstance(one, Present) for one in facts)
    facts += [fact(evidence, place), fact(evidence, "", ""), fact(evidence, "")]
    facts += [fact(evidence, place, "missing"), fact(evidence, "Resource Types\\IIS", "AdminExtensions")]
    facts += [fact(evidence, "Quorum"), fact(evidence, place + "\\below\\far below")]
    with Panel().start() as panel:
        (confirmed,) = confirm((finding(*facts),), (evidence,), panel)
    assert answers([confirmed]) == [AGREED] * len(facts)
    assert confirmed == replace(finding(*facts), facts=confirmed.facts)
    assert all(o.note is None and not o.explained for one in confirmed.facts for o in opinions(one))


def test_a_hive_that_hivex_wrote_is_agreed_on(tmp_path: Path) -> None:
    path = tmp_path / "CLUSDB"
    path.write_bytes(build_hive(KeySpec("Cluster"), minor=3))
    script = textwrap.dedent("""
        import sys, hivex
        h = hivex.Hivex(sys.argv[1], write=True)
        for name in ("Nodes", "Groups"):
            h.node_add_child(h.root(), name)
        node = h.node_add_child(h.node_add_child(h.root(), "ResourceTypes"), "IIS Server Instance")
        data = (sys.argv[2] + "\\0\\0").encode("utf-16-le")
        h.node_set_value(node, {"key": "AdminExtensions", "t": 7, "value": data})
        h.node_set_value(node, {"key": "IsAlivePollInterval", "t": 4, "value": b"\\x60\\xea\\0\\0"})
        h.node_set_value(node, {"key": "", "t": 1, "value": "x\\0".encode("utf-16-le")})
        h.commit(None)
    """)
    try:
        run = subprocess.run(
            [PYTHON_WITH_HIVEX, "-c", script, str(path), CLSID], capture_output=True, check=False
        )
    except OSError:
        pytest.skip("no system Python")
    if b"No module named 'hivex'" in run.stderr:
        pytest.skip("hivex is not installed")
    assert run.returncode == 0, run.stderr
    evidence = save(tmp_path, path.read_bytes())
    place = "ResourceTypes\\IIS Server Instance"
    facts = [fact(evidence, place, name) for name in ("AdminExtensions", "IsAlivePollInterval", "", "none")]
    with Panel().start() as panel:
        confirmed = confirm((finding(*facts),), (evidence,), panel)
    assert answers(confirmed) == [AGREED] * 4


def corpus_hive(name: str, folder: Path) -> Path:
    packed = CORPUS / f"{name}.xz"
    if not packed.exists():
        pytest.skip(f"no corpus: {packed}")
    path = folder / name
    path.write_bytes(lzma.decompress(packed.read_bytes()))
    return path


def cited(root: RegistryKey, most: int) -> Iterator[tuple[str, str]]:
    """Key paths and value names of the first keys below ``root`` that hold values."""
    found = 0
    waiting = [("", root)]
    while waiting and found < most:
        path, key = waiting.pop()
        for value in itertools.islice(key.values(), 2):
            yield path, value.name
            found += 1
        waiting += [(f"{path}\\{below.name}", below) for below in itertools.islice(key.subkeys(), 12)]


@pytest.mark.parametrize("name", ["regipy-SYSTEM", "regipy-corrupted_system_hive"])
def test_values_of_real_hives_are_agreed_on_or_explained(tmp_path: Path, name: str) -> None:
    evidence = save(tmp_path, corpus_hive(name, tmp_path).read_bytes(), name)
    facts = [fact(evidence, *place) for place in cited(evidence.mounts[0].root, 40)]
    facts.append(fact(evidence, "ControlSet001\\Services\\ClusSvc", "Start"))
    with Panel().start() as panel:
        (confirmed,) = confirm((finding(*facts),), (evidence,), panel)
    assert confirmed.verdict is Verdict.CONFIRMED
    unlike = [o for one in confirmed.facts for o in opinions(one) if o.answer is not Answer.AGREES]
    assert len(facts) > 20
    assert len(unlike) < len(facts) // 4
    assert all(o.explained for o in unlike if o.answer is Answer.DISAGREES), unlike


# --- what is asked ----------------------------------------------------------------------------------


def refuse(_reader: str, _question: Question) -> Reply:
    raise AssertionError("asked for nothing")


def test_what_no_hive_says_is_not_asked(tmp_path: Path) -> None:
    evidence = save(tmp_path, build_hive(cluster({})))
    export = replace(evidence, format="reg-export")
    elsewhere = Absent(KeySubject("NODE1", HKLM / "SOFTWARE"), Source(evidence.file))
    script = Script(refuse)
    one = fact(evidence, "Nodes")
    for given in ((export,), ()):
        assert answers(confirm((finding(one),), given, script)) == [NOT_ASKED]
    source = Source(evidence.file)
    others = (
        Present(FileSubject("NODE1", "C:\\WINNT"), 1, source),
        Present(StatedSubject("NODE1", "stated"), "x", None),
        elsewhere,
    )
    assert answers(confirm((finding(*others),), (evidence,), script)) == [NOT_ASKED] * 3
    unknown = Unknown(KeySubject("NODE1", CLUSTER), "nobody looked")
    assert confirm((finding(unknown),), (evidence,), script) == (finding(unknown),)
    assert script.asked == 0


def test_a_place_that_several_findings_cite_is_asked_once(tmp_path: Path) -> None:
    evidence = save(tmp_path, build_hive(cluster({"Quorum": {"Path": "Q:\\MSCS"}})))
    seen: list[Question] = []

    def answer(_reader: str, question: Question) -> Reply:
        seen.append(question)
        return Found(1, sz("Q:\\MSCS"))

    script = Script(answer)
    one = fact(evidence, "Quorum", "Path")
    confirmed = confirm((finding(one), finding(one, one)), (evidence,), script)
    assert answers(confirmed) == [AGREED] * 3
    assert len(seen) == len(READERS)
    assert script.asked == 1
    assert seen[0] == Question(evidence.file.content.on_disk(), ("Quorum",), "Path")


def test_a_hive_that_cannot_be_put_on_disk_is_unreadable_to_the_peers(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Stuck(DiskContent):
        def on_disk(self) -> Path:
            raise EvidenceError("NODE1/CLUSDB", "no room")

    evidence = save(tmp_path, build_hive(cluster({})))
    one = fact(evidence, "Nodes")
    stuck = CaseFile(evidence.file.path, Stuck(tmp_path / "CLUSDB"))
    (confirmed,) = confirm((finding(one),), (replace(evidence, file=stuck),), Script(refuse))
    # A fact's own source names the hive; where that cannot be handed over, nothing is asked.
    (opinion, _) = opinions(confirmed.facts[0])
    assert opinion.answer is Answer.UNREADABLE
    assert opinion.note is not None
    assert "no room" in opinion.note


# --- what is made of the answers --------------------------------------------------------------------


PLANTED: list[Reply] = [
    Found(7, multi_sz("{00000000-0000-0000-0000-000000000000}")),
    Found(7, ("{00000000-0000-0000-0000-000000000000}",)),
    Found(1, multi_sz(CLSID)),
    Found(7, "text"),
    Found(7, 5),
    Missing("value"),
    Missing("key"),
]


@pytest.mark.parametrize("planted", PLANTED, ids=repr)
def test_a_disagreement_without_explanation_leaves_the_finding_undetermined(
    tmp_path: Path, planted: Reply
) -> None:
    evidence, one = one_value(tmp_path)
    script = Script(lambda reader, _: planted if reader == REGIPY else Found(7, multi_sz(CLSID)))
    (confirmed,) = confirm((finding(one),), (evidence,), script)
    assert answers([confirmed]) == [(Answer.AGREES, Answer.DISAGREES)]
    assert confirmed.verdict is Verdict.UNDETERMINED
    assert confirmed.changes == ()
    assert confirmed.steps == ()
    assert confirmed.detail == "absent"
    assert confirmed.explanation.startswith("The value is not there. Undetermined, because regipy reads ")
    assert "AdminExtensions otherwise: there " in confirmed.explanation
    assert ", here REG_MULTI_SZ <" in confirmed.explanation
    assert not opinions(confirmed.facts[0])[1].explained


def test_finding_what_was_read_as_absent_is_a_disagreement(tmp_path: Path) -> None:
    evidence = save(tmp_path, build_hive(cluster({})))
    facts = (fact(evidence, "Quorum"), fact(evidence, "Nodes", "x"), fact(evidence, "Nodes"))
    replies: dict[str | None, Reply] = {None: Found(), "x": Found(18, None)}
    script = Script(lambda _, question: replies[question.value])
    (confirmed,) = confirm((finding(*facts),), (evidence,), script)
    disagreed = (Answer.DISAGREES, Answer.DISAGREES)
    assert answers([confirmed]) == [disagreed, disagreed, AGREED]
    assert "there the key, here absent" in confirmed.explanation
    assert "there 0x12, whose data it does not give, here absent" in confirmed.explanation
    assert opinions(
        confirm((finding(facts[2]),), (evidence,), Script(lambda *_: Missing("key")))[0].facts[0]
    )[0].note == ("there no such key, here present")


@pytest.mark.parametrize("reply", [Unreadable("took too long"), Found(7, None)], ids=repr)
def test_a_peer_that_cannot_read_changes_nothing(tmp_path: Path, reply: Reply) -> None:
    evidence, one = one_value(tmp_path)
    (confirmed,) = confirm((finding(one),), (evidence,), Script(lambda *_: reply))
    assert answers([confirmed]) == [(Answer.UNREADABLE, Answer.UNREADABLE)]
    assert replace(confirmed, facts=()) == replace(finding(), facts=())


def test_long_data_are_cut_in_notes(tmp_path: Path) -> None:
    evidence, one = one_value(tmp_path, b"\x01" * 1000)
    for data, shown in ((b"\x02" * 999, "(999 bytes)"), ("y" * 999, "…")):
        (confirmed,) = confirm((finding(one),), (evidence,), Script(lambda *_, data=data: Found(3, data)))
        assert shown in confirmed.explanation
        assert len(confirmed.explanation) < 1000


def test_pending_changes_are_told_where_the_hive_has_them(tmp_path: Path) -> None:
    data = build_hive(cluster({}), sequence_numbers=(8, 7))
    evidence = save(tmp_path, data)
    assert evidence.state is State.UNRECOVERED
    (confirmed,) = confirm((finding(fact(evidence, "Nodes")),), (evidence,), Script(lambda *_: Found()))
    note = opinions(confirmed.facts[0])[0].note
    assert note is not None
    assert "pending changes" in note


def test_the_mount_of_a_fact_decides_where_the_peers_look(tmp_path: Path) -> None:
    evidence = save(tmp_path, build_hive(cluster({"Quorum": {"Path": "Q:"}})))
    root = evidence.mounts[0].root
    other = HKLM / "Elsewhere"
    moved = replace(evidence, mounts=(Mount(other, root), Mount(other / "Below", root)))
    (key,) = descend(root, ["Quorum"])
    read = key.value("Path")
    subject = ValueSubject("NODE1", other / "quorum", "path")
    present = Present(subject, read, Source(evidence.file))  # without a key of its own
    seen: list[Question] = []

    def answer(_reader: str, question: Question) -> Reply:
        seen.append(question)
        return Found(1, "Q:")

    assert answers(confirm((finding(present),), (moved,), Script(answer))) == [AGREED]
    assert seen[0].names == ("quorum",)
    assert seen[0].value == "Path"
