r"""IIS Server Instance Parameters Window Is Missing (Q224553).

Symptom:
    While an "IIS Server Instance" resource is created in Cluster Administrator,
    the Dependencies page offers Finish where it should offer Next, so the page
    for the instance's parameters never comes.

Causes told apart:
    dll-missing
        Iisclex4.dll, the extension of Cluster Administrator that shows that
        page, is not in %SystemRoot%\system32\inetsrv; or what is there is
        empty, no PE image, made for another processor, or cannot register.
    clsid-unregistered
        {92BF7500-974C-11D0-A5F2-00A0C922E752} is not registered as an
        in-process server, or its path leads to no file.
    admin-extensions-missing
        AdminExtensions (REG_MULTI_SZ) of the resource type does not list the
        CLSID where Cluster Administrator would find it.
    remote-administration
        Cluster Administrator ran on a machine that is no node.

What is read:
    A listing of %SystemRoot%\system32\inetsrv and the DLL itself; SOFTWARE
    (Classes\CLSID, Windows version); SYSTEM (computer name, services,
    processor); the cluster hive (nodes, resource type). Of an operator's
    machine the same, and a listing of its cluster directory. Checkpoints of
    the quorum disk (CHKxxx.TMP) are compared with each node's own copy; what
    differs is told with what it means at the next start, and turns no verdict.

What it cannot tell:
    Whether the file's code is sound; what a per-user registration does; how
    the metabase looks. A hive that was copied while it was in use may lack the
    newest changes. Without the file itself, a listing shows only that a file
    of that name is there and not empty.

Remedy:
    One node first: file, registration, value; then the other node; only then
    restart, one node at a time. The value is appended to, never replaced.
    Against remote administration: run Cluster Administrator on a node, or
    bring both sides to the level of Q224293.

References:
    Q224553; Q224293 and Q247763 (remote administration); Q174641 (the same
    symptom for every resource type); Q223259 (Option Pack with FTP alone);
    Q263216, Q218922 (what restoring an old file brings). The key is
    HKLM\Cluster\ResourceTypes; the article prints "Resource Types", which
    nothing reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import (
    Confidence,
    Rule,
    Standing,
    _collect,
    _iis_extension,
    _remote_administration,
)
from iiscluster_kb.articles._checkpoint import beside_checkpoint
from iiscluster_kb.articles._extension_list import Listing, Reading, add_extension, read_extensions
from iiscluster_kb.articles._iis_extension import CLSID, DIRECTORY, RESOURCE_TYPE
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._preconditions import find_resource_type, has_type, is_node, loads_extensions
from iiscluster_kb.articles._registered import judge_registration
from iiscluster_kb.articles._relations import Requires
from iiscluster_kb.articles._removed import beside_removed
from iiscluster_kb.articles._spelling import spelled
from iiscluster_kb.cluster import CLUSTER
from iiscluster_kb.model import Article, Cause, Finding, Present, Unknown, ValueChange, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Absent, AnyFact, Fact
    from iiscluster_kb.registry import RegistryValue

ARTICLE = Article(
    "Q224553",
    "IIS Server Instance Parameters Window Is Missing",
    "https://jeffpar.github.io/kbarchive/kb/224/Q224553/",
)
DLL_MISSING = Cause("Q224553/dll-missing", "Iisclex4.dll is missing or unusable")
CLSID_UNREGISTERED = Cause("Q224553/clsid-unregistered", "The extension's CLSID is not registered")
VALUE_MISSING = Cause(
    "Q224553/admin-extensions-missing", "AdminExtensions does not list the extension's CLSID"
)
REMOTE = Cause("Q224553/remote-administration", "Cluster Administrator did not run on a node")
CAUSES = (DLL_MISSING, CLSID_UNREGISTERED, VALUE_MISSING, REMOTE)

VALUE = "AdminExtensions"


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each cause on each machine, then remote administration for the cluster as a whole."""
    judges = {DLL_MISSING: _dll, CLSID_UNREGISTERED: _clsid, VALUE_MISSING: _value}
    conditions = (is_node, loads_extensions, has_type(RESOURCE_TYPE))
    found = on_each_machine(cluster, judges, *conditions, directories=(DIRECTORY,))
    local = [_compared(cluster, finding) for finding in found]
    yield from local
    yield _remote_administration.judge(cluster, REMOTE, local)


# --- step 2 of the article: the file ----------------------------------------------------------------


def _dll(machine: Machine) -> Finding:
    state = _iis_extension.examine_dll(machine)
    collect: tuple[str, ...] = ()
    if state.verdict is Verdict.UNDETERMINED:
        directory = machine.expand(DIRECTORY)[0]
        collect = (_collect.listing(machine, directory), *state.collect)
    return Finding(
        DLL_MISSING,
        machine.name,
        state.verdict,
        state.detail,
        state.explanation,
        facts=state.facts,
        steps=_iis_extension.restore_steps(machine) if state.verdict is Verdict.CONFIRMED else (),
        collect=collect,
    )


# --- step 3: the registration -----------------------------------------------------------------------


def _clsid(machine: Machine) -> Finding:
    return judge_registration(machine, CLSID_UNREGISTERED, CLSID, DIRECTORY, _iis_extension.register_steps)


# --- steps 4 to 7: the value ------------------------------------------------------------------------


def _value(machine: Machine) -> Finding:
    resource_type = find_resource_type(machine, RESOURCE_TYPE)
    live = resource_type.live
    if not isinstance(live, Present):
        return _unreadable_value(machine, live)
    key = spelled(live)
    fact = machine.value(key, VALUE)
    if isinstance(fact, Unknown):
        return _unreadable_value(machine, fact)
    before = fact.value if isinstance(fact, Present) else None
    reading = read_extensions(before, CLSID) if before else Reading(Listing.ABSENT, "is absent")
    explanation = f"AdminExtensions {reading.explanation}"
    if reading.listing is Listing.OK:
        return Finding(
            VALUE_MISSING, machine.name, Verdict.RULED_OUT, reading.listing, f"{explanation}.", (fact,)
        )
    facts: tuple[AnyFact, ...] = (fact,)
    detail = str(reading.listing)
    elsewhere = _listed_under(machine, resource_type.stray)
    if elsewhere is not None:
        facts = (*facts, elsewhere)
        explanation += f"; the CLSID is listed only under {elsewhere.subject}, a key that nothing reads"
        if reading.listing in {Listing.ABSENT, Listing.OTHER_ONLY}:
            detail = "misspelt-key"
    after = add_extension(before, CLSID, name=VALUE)
    change = ValueChange(key, after.name, before, after)
    finding = Finding(
        VALUE_MISSING, machine.name, Verdict.CONFIRMED, detail, f"{explanation}.", facts, changes=(change,)
    )
    if reading.listing in {Listing.ABSENT, Listing.OTHER_ONLY}:
        return beside_removed(machine, finding, key, VALUE, CLSID)
    return finding


def _compared(cluster: Cluster, finding: Finding) -> Finding:
    machine = cluster.machine(finding.machine or "")
    if machine is None:
        return finding
    return beside_checkpoint(
        cluster,
        finding,
        also=_other_spellings(machine) if finding.cause is VALUE_MISSING else (),
        in_words=lambda value: read_extensions(value, CLSID).explanation,
    )


def _other_spellings(machine: Machine) -> Iterator[AnyFact]:
    """The resource type's key and its value under either spelling, for comparison."""
    for parent in ("ResourceTypes", "Resource Types"):
        key = CLUSTER / parent / RESOURCE_TYPE
        yield machine.key(key)
        yield machine.value(key, VALUE)


def _unreadable_value(machine: Machine, fact: Absent | Unknown) -> Finding:
    reason = fact.reason if isinstance(fact, Unknown) else f"{fact.subject} is absent"
    return Finding(
        VALUE_MISSING,
        machine.name,
        Verdict.UNDETERMINED,
        "",
        f"AdminExtensions cannot be read on {machine.name}: {reason}.",
        facts=(fact,),
        collect=(_collect.cluster_hive(machine),),
    )


def _listed_under(machine: Machine, stray: Present[str] | None) -> Present[RegistryValue] | None:
    if stray is None:
        return None
    fact: Fact[RegistryValue] = machine.value(spelled(stray), VALUE)
    match fact:
        case Present(value=value) if read_extensions(value, CLSID).listing is Listing.OK:
            return fact
        case _:
            return None


_SAME_SYMPTOM = tuple(
    f"Q174641/{cause}"
    for cause in ("dll-missing", "dll-outdated", "clsid-unregistered", "admin-extensions-missing")
)

RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    Standing.LEADING,
    (Requires(REMOTE.id, "elimination", _SAME_SYMPTOM),),
    confidence={
        DLL_MISSING: Confidence.HIGH,
        CLSID_UNREGISTERED: Confidence.HIGH,
        VALUE_MISSING: Confidence.HIGH,
        REMOTE: Confidence.HIGH,
    },
)
