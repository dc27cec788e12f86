r"""Cluster Server Does Not Support More than 900 Shares (Q185212, with Q247327 and Q277550).

Symptom:
    Errors of remote procedure calls, events 1000, 1016, 1065 and 1069 of
    ClusSvc; resources stop and come back for no reason, Cluster Administrator
    does not start or hangs.

Causes told apart:
    too-many-resources
        The cluster holds more resources than its service pack supports: 900
        under Service Pack 3, 1,600 from Service Pack 4 on. Nothing keeps one
        from making more.

What is read:
    The cluster hive of each node (number of resources), SOFTWARE (service
    pack).

What it cannot tell:
    Whether more would run: the limits are those that the articles support; 930
    and 1,674 follow from the threads of the resource monitors (Q277550), fewer
    where resources run in monitors of their own.

Remedy:
    Service Pack 4 or later; one File Share with "share subdirectories" instead
    of one for each directory.

References:
    Q185212; Q247327; Q277550; Q194831 (share subdirectories).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._object_check import Found, Open, Sound, by_objects
from iiscluster_kb.articles._option_pack import service_pack_number
from iiscluster_kb.articles._preconditions import is_node, is_nt4
from iiscluster_kb.cluster import CLUSTER
from iiscluster_kb.model import Article, Cause, Phase, Step
from iiscluster_kb.registry import HKLM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.articles._object_check import Answer
    from iiscluster_kb.articles._objects import ClusterObjects
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Finding

ARTICLE = Article(
    "Q185212",
    "Cluster Server Does Not Support More than 900 Shares",
    "https://jeffpar.github.io/kbarchive/kb/185/Q185212/",
)
TOO_MANY = Cause("Q185212/too-many-resources", "The cluster holds more resources than are supported")
CAUSES = (TOO_MANY,)

_WINDOWS_NT = HKLM / r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_MORE_SINCE = 4
"""Service pack that raised the limit."""
_BEFORE, _SINCE = 900, 1_600
"""Resources that are supported before that service pack, and with it."""
_STEP = Step(
    None,
    Phase.ADMINISTER,
    "Bring the number of resources below what is supported",
    reason="Beyond it resources stop and Cluster Administrator hangs (Q185212, Q247327). Replace File Shares of "
    "single directories by one with 'share subdirectories', which Service Pack 4 brought and Service Pack 5 made "
    "to notice new directories (Q194831).",
    expect="Cluster Administrator starts and shows all resources.",
    warnings=(
        "Where Cluster Administrator does not start, cluster.exe takes single resources offline and deletes them.",
    ),
)


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node by its own cluster hive."""
    yield from on_each_machine(cluster, {TOO_MANY: by_objects(TOO_MANY, _look)}, is_node, is_nt4)


def _look(machine: Machine, objects: ClusterObjects) -> Answer:
    pack = service_pack_number(machine)
    shown = machine.key(CLUSTER / "Resources")
    facts = (shown, machine.value(_WINDOWS_NT, "CSDVersion"))
    count = len(objects.resources)
    if pack is None and _BEFORE < count <= _SINCE:
        reason = f"there are {count:,} resources, and which service pack {machine.name} has is not known"
        return Open(reason, facts, (_collect.software(machine),))
    limit = _SINCE if pack is None or pack >= _MORE_SINCE else _BEFORE
    if count > limit:
        return Found(
            "over-limit", (f"there are {count:,} resources; {limit:,} are supported",), facts, (_STEP,)
        )
    if not count:
        return Open("the evidence holds no resources at all", facts)
    return Sound(f"There are {count:,} resources; {limit:,} are supported", facts)


RULE = Rule(ARTICLE, CAUSES, diagnose, __doc__ or "", confidence={TOO_MANY: Confidence.HIGH})
