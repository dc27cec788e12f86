r"""Extensions of Cluster Administrator, object by object (extension-audit).

Symptom:
    A page of an object's properties, or of the wizard that makes it, does not
    come; Finish is offered instead of Next. Any vendor's extension, on any
    object of the cluster.

Causes told apart:
    malformed-value
        AdminExtensions of an object has the wrong type, lists what is no
        CLSID in braces, lists one twice, or does not end as a list must.
    broken-chain
        An extension that an object lists is not registered on a machine, its
        registration names no file, the file is not there, is empty, is made
        for another processor, or cannot register.

What is read:
    Every object of the cluster hive that carries AdminExtensions: the cluster,
    its nodes, groups, resources, resource types, networks and network
    interfaces; of each node and operator's machine SOFTWARE (Classes\CLSID),
    a listing, and the DLLs that were collected.

What it cannot tell:
    Whether an object should list an extension that it does not list; whether
    a DLL's code is sound.

Remedy:
    Install the extension again with its vendor's set-up on each machine that
    runs Cluster Administrator. regcladm of the Platform SDK, or cluster.exe
    with /regext of Windows 2000, lists an extension on the objects it is for.

References:
    Platform SDK, "Registering an extension"; MSLearn, "AdminExtensions";
    Q272350; Q224553 and Q174641 are the cases of this that Microsoft wrote
    articles about. Windows Server 2008 and later load no extensions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, Standing, _collect
from iiscluster_kb.articles._extensions import AUDIT, PROPERTY, listings, trace_extensions
from iiscluster_kb.articles._judging import hindered, nothing_collected
from iiscluster_kb.articles._preconditions import loads_extensions
from iiscluster_kb.cluster import CLUSTER
from iiscluster_kb.model import FOUND, Absent, Article, Cause, Finding, Present, Role, Unknown, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iiscluster_kb.articles._extensions import ListedOn
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, ExtensionChain

ARTICLE = Article(
    AUDIT,
    "Extensions of Cluster Administrator",
    "https://learn.microsoft.com/en-us/previous-versions/windows/desktop/mscs/resource-types-adminextensions",
)
MALFORMED = Cause(f"{AUDIT}/malformed-value", "An AdminExtensions value is malformed")
BROKEN = Cause(f"{AUDIT}/broken-chain", "A listed extension does not lead to a usable file")
CAUSES = (MALFORMED, BROKEN)

_MOST_NAMED = 8
"""Objects or chains that a finding names and cites."""


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge the lists on each machine that holds a cluster hive, and the chains on each that may load extensions."""
    chains = trace_extensions(cluster)
    for machine in cluster.machines:
        if why := loads_extensions(cluster, machine):
            yield from (hindered(cause, machine.name, why) for cause in CAUSES)
            continue
        uses, unread = listings(machine)
        yield _malformed(machine, uses, unread)
        yield _broken(cluster, machine, [chain for chain in chains if chain.machine == machine.name])
    if not cluster.machines:
        yield from map(nothing_collected, CAUSES)


def _malformed(machine: Machine, uses: Sequence[ListedOn], unread: Sequence[str]) -> Finding:
    root = machine.key(CLUSTER)
    if machine.role is Role.OPERATOR:
        why = f"{machine.name} is no node: it holds no cluster database."
        return Finding(MALFORMED, machine.name, Verdict.NOT_APPLICABLE, "", why, (root,))
    if not isinstance(root, Present):
        reason = root.reason if isinstance(root, Unknown) else "it is absent"
        return Finding(
            MALFORMED,
            machine.name,
            Verdict.UNDETERMINED,
            "",
            f"The cluster hive cannot be read: {reason}.",
            (root,),
            collect=(_collect.cluster_hive(machine),),
        )
    wrong = [use for use in uses if use.faults]
    if wrong:
        told = "; ".join(
            f"{use.name or 'the cluster'} {', '.join(use.faults)}" for use in wrong[:_MOST_NAMED]
        )
        facts = tuple(machine.value(use.key, PROPERTY) for use in wrong[:_MOST_NAMED])
        explanation = f"AdminExtensions of {told}{_more(len(wrong))}."
        return Finding(MALFORMED, machine.name, Verdict.CONFIRMED, "malformed", explanation, facts)
    if unread:
        return Finding(
            MALFORMED,
            machine.name,
            Verdict.UNDETERMINED,
            "",
            f"Not every object can be read: {unread[0]}{_more(len(unread), shown=1)}.",
            (root,),
            collect=(_collect.cluster_hive(machine),),
        )
    if uses and _is_printed(machine, root):
        why = f"A printed text does not show every byte of the {len(uses)} AdminExtensions values in it."
        collect = (_collect.cluster_hive(machine),)
        return Finding(MALFORMED, machine.name, Verdict.UNDETERMINED, "", why, (root,), collect=collect)
    explanation = f"Every AdminExtensions value is a sound list: {len(uses)} objects carry one."
    return Finding(MALFORMED, machine.name, Verdict.RULED_OUT, "ok", explanation, (root,))


def _is_printed(machine: Machine, root: AnyFact) -> bool:
    """Whether the values were rebuilt from a text that shows a list without its end."""
    path = root.source.path if root.source else None
    return any(piece.rebuilt for piece in machine.registry.evidence if piece.file.path == path)


def _broken(cluster: Cluster, machine: Machine, chains: Sequence[ExtensionChain]) -> Finding:
    hives = [place for one in cluster.machines if isinstance(place := one.key(CLUSTER), Present)]
    if not hives:
        return Finding(
            BROKEN,
            machine.name,
            Verdict.UNDETERMINED,
            "",
            "No cluster hive tells which extensions the cluster's objects list.",
            collect=(_collect.cluster_hive(machine),),
        )
    if machine.role is Role.UNKNOWN:
        why = f"Nothing tells whether {machine.name} runs Cluster Administrator."
        return Finding(BROKEN, machine.name, Verdict.NOT_APPLICABLE, "", why, (machine.key(CLUSTER),))
    broken = [chain for chain in chains if chain.verdict in FOUND]
    open_ones = [chain for chain in chains if chain.verdict is Verdict.UNDETERMINED]
    leading = (broken or open_ones)[:_MOST_NAMED]
    facts = tuple(fact for chain in leading for fact in chain.facts)
    told = "; ".join(_told(chain) for chain in leading)
    if broken:
        verdict = min((chain.verdict for chain in broken), key=lambda one: one is not Verdict.CONFIRMED)
        details = {chain.detail for chain in broken}
        detail = details.pop() if len(details) == 1 else "several"
        explanation = f"{told}{_more(len(broken))}."
        return Finding(BROKEN, machine.name, verdict, detail, explanation, facts)
    if open_ones or not machine.evidence:
        return Finding(
            BROKEN,
            machine.name,
            Verdict.UNDETERMINED,
            "",
            f"{told}{_more(len(open_ones))}." if open_ones else f"Nothing of {machine.name} was collected.",
            facts,
            collect=_wanted(machine, open_ones),
        )
    if silent := [node for node in cluster.nodes if not isinstance(node.key(CLUSTER), Present)]:
        names = ", ".join(node.name for node in silent)
        return Finding(
            BROKEN,
            machine.name,
            Verdict.UNDETERMINED,
            "",
            f"What the copy of the cluster database on {names} lists is not known.",
            tuple(node.key(CLUSTER) for node in silent),
            collect=tuple(map(_collect.cluster_hive, silent)),
        )
    explanation = (
        f"Each of the {len(chains)} extensions that objects list leads to its file."
        if chains
        else "No object of the cluster lists an extension."
    )
    cited = tuple(
        fact for chain in chains[:_MOST_NAMED] for fact in chain.facts if not isinstance(fact, Absent)
    )
    return Finding(BROKEN, machine.name, Verdict.RULED_OUT, "ok", explanation, cited or (hives[0],))


def _told(chain: ExtensionChain) -> str:
    owner = f" ({chain.owner})" if chain.owner else ""
    objects = ", ".join(name or "the cluster" for name in chain.objects[:_MOST_NAMED])
    return f"{chain.clsid}{owner}, listed on {objects}{_more(len(chain.objects))}: {chain.explanation}"


def _wanted(machine: Machine, chains: Sequence[ExtensionChain]) -> tuple[str, ...]:
    directories = {
        chain.server.rpartition("\\")[0]
        for chain in chains
        if chain.server is not None and "\\" in chain.server
    }
    return (
        *((_collect.system(machine),) if machine.architecture is None else ()),
        _collect.software(machine),
        *(_collect.listing(machine, machine.expand(path)[0]) for path in sorted(directories)),
    )


def _more(number: int, *, shown: int = _MOST_NAMED) -> str:
    return f" and {number - shown} more" if number > shown else ""


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    Standing.INFORMING,
    confidence={MALFORMED: Confidence.HIGH, BROKEN: Confidence.HIGH},
)
