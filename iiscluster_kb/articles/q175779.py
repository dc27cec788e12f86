r"""Microsoft Cluster Server Requires Service Pack 3 or Later (Q175779).

Symptom:
    The cluster service does not start: event 1012, "the current version of
    Windows NT is not correct", or error 1306, "Indicated two revision levels
    are incompatible".

Causes told apart:
    workstation
        The node runs Windows NT Workstation (Q185752).
    not-enterprise
        The node runs Windows NT Server, but not the Enterprise Edition.
    service-pack
        The node has no Service Pack 3 or later; an upgrade in place with the
        same Windows takes it away.

What is read:
    SYSTEM (ProductType and ProductSuite of Control\ProductOptions), SOFTWARE
    (CSDVersion).

What it cannot tell:
    CSDVersion names the service pack of the kernel, not that of other files
    (Q222507, Q153407). The Terminal Server Edition is not judged.

Remedy:
    Install or upgrade to the edition that is required, apply the service pack
    again. Everything else comes after that.

References:
    Q175779; Q185752; Q152078 (ProductType, ProductSuite); Q222507.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._cluster_service import see_it_start
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._preconditions import is_node, is_nt4
from iiscluster_kb.cluster import CURRENT_CONTROL_SET
from iiscluster_kb.model import Absent, Article, Cause, Finding, Phase, Present, Step, Unknown, Verdict
from iiscluster_kb.registry import HKLM, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact

ARTICLE = Article(
    "Q175779",
    "Microsoft Cluster Server Requires Service Pack 3 or Later",
    "https://jeffpar.github.io/kbarchive/kb/175/Q175779/",
)
WORKSTATION = Cause("Q175779/workstation", "The node runs Windows NT Workstation")
NOT_ENTERPRISE = Cause("Q175779/not-enterprise", "The node does not run the Enterprise Edition")
SERVICE_PACK = Cause("Q175779/service-pack", "The node lacks Service Pack 3")
CAUSES = (WORKSTATION, NOT_ENTERPRISE, SERVICE_PACK)

_OPTIONS = CURRENT_CONTROL_SET / r"Control\ProductOptions"
_WINDOWS_NT = HKLM / r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_REQUIRED = 3
_WORKSTATION = "WINNT"
_SUITE, _OTHER_SUITE = "ENTERPRISE", "TERMINAL SERVER"
"""Strings of ProductSuite (Q152078), folded."""
_START = "The service compares edition and service pack when it starts (Q175779)."


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge edition and service pack of each node."""
    judges = {WORKSTATION: _workstation, NOT_ENTERPRISE: _not_enterprise, SERVICE_PACK: _service_pack}
    yield from on_each_machine(cluster, judges, is_node, is_nt4)


def _workstation(machine: Machine) -> Finding:
    fact = machine.value(_OPTIONS, "ProductType")
    match fact:
        case Present(value=value) if text := value.text():
            if fold(text) == _WORKSTATION:
                return _wrong_edition(WORKSTATION, machine, "winnt", f"ProductType is {text}.", (fact,))
            explanation = f"ProductType is {text}: a server."
            return Finding(WORKSTATION, machine.name, Verdict.RULED_OUT, "ok", explanation, (fact,))
        case _:
            return _open(WORKSTATION, machine, fact)


def _not_enterprise(machine: Machine) -> Finding:
    kind, suite = machine.value(_OPTIONS, "ProductType"), machine.value(_OPTIONS, "ProductSuite")
    facts: tuple[AnyFact, ...] = (kind, suite)
    if not isinstance(kind, Present) or not (text := kind.value.text()) or isinstance(suite, Unknown):
        return _open(NOT_ENTERPRISE, machine, kind if not isinstance(kind, Present) else suite)
    if fold(text) == _WORKSTATION:
        reason = f"ProductType is {text}: Workstation has no such edition."
        return Finding(NOT_ENTERPRISE, machine.name, Verdict.NOT_APPLICABLE, "", reason, facts)
    listed = suite.value.strings() if isinstance(suite, Present) else ()
    folded = frozenset(map(fold, listed))
    if _SUITE in folded:
        explanation = "ProductSuite lists Enterprise."
        return Finding(NOT_ENTERPRISE, machine.name, Verdict.RULED_OUT, "ok", explanation, facts)
    if _OTHER_SUITE in folded:
        reason = "It is the Terminal Server Edition, of which the article does not speak."
        return Finding(NOT_ENTERPRISE, machine.name, Verdict.NOT_APPLICABLE, "", reason, facts)
    shown = f"lists {', '.join(listed[:4])}" if listed else "is absent or lists nothing"
    return _wrong_edition(NOT_ENTERPRISE, machine, "no-suite", f"ProductSuite {shown}.", facts)


def _wrong_edition(
    cause: Cause, machine: Machine, detail: str, explanation: str, facts: tuple[AnyFact, ...]
) -> Finding:
    step = Step(
        machine.name,
        Phase.NOTE,
        f"Install Windows NT Server, Enterprise Edition, on {machine.name}",
        reason="Cluster Server runs on nothing else (Q175779, Q185752). Remove Cluster Server first, install it again "
        "afterwards and join the existing cluster; apply the service pack last.",
        expect="The node joins the cluster; what else this plan says of the node is examined anew.",
    )
    return Finding(cause, machine.name, Verdict.CONFIRMED, detail, explanation, facts, steps=(step,))


def _service_pack(machine: Machine) -> Finding:
    fact = machine.value(_WINDOWS_NT, "CSDVersion")
    pack = machine.service_pack
    facts: tuple[AnyFact, ...] = (fact, machine.windows_version)
    if pack is None or not isinstance(machine.windows_version, Present):
        return _open(SERVICE_PACK, machine, fact)
    told = f"Service Pack {pack}" if pack else "no service pack"
    if int(pack.rstrip("a") or 0) >= _REQUIRED:
        explanation = f"{told} is installed."
        return Finding(SERVICE_PACK, machine.name, Verdict.RULED_OUT, "ok", explanation, facts)
    step = Step(
        machine.name,
        Phase.RESTORE_FILE,
        f"Apply the newest service pack again on {machine.name}",
        reason="Cluster Server needs Service Pack 3 or later; an upgrade in place takes it away (Q175779).",
        expect="Winver shows the service pack after the restart.",
        warnings=("Set-up of the service pack replaces system files: keep its uninstall folder.",),
    )
    return Finding(
        SERVICE_PACK,
        machine.name,
        Verdict.CONFIRMED,
        "too-old" if pack else "none",
        f"There is {told} on {machine.name}." if not pack else f"Only {told} is installed.",
        facts=facts,
        steps=(step, see_it_start(machine, _START)),
    )


def _open(cause: Cause, machine: Machine, fact: AnyFact) -> Finding:
    match fact:
        case Unknown(reason=reason):
            why = reason
        case Absent():
            why = f"the evidence does not hold {fact.subject}"
        case _:
            why = f"{fact.subject} says nothing that is understood"
    wanted = _collect.software(machine) if cause is SERVICE_PACK else _collect.system(machine)
    return Finding(
        cause,
        machine.name,
        Verdict.UNDETERMINED,
        "",
        f"{cause.title} or not: {why}.",
        facts=(fact,),
        collect=(wanted,),
    )


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    confidence={WORKSTATION: Confidence.HIGH, NOT_ENTERPRISE: Confidence.HIGH, SERVICE_PACK: Confidence.HIGH},
)
