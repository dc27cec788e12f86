"""Proves a remedy before anyone touches a node.

The patch is parsed back from the very bytes that are delivered, laid over the evidence in memory, and the
whole diagnosis runs again. What the patch addresses must come out ruled out, nothing else may change for
the worse, and the undo must give the first diagnosis back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.errors import RemedyError
from iiscluster_kb.model import Proof, Verdict
from iiscluster_kb.registry.reg_text import parse_reg
from iiscluster_kb.remedy.patch_text import format_patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from iiscluster_kb.model import Finding, Patch
    from iiscluster_kb.registry.reg_text import Entry

    Rediagnose = Callable[[Mapping[str, Sequence[Entry]]], Iterable[Finding]]
    """Diagnoses the case anew with the entries laid over each machine's registry."""

__all__ = ["prove"]

_HARM = {
    Verdict.NOT_APPLICABLE: 0,
    Verdict.RULED_OUT: 0,
    Verdict.UNDETERMINED: 1,
    Verdict.LIKELY: 2,
    Verdict.CONFIRMED: 3,
}


def prove(patches: Sequence[Patch], rediagnose: Rediagnose) -> tuple[Proof, ...]:
    """Lay the patches over the evidence and diagnose again; then the undos over that.

    Raises:
        RemedyError: A cause that a patch addresses is not cured, something else became worse, or the undo
            does not lead back. The message names the first difference.
    """
    if not patches:
        return ()
    forward = {patch.machine: _entries(patch) for patch in patches}
    backward = {patch.machine: (*forward[patch.machine], *_entries(patch.undo())) for patch in patches}
    before = {_place(finding): finding for finding in rediagnose({})}
    after = {_place(finding): finding for finding in rediagnose(forward)}
    addressed = [finding for finding in before.values() if _is_addressed(finding, patches)]
    for finding in addressed:
        _require_cured(finding, after.get(_place(finding)))
    for place, finding in before.items():
        _require_no_harm(finding, after.get(place))
    for finding in rediagnose(backward):
        _require_back(finding, before.get(_place(finding)))
    return tuple(
        Proof(finding.machine, finding.cause.id, finding.verdict, after[_place(finding)].verdict)
        for finding in addressed
    )


def _is_addressed(finding: Finding, patches: Iterable[Patch]) -> bool:
    return bool(finding.changes) and any(
        patch.machine == finding.machine and change in patch.changes
        for patch in patches
        for change in finding.changes
    )


def _entries(patch: Patch) -> tuple[Entry, ...]:
    return parse_reg(format_patch(patch), name=f"{patch.machine}.reg").entries


def _place(finding: Finding) -> tuple[str, str | None]:
    return finding.cause.id, finding.machine


def _require_cured(finding: Finding, after: Finding | None) -> None:
    if after is None or after.verdict is not Verdict.RULED_OUT:
        found = f"{after.verdict}: {after.explanation}" if after else "no finding"
        raise RemedyError(f"the patch for {finding.machine} does not cure {finding.cause.id}: {found}")


def _require_no_harm(finding: Finding, after: Finding | None) -> None:
    if after is None or _HARM[after.verdict] > _HARM[finding.verdict]:
        found = f"{after.verdict}: {after.explanation}" if after else "no finding"
        raise RemedyError(
            f"the patches make {finding.cause.id} on {finding.machine} worse: {finding.verdict} becomes {found}"
        )


def _require_back(finding: Finding, before: Finding | None) -> None:
    if before is None or (finding.verdict, finding.detail) != (before.verdict, before.detail):
        was = f"{before.verdict} {before.detail}" if before else "no finding"
        raise RemedyError(
            f"the undo does not lead back: {finding.cause.id} on {finding.machine} was {was}, "
            f"is {finding.verdict} {finding.detail}"
        )
    for then, now in zip(before.changes, finding.changes, strict=True):
        if then.before != now.before:
            raise RemedyError(
                f"the undo does not give back {then.key.short} : {then.name or '(default)'} on {finding.machine}"
            )
