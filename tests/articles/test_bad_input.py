"""Every article over evidence that contradicts itself, is spelled oddly, tells two things or is too much."""

from __future__ import annotations

import io
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from fixtures._case import STANDARD, TYPE, dig, healthy, software_hive
from fixtures._writers import files_of
from fixtures.planted._objects import (
    CLUSTER_GROUP,
    SITE,
    WEB_GROUP,
    add_resource,
    identity,
    tree_of,
    web_groups,
)
from iiscluster_kb import examine, render
from iiscluster_kb.articles import choose, diagnose, rules
from iiscluster_kb.articles.q247763 import RULE as Q247763
from iiscluster_kb.case import Member
from iiscluster_kb.cluster import Machine, group_machines
from iiscluster_kb.model import FOUND, Stated, Verdict
from tests.articles.test_q224553 import cluster_of
from tests.support.evidence import specimen
from tests.support.regf_writer import build_hive, tree_from_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fixtures._case import CollectedCase
    from iiscluster_kb import Report
    from iiscluster_kb.model import Fact

Place = tuple[str, str | None]


def look(case: CollectedCase, **hives: bytes) -> Report:
    files = files_of(case, "exports") | {f"{machine}/CLUSDB": data for machine, data in hives.items()}
    return look_at(files)


def look_at(files: Mapping[str, bytes]) -> Report:
    members = [Member(path, len(data), partial(io.BytesIO, data)) for path, data in files.items()]
    return examine(*members, second_opinion=False)


def verdicts(report: Report) -> dict[Place, Verdict]:
    return {(finding.cause.id, finding.machine): finding.verdict for finding in report.findings}


def found(report: Report) -> set[Place]:
    return {place for place, verdict in verdicts(report).items() if verdict in FOUND}


HEALTHY = look(healthy())


# --- nodes that contradict each other ---------------------------------------------------------------


def test_each_node_is_judged_by_its_own_copy_and_the_difference_is_told() -> None:
    case = healthy()
    first, second = web_groups(case)
    first["Groups"][WEB_GROUP]["Contains"].remove(SITE)
    first["Groups"][CLUSTER_GROUP]["Contains"].append(SITE)
    second["ClusterName"] = "OTHERCLUS"
    second["Nodes"] = {"1": {"NodeName": "NODE2"}, "2": {"NodeName": "NODE1"}}
    report = look(case)
    assert ("Q191138/default-group", "NODE1") in found(report)
    assert verdicts(report)["Q191138/default-group", "NODE2"] is Verdict.RULED_OUT
    assert ("Q217157/copies-differ", None) in found(report)
    assert {finding.cause.article for finding in report.findings} == {rule.article.id for rule in rules()}


def test_nodes_that_agree_on_nothing_still_get_one_finding_a_cause() -> None:
    case = healthy()
    first, second = case.nodes
    tree_of(first)["ResourceTypes"] = {}
    second.software = software_hive(version="5.0", service_pack="Service Pack 1")
    second.software["Microsoft"]["Windows NT"]["CurrentVersion"]["SystemRoot"] = r"D:\WINDOWS"
    assert first.system is not None
    first.system["Select"] = {"Current": 7}
    report = look(case)
    assert len(verdicts(report)) == len(report.findings)
    for output in ("json", "text", "plan", "html", "sarif"):
        assert list(render(report, output))


def test_without_any_evidence_every_cause_is_open_and_says_what_to_collect() -> None:
    findings = diagnose(group_machines([], Stated(), "empty"), choose(None))
    assert {finding.cause for finding in findings} == {cause for rule in rules() for cause in rule.causes}
    assert {finding.verdict for finding in findings} == {Verdict.UNDETERMINED}
    # Where Cluster Administrator ran is told by nobody but the operator.
    silent = {finding.cause.id for finding in findings if not finding.collect}
    assert silent <= {"Q224553/remote-administration"}


# --- versions ---------------------------------------------------------------------------------------

SERVICE_PACKS = {
    "Service Pack 4 RC 1.2": "4",
    "service pack 6": "6a",
    "Service Pack 10": "10",
    "": None,
    "something else": None,
    "Service Pack": None,
    "Service Pack 99999999999999999999": None,
}


@pytest.mark.parametrize("text", SERVICE_PACKS)
def test_no_article_stumbles_over_a_service_pack(text: str) -> None:
    case = healthy()
    for node in case.nodes:
        node.software = software_hive(service_pack=text)
        node.software["Microsoft"]["Windows NT"]["CurrentVersion"]["Hotfix"] |= {
            "Q147222": {},
            "q305638": {"Installed": "yes"},
            "no hotfix at all": {"Installed": 1},
        }
    report = look(case)
    packs = {machine.service_pack for machine in report.machines}
    if text != "Service Pack 99999999999999999999":
        assert packs == {SERVICE_PACKS[text]}
    assert found(report) <= found(HEALTHY)


@pytest.mark.parametrize("version", ["4.02.0622", "4.2.622.1", "4, 2, 622, 1", "4.02.0622.01"])
def test_a_version_is_the_same_in_any_spelling(version: str) -> None:
    path = r"C:\WINNT\system32\inetsrv\clusiis4.dll"
    file = specimen("NODE1/clusiis4.dll", windows_path=path, version=version, size=33872)
    first, *_ = Q247763.diagnose(cluster_of(healthy(), file))
    assert first.verdict is Verdict.RULED_OUT, "the Option Pack's own, not the later build of that size"


# --- dates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "verdict"),
    [
        (b"03/04/1999", Verdict.UNDETERMINED),  # of April or of March
        (b"29/04/1999", Verdict.LIKELY),
    ],
)
def test_a_date_that_may_be_two_days_decides_nothing(printed: bytes, verdict: Verdict) -> None:
    case = healthy()
    for node in case.nodes:
        node.listing_style = "2000-24h"
    files = {
        path: data.replace(b"29/04/1999", printed) if path.endswith("dir.txt") else data
        for path, data in files_of(case, "exports").items()
    }
    told = verdicts(look_at(files))
    assert told["Q247763/old-resource-dll", "NODE1"] is verdict
    assert told["Q218922/older-than-service-pack", "NODE1"] is not Verdict.LIKELY


# --- GUIDs ------------------------------------------------------------------------------------------

SPELLINGS: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "braces": lambda text: f"{{{text}}}",
    "both": lambda text: f"{{{text.upper()}}}",
}


def respelled(tree: Any, how: Callable[[str], str], guids: frozenset[str]) -> Any:
    """The tree with every such GUID spelled otherwise, as a key and in lists."""
    match tree:
        case dict():
            return {
                how(name) if name in guids else name: respelled(item, how, guids)
                for name, item in tree.items()
            }
        case list():
            return [respelled(item, how, guids) for item in tree]
        case str() if tree in guids:
            return how(tree)
        case _:
            return tree


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("where", ["Groups", "Resources"])
def test_guids_mean_the_same_in_any_spelling(spelling: str, where: str) -> None:
    plain, other = healthy(), healthy()
    for case in (plain, other):
        web_groups(case)
    for node in other.nodes:
        tree = tree_of(node)
        guids = frozenset((*tree["Groups"], *tree["Resources"]))
        tree[where] = respelled(tree[where], SPELLINGS[spelling], guids)
    assert verdicts(look(other)) == verdicts(look(plain))


@pytest.mark.parametrize("clsid", [STANDARD.lower(), STANDARD.strip("{}")])
def test_a_clsid_without_braces_is_another_fault_than_one_in_small_letters(clsid: str) -> None:
    case = healthy()
    for node in case.nodes:
        for name in ("IP Address", "Physical Disk"):
            dig(tree_of(node), rf"ResourceTypes\{name}")["AdminExtensions"] = [clsid]
    assert (("Q174641/admin-extensions-missing", "NODE1") in found(look(case))) == (clsid[0] != "{")


# --- too much ---------------------------------------------------------------------------------------


def crowded(number: int) -> bytes:
    """A cluster hive with so many resources: sites, each on the one before."""
    case = healthy()
    node = case.nodes[0]
    tree = tree_of(node)
    web_groups(case)
    previous = SITE
    for at in range(number):
        key = identity(0x80000000 + at)
        add_resource(node, None, key, f"Site {at}", TYPE, Dependencies=[previous])
        previous = key
    tree["Groups"][WEB_GROUP]["Contains"] += [identity(0x80000000 + at) for at in range(number)]
    return build_hive(tree_from_dict("Cluster", tree), minor=3, list_kind="lf")


def asked(monkeypatch: pytest.MonkeyPatch, number: int) -> tuple[int, Report]:
    """How many values all articles ask machines for, proofs included."""
    calls: Counter[str] = Counter()
    ask = Machine.value

    def counted(machine: Machine, *place: Any) -> Fact[Any]:
        calls[machine.name] += 1
        return ask(machine, *place)

    case = healthy()
    for node in case.nodes:
        node.cluster = None
    hive = crowded(number)
    with monkeypatch.context() as patched:
        patched.setattr(Machine, "value", counted)
        return calls.total(), look(case, NODE1=hive, NODE2=hive)


def test_ten_thousand_resources_cost_no_more_questions_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    few, _ = asked(monkeypatch, 20)
    many, report = asked(monkeypatch, 10_000)
    assert many <= few + 2_000
    assert ("Q185212/too-many-resources", "NODE1") in found(report)
    assert all(len(finding.facts) < 1_000 for finding in report.findings)
    assert all(len(finding.explanation) < 10_000 for finding in report.findings)
