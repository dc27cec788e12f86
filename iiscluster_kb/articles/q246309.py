r"""How to Replace a Missing IIS In-Process Application in MTS (Q246309).

Symptom:
    The package "IIS In-Process Applications" is missing in Transaction Server,
    and making a site or directory an application fails with 0x80010401.

Causes told apart:
    package-missing
        Transaction Server is there and its packages do not hold
        {3D14228C-FBE1-11d0-995D-00C04FD919C1}; often so after IISSYNC was run
        without replication of Transaction Server (Q235698).

What is read:
    SOFTWARE: Microsoft\Transaction Server\Packages and InetStp.

What it cannot tell:
    Which applications were in the package, and what else of Transaction Server
    is harmed.

Remedy:
    The article's registry text holds an access list of another machine, so it
    is not offered here. Follow the article by hand, or install the Option
    Pack anew; then make the sites applications again.

References:
    Q246309; Q235698 (IISSYNC); Q241573 (installing on one node); Q176799
    (Dcomcnfg).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._preconditions import Hindrance, is_node, is_nt4
from iiscluster_kb.model import (
    Absent,
    Article,
    Cause,
    Finding,
    Phase,
    Present,
    Step,
    Unknown,
    Verdict,
)
from iiscluster_kb.registry import HKLM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.cluster import Cluster, Machine

ARTICLE = Article(
    "Q246309",
    "How to Replace a Missing IIS In-Process Application in MTS",
    "https://jeffpar.github.io/kbarchive/kb/246/Q246309/",
)
MISSING = Cause("Q246309/package-missing", "The IIS In-Process package is missing in Transaction Server")
CAUSES = (MISSING,)

PACKAGES = HKLM / r"SOFTWARE\Microsoft\Transaction Server\Packages"
IN_PROCESS = "{3D14228C-FBE1-11d0-995D-00C04FD919C1}"

_DO_NOT_STOP = (
    "Between importing and making the applications again, do not stop or restart the services of IIS: what only the "
    "metabase still holds would be lost (Q246309)."
)
_MAKE_AGAIN = (
    "Every site and directory that runs in process must be made an application again; then set the permissions with "
    "Dcomcnfg (Q176799)."
)
_INETSTP = HKLM / r"SOFTWARE\Microsoft\InetStp"


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node with IIS and Transaction Server."""
    yield from on_each_machine(cluster, {MISSING: _judge}, is_node, is_nt4, _has_iis)


def _has_iis(_cluster: Cluster, machine: Machine) -> Hindrance | None:
    for key, what in ((_INETSTP, "Internet Information Server"), (PACKAGES, "Transaction Server")):
        fact = machine.key(key)
        if isinstance(fact, Absent):
            reason = f"{machine.name} has no {what}, or none with packages"
            return Hindrance(Verdict.NOT_APPLICABLE, reason, (fact,))
    return None


def _judge(machine: Machine) -> Finding:
    judged = partial(Finding, MISSING, machine.name)
    fact = machine.key(PACKAGES / IN_PROCESS)
    match fact:
        case Present():
            explanation = "Transaction Server holds the package IIS In-Process Applications."
            return judged(Verdict.RULED_OUT, "ok", explanation, (fact,))
        case Unknown(reason=reason):
            explanation = f"The packages of Transaction Server cannot be read: {reason}."
            collect = (_collect.software(machine),)
            return judged(Verdict.UNDETERMINED, "", explanation, (fact,), collect=collect)
        case Absent():
            # Set-up of Transaction Server leaves packages of its own; none at all is a piece of a hive.
            packages = machine.subkeys(PACKAGES)
            facts = (fact, packages)
            if not isinstance(packages, Present) or not packages.value:
                explanation = "What was collected of SOFTWARE holds no package at all."
                collect = (_collect.software(machine),)
                return judged(Verdict.UNDETERMINED, "", explanation, facts, collect=collect)
            explanation = f"Transaction Server holds {len(packages.value)} packages, and not {IN_PROCESS}."
            return judged(Verdict.CONFIRMED, "absent", explanation, facts, steps=(_put_back(machine),))


def _put_back(machine: Machine) -> Step:
    return Step(
        machine.name,
        Phase.ADMINISTER,
        f"Put the package IIS In-Process Applications back on {machine.name}, as Q246309 tells",
        reason="Its registry text holds an access list with the accounts of another machine: write the list of this one, or "
        "install the Windows NT Option Pack anew.",
        expect="Transaction Server shows the package.",
        warnings=(_DO_NOT_STOP, _MAKE_AGAIN),
    )


RULE = Rule(ARTICLE, CAUSES, diagnose, __doc__ or "", confidence={MISSING: Confidence.HIGH})
