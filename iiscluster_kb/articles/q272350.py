r"""Can't Set Admin Permission on NT4 Clusters with Cluster Administrator (Q272350).

Symptom:
    Cluster Administrator of Windows 2000, connected to a cluster of Windows NT
    4.0, shows no way to set who may administer the cluster: neither the
    Security page nor the button of Windows NT 4.0.

Causes told apart:
    no-cluster-extension
        The cluster's own AdminExtensions does not list
        {4EC90FB0-D0BB-11CF-B5EF-00A0C90AB505}, the standard extension.

What is read:
    AdminExtensions in the root of the cluster hive of each node; SOFTWARE and
    a listing of the cluster directory of each operator's machine, for this
    concerns only who administers from Windows 2000.

What it cannot tell:
    Whether anybody wants to set permissions there: under Windows NT 4.0 the
    value may be missing without harm. That the CLSID is that of Cluadmex.dll
    is concluded from the Platform SDK. So this is a state worth knowing, and
    likely at most.

Remedy:
    On the Windows 2000 machine register Cluadmex.dll with the cluster by
    cluster.exe. It is also the supported way to list an extension.

References:
    Q272350; Platform SDK (AdminExtensions of clusters); Q174641.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, Standing, _collect
from iiscluster_kb.articles._extension_list import Listing, read_extensions
from iiscluster_kb.articles._judging import for_the_cluster
from iiscluster_kb.articles._preconditions import Hindrance, administers_from_afar, is_node, is_nt4
from iiscluster_kb.articles._standard_extension import CLSID, DLL
from iiscluster_kb.cluster import CLUSTER
from iiscluster_kb.model import Article, Cause, Finding, Phase, Present, Role, Step, Unknown, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.cluster import Cluster, Machine

ARTICLE = Article(
    "Q272350",
    "Can't Set Admin Permission on NT4 Clusters w/ Cluster Administrator",
    "https://jeffpar.github.io/kbarchive/kb/272/Q272350/",
)
UNLISTED = Cause("Q272350/no-cluster-extension", "The cluster itself does not list the standard extension")
CAUSES = (UNLISTED,)

VALUE = "AdminExtensions"
_WINDOWS_2000 = "5.0"
_NAME = "NT4ClusterName"
"""Stands for the cluster's name, as in the article: a name from evidence is no part of a command."""


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge the cluster as a whole, from the hives of all its nodes."""
    judge = partial(_judge, cluster)
    yield from for_the_cluster(cluster, {UNLISTED: judge}, is_node, is_nt4, _has_windows_2000_operator)


def _has_windows_2000_operator(cluster: Cluster, _machine: Machine) -> Hindrance | None:
    """Somebody administers the cluster from Windows 2000."""
    versions = []
    for machine in cluster.machines:
        if machine.role is not Role.OPERATOR:
            continue
        why = administers_from_afar(cluster, machine)
        if why is None and machine.windows == _WINDOWS_2000:
            return None
        versions.append(machine.windows_version)
    reason = "no machine of the case administers the cluster from Windows 2000"
    return Hindrance(Verdict.NOT_APPLICABLE, reason, tuple(versions))


def _judge(cluster: Cluster, nodes: tuple[Machine, ...]) -> Finding:
    judged = partial(Finding, UNLISTED, None)
    facts = [node.value(CLUSTER, VALUE) for node in nodes]
    listed = [
        isinstance(fact, Present) and read_extensions(fact.value, CLSID).listing is Listing.OK
        for fact in facts
    ]
    lacking = [
        node
        for node, fact, is_listed in zip(nodes, facts, listed, strict=True)
        if not is_listed and not isinstance(fact, Unknown)
    ]
    if lacking:
        named = ", ".join(node.name for node in lacking)
        explanation = f"The root of the cluster hive does not list the standard extension on {named}."
        steps = (_register(cluster),)
        return judged(Verdict.LIKELY, "not-listed", explanation, tuple(facts), steps=steps)
    if not all(listed):
        unread = [node for node, fact in zip(nodes, facts, strict=True) if isinstance(fact, Unknown)]
        collect = tuple(_collect.cluster_hive(node) for node in unread)
        explanation = "What the cluster itself lists cannot be read on every node."
        return judged(Verdict.UNDETERMINED, "", explanation, tuple(facts), collect=collect)
    explanation = "The cluster itself lists the standard extension."
    return judged(Verdict.RULED_OUT, "ok", explanation, tuple(facts))


def _register(cluster: Cluster) -> Step:
    operator = next(m for m in cluster.machines if m.role is Role.OPERATOR and m.windows == _WINDOWS_2000)
    return Step(
        operator.name,
        Phase.ADMINISTER,
        f"Register {DLL} with the cluster from {operator.name}",
        command=rf"%SystemRoot%\cluster\cluster.exe -c:{_NAME} /regext:cluadmex.dll",
        reason=f"{_NAME} stands for the name of the cluster. Only from this machine: cluster.exe of Windows 2000 knows "
        "the option (Q272350).",
        expect="Cluster Administrator of Windows 2000 shows the Security page of the cluster.",
    )


RULE = Rule(
    ARTICLE, CAUSES, diagnose, __doc__ or "", Standing.INFORMING, confidence={UNLISTED: Confidence.LOW}
)
