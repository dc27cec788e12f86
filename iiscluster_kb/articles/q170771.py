r"""Cluster May Fail If IP Address Used from DHCP Server (Q170771).

Symptom:
    The cluster, or a node of it, is at times not reached; connections fail when
    the lease of an address ends.

Causes told apart:
    dhcp-adapter
        A network adapter of a node takes its address from a DHCP server.

What is read:
    SYSTEM of each node (EnableDHCP of each adapter's TCP/IP parameters).

What it cannot tell:
    Which adapters the cluster uses: the article asks for a fixed address on all
    of them. Bindings of remote access (NdisWan) are no adapters, and services
    that are disabled do not run; neither counts.

Remedy:
    A fixed address for each adapter, in Control Panel, Network.

References:
    Q170771; Q120642 (EnableDHCP).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._object_check import CITED, Found, Open, Sound, conclude
from iiscluster_kb.articles._preconditions import is_node, is_nt4
from iiscluster_kb.articles._services import is_disabled
from iiscluster_kb.cluster import CURRENT_CONTROL_SET
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import Article, Cause, Phase, Present, Step, Unknown
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.articles._object_check import Answer
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, Finding
    from iiscluster_kb.registry import RegistryKey

ARTICLE = Article(
    "Q170771",
    "Cluster May Fail If IP Address Used from DHCP Server",
    "https://jeffpar.github.io/kbarchive/kb/170/Q170771/",
)
DHCP = Cause("Q170771/dhcp-adapter", "A network adapter of the node has an address from a DHCP server")
CAUSES = (DHCP,)

_SERVICES = CURRENT_CONTROL_SET / "Services"
_ADDRESSES = r"Parameters\Tcpip"
_MOST = 10_000
"""Services that are asked; no system has a tenth of that."""
_REMOTE_ACCESS = "NDISWAN"


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge the adapters of each node."""
    yield from on_each_machine(cluster, {DHCP: _judge}, is_node, is_nt4)


def _judge(machine: Machine) -> Finding:
    return conclude(DHCP, machine, _look(machine))


def _look(machine: Machine) -> Answer:
    wanted = (_collect.system(machine),)
    services = machine.tree(_SERVICES)
    if not isinstance(services, Present):
        reason = services.reason if isinstance(services, Unknown) else f"{services.subject} is absent"
        return Open(reason, (services,), wanted)
    leased: list[tuple[str, AnyFact]] = []
    fixed: list[AnyFact] = []
    names, unread = _with_addresses(services.value)
    for name in names:
        match machine.value(_SERVICES / name / _ADDRESSES, "EnableDHCP"):
            case Present(value=value) as fact if value.integer() == 0:
                fixed.append(fact)
            case Present(value=value) as fact if value.integer() and not is_disabled(machine, name):
                leased.append((name, fact))
            case _:
                pass
    if leased:
        faults = tuple(f"the adapter {name} has its address from a DHCP server" for name, _ in leased)
        return Found("dhcp", faults, tuple(fact for _, fact in leased[:CITED]), (_step(machine),))
    if unread is not None:
        return Open(unread, (machine.key(_SERVICES),), wanted)
    if not fixed:
        return Open("the evidence shows no adapter with TCP/IP", (machine.key(_SERVICES),), wanted)
    return Sound("Each adapter with TCP/IP has a fixed address", tuple(fixed[:CITED]))


def _with_addresses(services: RegistryKey) -> tuple[list[str], str | None]:
    """Names of the services that hold an address' settings, and why some may be left out."""
    names: list[str] = []
    below = services.subkeys()
    try:
        for key in islice(below, _MOST):
            parameters = key.subkey("Parameters")
            settings = parameters and parameters.subkey("Tcpip")
            if settings and settings.value("EnableDHCP") and not fold(key.name).startswith(_REMOTE_ACCESS):
                names.append(key.name)
        more = next(below, None) is not None
    except EvidenceError as error:
        return names, error.detail
    return names, f"more than {_MOST} services" if more else None


def _step(machine: Machine) -> Step:
    return Step(
        machine.name,
        Phase.ADMINISTER,
        f"Give each network adapter of {machine.name} a fixed address",
        reason="Cluster Server expects that the first address of an adapter stays; where a lease cannot be renewed the "
        "connection is lost (Q170771). Control Panel, Network, Protocols, TCP/IP.",
        expect="No adapter shows a lease in the output of ipconfig /all.",
        warnings=(
            "Take an address that no DHCP server gives to others; move the groups to the other node first.",
        ),
    )


RULE = Rule(ARTICLE, CAUSES, diagnose, __doc__ or "", confidence={DHCP: Confidence.HIGH})
