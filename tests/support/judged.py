"""An article's findings on a case made by hand, by cause and machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures._case import dig
from tests.articles.test_q224553 import cluster_of

if TYPE_CHECKING:
    from fixtures._case import CollectedCase, Node, Tree
    from iiscluster_kb.articles import Rule
    from iiscluster_kb.model import Evidence, Finding


def judged(
    rule: Rule, case: CollectedCase, *more: Evidence, machine: str | None = "NODE1"
) -> dict[str, Finding]:
    """Findings on one machine (None: on the cluster), by the cause's name after the slash."""
    findings = rule.diagnose(cluster_of(case, *more))
    return {f.cause.id.partition("/")[2]: f for f in findings if f.machine == machine}


def only(rule: Rule, case: CollectedCase, *more: Evidence, machine: str | None = "NODE1") -> Finding:
    """The same of an article with one cause."""
    (finding,) = judged(rule, case, *more, machine=machine).values()
    return finding


def services_of(node: Node) -> Tree:
    """Services of the node's current control set."""
    assert node.system is not None
    return dig(node.system, r"ControlSet001\Services")
