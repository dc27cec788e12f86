from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fixtures._case import (
    CLSID,
    OTHER,
    TYPE,
    Node,
    dig,
    expand_sz,
    healthy,
    raw,
    system_hive,
    workstation,
)
from iiscluster_kb.articles import diagnose
from iiscluster_kb.articles.q224553 import RULE
from iiscluster_kb.cluster import group_machines
from iiscluster_kb.model import Phase, Stated, Unknown, Verdict
from iiscluster_kb.registry import ValueType, multi_sz
from tests.support.evidence import damaged_hive, hive, listing, specimen

if TYPE_CHECKING:
    from fixtures._case import (
        CollectedCase,
    )
    from iiscluster_kb.cluster import Cluster
    from iiscluster_kb.model import Evidence, Finding


def evidence(node: Node) -> list[Evidence]:
    pieces: list[Evidence] = []
    for name, mount, tree in (
        ("SYSTEM", r"HKLM\SYSTEM", node.system),
        ("SOFTWARE", r"HKLM\SOFTWARE", node.software),
        ("CLUSDB", r"HKLM\Cluster", node.cluster),
    ):
        if tree is not None:
            pieces.append(hive(f"{node.name}/{name}", mount, tree))
    if node.files is not None:
        pieces.append(listing(f"{node.name}/dir.txt", node.files))
    return pieces


def cluster_of(case: CollectedCase, *more: Evidence, **stated: Any) -> Cluster:
    pieces = [piece for node in case.machines.values() for piece in evidence(node)]
    return group_machines([*pieces, *more], Stated(**stated), "case")


def judge(case: CollectedCase, *more: Evidence, **stated: Any) -> dict[tuple[str, str | None], Finding]:
    findings = tuple(RULE.diagnose(cluster_of(case, *more, **stated)))
    return {(finding.cause.id.partition("/")[2], finding.machine): finding for finding in findings}


def one(
    case: CollectedCase, cause: str, *more: Evidence, machine: str | None = "NODE1", **stated: Any
) -> Finding:
    return judge(case, *more, **stated)[cause, machine]


def test_every_cause_is_judged_once_on_every_machine() -> None:
    case = healthy()
    case.machines["ADMINPC"] = workstation()
    findings = judge(case)
    assert len(findings) == 3 * 3 + 1
    assert all(finding.explanation.endswith(".") for finding in findings.values())
    assert all(
        finding.facts or finding.cause.id.endswith("remote-administration") for finding in findings.values()
    )


def test_undetermined_findings_say_what_to_collect() -> None:
    case = healthy()
    case.nodes[0].files = case.nodes[0].software = case.nodes[0].cluster = None
    for (cause, machine), finding in judge(case).items():
        if machine == "NODE1":
            assert finding.verdict is Verdict.UNDETERMINED, cause
            assert finding.collect, cause


# --- dll-missing ------------------------------------------------------------------------------------

PATH = r"C:\WINNT\system32\inetsrv\iisclex4.dll"


def with_specimen(listed: int | None = 100, **more: Any) -> Finding:
    case = healthy()
    case.nodes[0].inetsrv["iisclex4.dll"] = listed
    piece = specimen("NODE1/x/iisclex4.dll", **more)
    return one(case, "dll-missing", piece)


@pytest.mark.parametrize(
    ("more", "verdict", "detail"),
    [
        ({}, Verdict.RULED_OUT, "ok"),
        ({"windows_path": PATH}, Verdict.RULED_OUT, "ok"),
        ({"architecture": "alpha"}, Verdict.CONFIRMED, "wrong-machine"),
        ({"exports": frozenset({"DllMain"})}, Verdict.CONFIRMED, "no-exports"),
        ({"exports": None}, Verdict.UNDETERMINED, ""),
        ({"problem": "not a PE image: text"}, Verdict.CONFIRMED, "not-pe"),
        ({"problem": "empty", "size": 0, "windows_path": PATH}, Verdict.CONFIRMED, "empty"),
        ({"size": 99, "problem": "not a PE image: text"}, Verdict.RULED_OUT, "ok"),
        ({"windows_path": r"C:\OTHER\iisclex4.dll", "problem": "x"}, Verdict.RULED_OUT, "ok"),
    ],
)
def test_the_collected_file_decides_over_the_listing(
    more: dict[str, Any], verdict: Verdict, detail: str
) -> None:
    finding = with_specimen(**more)
    assert (finding.verdict, finding.detail) == (verdict, detail)


def test_without_the_file_the_explanation_says_that_nobody_looked_inside() -> None:
    assert "was not looked at" in one(healthy(), "dll-missing").explanation


def test_a_file_of_unknown_processor_is_not_judged_where_the_nodes_is_unknown() -> None:
    case = healthy()
    case.nodes[0].system = None
    finding = one(case, "dll-missing", specimen("NODE1/C/iisclex4.dll", windows_path=PATH))
    assert finding.verdict is Verdict.UNDETERMINED
    assert any(isinstance(fact, Unknown) for fact in finding.facts)


def test_a_directory_of_that_name_is_no_dll() -> None:
    case = healthy()
    case.nodes[0].inetsrv["iisclex4.dll"] = {}
    assert one(case, "dll-missing").detail == "not-pe"


def test_restoring_names_the_cabinet_for_the_nodes_processor() -> None:
    case = healthy()
    case.nodes[0].system = system_hive("NODE1", architecture="ALPHA")
    for node in case.nodes:
        del node.inetsrv["iisclex4.dll"]
    on_alpha, on_x86 = (
        one(case, "dll-missing", machine=name).steps[0].command for name in ("NODE1", "NODE2")
    )
    assert on_alpha is not None
    assert on_x86 is not None
    assert r"\Alpha\Winnt.SRV" in on_alpha
    assert r"\x86\Winnt.SRV" in on_x86


def test_restoring_warns_of_the_service_pack_and_of_mfc42u() -> None:
    case = healthy()
    del case.nodes[0].inetsrv["iisclex4.dll"]
    missing, *_ = diagnose(cluster_of(case), (RULE,))
    text = " ".join(missing.steps[0].warnings)
    assert "service pack again" in text
    assert "Mfc42u.dll" in text


# --- clsid-unregistered -----------------------------------------------------------------------------


def test_where_the_place_is_not_known_registering_promises_nothing() -> None:
    case = healthy()
    node = case.nodes[0]
    assert node.software is not None
    del node.classes[CLSID]
    del dig(node.software, r"Microsoft\Windows NT\CurrentVersion")["SystemRoot"]
    finding = one(case, "clsid-unregistered")
    assert finding.verdict is Verdict.CONFIRMED
    assert finding.steps[0].achieves == ()


def registered_to(path: Any) -> Finding:
    case = healthy()
    case.nodes[0].classes[CLSID]["InprocServer32"][""] = path
    return one(case, "clsid-unregistered")


@pytest.mark.parametrize(
    ("path", "verdict", "detail"),
    [
        (r"C:\WINNT\System32\inetsrv\IISCLEX4.DLL", Verdict.RULED_OUT, "ok"),
        (expand_sz(r"%SystemRoot%\System32\inetsrv\iisclex4.dll"), Verdict.RULED_OUT, "ok"),
        (r' "C:\WINNT\System32\inetsrv\iisclex4.dll" ', Verdict.RULED_OUT, "ok"),
        ("", Verdict.CONFIRMED, "no-server"),
        ('""', Verdict.CONFIRMED, "no-server"),
        (raw(ValueType.REG_BINARY, b"C:"), Verdict.CONFIRMED, "no-server"),
        (r"C:\WINNT\gone\iisclex4.dll", Verdict.CONFIRMED, "server-not-found"),
        (r"D:\elsewhere\iisclex4.dll", Verdict.UNDETERMINED, ""),
        (r"%Unheard%\iisclex4.dll", Verdict.UNDETERMINED, ""),
    ],
)
def test_the_way_from_clsid_to_file(path: Any, verdict: Verdict, detail: str) -> None:
    finding = registered_to(path)
    assert (finding.verdict, finding.detail) == (verdict, detail)


def test_a_bare_name_is_searched_for_and_is_not_found_in_inetsrv() -> None:
    case = healthy()
    assert case.nodes[0].files is not None
    dig(case.nodes[0].files, "WINNT")["system"] = {}
    case.nodes[0].classes[CLSID]["InprocServer32"][""] = "iisclex4.dll"
    finding = one(case, "clsid-unregistered")
    assert (finding.verdict, finding.detail) == (Verdict.LIKELY, "server-not-found")
    dig(case.nodes[0].files, r"WINNT\Cluster")["iisclex4.dll"] = 5
    assert one(case, "clsid-unregistered").verdict is Verdict.RULED_OUT


def test_a_bare_name_is_not_missed_where_path_is_unknown() -> None:
    case = healthy()
    case.nodes[0].system = None
    case.nodes[0].classes[CLSID]["InprocServer32"][""] = "iisclex4.dll"
    assert one(case, "clsid-unregistered").verdict is Verdict.UNDETERMINED


def test_a_damaged_software_hive_decides_nothing() -> None:
    case = healthy()
    case.nodes[0].software = None
    finding = one(case, "clsid-unregistered", damaged_hive("NODE1/SOFTWARE", r"HKLM\SOFTWARE"))
    assert finding.verdict is Verdict.UNDETERMINED
    assert "offset 0x40" in finding.explanation


def test_registering_is_done_in_the_dlls_own_directory() -> None:
    case = healthy()
    del case.nodes[0].classes[CLSID]
    (step,) = one(case, "clsid-unregistered").steps
    assert step.phase is Phase.REGISTER
    assert step.command == 'cd /d "C:\\WINNT\\system32\\inetsrv"\nregsvr32 iisclex4.dll'


# --- admin-extensions-missing -----------------------------------------------------------------------


def test_the_change_keeps_the_others_and_the_hives_own_spelling() -> None:
    case = healthy()
    assert case.nodes[0].cluster is not None
    case.nodes[0].type_key["AdminExtensions"] = [OTHER]
    case.nodes[0].cluster["RESOURCEtypes"] = case.nodes[0].cluster.pop("ResourceTypes")
    (change,) = one(case, "admin-extensions-missing").changes
    assert str(change.key) == rf"HKEY_LOCAL_MACHINE\Cluster\RESOURCEtypes\{TYPE}"
    assert change.before is not None
    assert change.after is not None
    assert change.after.strings() == (OTHER, CLSID)


def test_a_stray_key_is_left_alone_and_named() -> None:
    case = healthy()
    node = case.nodes[0]
    assert node.cluster is not None
    del node.type_key["AdminExtensions"]
    node.cluster["Resource Types"] = {TYPE: {"AdminExtensions": [CLSID]}}
    finding = one(case, "admin-extensions-missing")
    assert finding.detail == "misspelt-key"
    assert [str(change.key) for change in finding.changes] == [
        rf"HKEY_LOCAL_MACHINE\Cluster\ResourceTypes\{TYPE}"
    ]


def test_of_two_spellings_the_one_with_dll_name_is_live() -> None:
    case = healthy()
    node = case.nodes[0]
    assert node.cluster is not None
    node.cluster["Resource Types"] = {TYPE: dict(node.type_key)}
    del node.type_key["DllName"]
    node.type_key["AdminExtensions"] = [OTHER]
    assert one(case, "admin-extensions-missing").verdict is Verdict.RULED_OUT


def test_a_stray_type_beside_real_types_is_no_resource_type() -> None:
    case = healthy()
    node = case.nodes[0]
    assert node.cluster is not None
    node.cluster["Resource Types"] = {TYPE: {"AdminExtensions": [CLSID]}}
    del node.cluster["ResourceTypes"][TYPE]
    assert one(case, "admin-extensions-missing").verdict is Verdict.NOT_APPLICABLE


def test_no_patch_where_the_hive_cannot_be_read() -> None:
    case = healthy()
    case.nodes[0].cluster = None
    finding = one(case, "admin-extensions-missing", damaged_hive("NODE1/CLUSDB", r"HKLM\Cluster"))
    assert finding.verdict is Verdict.UNDETERMINED
    assert not finding.changes


def test_a_lone_cluster_hive_is_judged_without_knowing_windows() -> None:
    case = healthy()
    node = case.nodes[0]
    del node.type_key["AdminExtensions"]
    case.machines = {"NODE1": Node("NODE1", None, None, node.cluster, None)}
    assert one(case, "admin-extensions-missing").verdict is Verdict.CONFIRMED


# --- preconditions ----------------------------------------------------------------------------------


def test_without_any_cluster_hive_files_are_judged_only_where_the_symptom_was_seen() -> None:
    case = healthy()
    for node in case.nodes:
        node.cluster = None
        del node.inetsrv["iisclex4.dll"]
    assert one(case, "dll-missing").verdict is Verdict.UNDETERMINED
    assert one(case, "dll-missing", symptom="finish-button").verdict is Verdict.CONFIRMED


def test_a_machine_of_unknown_role_weighs_nothing_beside_known_nodes() -> None:
    case = healthy()
    findings = judge(case, listing("notes/dir.txt", {}))
    assert findings["dll-missing", "notes"].verdict is Verdict.UNDETERMINED
    assert not findings["dll-missing", "notes"].weighs


def test_windows_2008_is_told_by_the_cluster_hive_alone() -> None:
    case = healthy()
    case.nodes[0].software = None
    assert case.nodes[0].cluster is not None
    case.nodes[0].cluster["PaxosTag"] = "1"
    assert one(case, "admin-extensions-missing").verdict is Verdict.NOT_APPLICABLE


# --- remote-administration --------------------------------------------------------------------------


def test_an_unreported_symptom_asks_for_nothing() -> None:
    finding = one(healthy(), "remote-administration", machine=None)
    assert (finding.verdict, finding.weighs, finding.collect) == (Verdict.UNDETERMINED, False, ())


def test_a_statement_needs_known_nodes() -> None:
    case = healthy()
    case.machines = {"X": Node("X", None, None, None, {})}
    finding = one(case, "remote-administration", machine=None, administered_from="ADMINPC")
    assert finding.verdict is Verdict.UNDETERMINED
    assert finding.weighs


def test_elimination_needs_every_other_cause_ruled_out() -> None:
    case = healthy()
    case.nodes[1].files = None
    finding = one(case, "remote-administration", machine=None, symptom="finish-button")
    assert finding.verdict is Verdict.UNDETERMINED
    assert finding.weighs


def test_elimination_needs_q174641_ruled_out() -> None:
    case = healthy()
    assert case.nodes[1].files is not None
    dig(case.nodes[1].files, r"WINNT\Cluster")["CLUADMEX.DLL"] = 0
    *_, finding = diagnose(cluster_of(case, symptom="finish-button"), (RULE,))
    assert finding.verdict is Verdict.UNDETERMINED
    assert "Q174641" in finding.explanation


def test_another_cause_explains_the_symptom() -> None:
    case = healthy()
    del case.nodes[0].type_key["AdminExtensions"]
    finding = one(case, "remote-administration", machine=None, symptom="finish-button")
    assert (finding.verdict, finding.weighs) == (Verdict.UNDETERMINED, False)


def test_a_fix_on_one_side_only_is_no_fix() -> None:
    case = healthy()
    case.machines["ADMINPC"] = workstation()
    finding = one(case, "remote-administration", machine="ADMINPC", administered_from="ADMINPC")
    assert finding.verdict is Verdict.CONFIRMED
    assert finding.steps[0].phase is Phase.ADMINISTER


# --- the law ----------------------------------------------------------------------------------------


def faulty() -> CollectedCase:
    case = healthy()
    case.nodes[0].type_key["AdminExtensions"] = raw(ValueType.REG_MULTI_SZ, multi_sz(OTHER))
    del case.nodes[0].inetsrv["iisclex4.dll"]
    del case.nodes[1].classes[CLSID]
    return case


@pytest.mark.parametrize("build", [healthy, faulty])
@pytest.mark.parametrize("taken", range(8))
def test_taking_evidence_away_flips_no_verdict(build: Any, taken: int) -> None:
    case = build()
    pieces = [piece for node in case.machines.values() for piece in evidence(node)]
    whole = {
        (f.cause.id, f.machine): f.verdict for f in RULE.diagnose(group_machines(pieces, Stated(), "case"))
    }
    del pieces[taken]
    for finding in RULE.diagnose(group_machines(pieces, Stated(), "case")):
        assert finding.verdict in {whole[finding.cause.id, finding.machine], Verdict.UNDETERMINED}
