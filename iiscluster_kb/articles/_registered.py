"""Judges whether an extension's CLSID leads to its file: the same question in each article about an extension."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import _collect
from iiscluster_kb.articles._server import follow
from iiscluster_kb.model import FOUND, Absent, Finding, Present, Unknown, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from iiscluster_kb.cluster import Machine
    from iiscluster_kb.model import Cause, Step

__all__ = ["judge_registration"]


def judge_registration(
    machine: Machine, cause: Cause, clsid: str, directory: str, mend: Callable[[Machine], tuple[Step, ...]]
) -> Finding:
    """Judge the registration on one machine.

    Args:
        machine: Where it is judged.
        cause: The cause that the finding is of.
        clsid: With braces.
        directory: Where the file should lie, for what to collect; may hold variables.
        mend: Gives the steps that register it.
    """
    server = follow(machine, clsid)
    verdict, detail, explanation = Verdict.CONFIRMED, "absent", f"HKCR\\CLSID\\{clsid} is absent."
    collect: tuple[str, ...] = ()
    match server.registration, server.path, server.file:
        case Absent(), _, _:
            pass
        case (Unknown(reason=reason), _, _) | (_, Unknown(reason=reason), _):
            verdict, detail = Verdict.UNDETERMINED, ""
            explanation = f"The registration cannot be read: {reason}."
            collect = (_collect.software(machine),)
        case _, _, None:
            detail, explanation = "no-server", "InprocServer32 of the CLSID is absent or names no file."
        case _, Present(value=path), Unknown(reason=reason):
            verdict, detail = Verdict.UNDETERMINED, ""
            explanation = f"The CLSID is registered to {path.text()}, but {reason}."
            collect = (_collect.listing(machine, machine.expand(directory)[0]),)
        case _, Present(value=path), Absent():
            detail = "server-not-found"
            explanation = f"The CLSID is registered to {path.text()}, and no such file is there."
            if server.bare:  # that the loader does not look elsewhere is likely, not documented
                verdict = Verdict.LIKELY
        case _, Present(value=path), _:
            verdict, detail = Verdict.RULED_OUT, "ok"
            explanation = f"The CLSID is registered to {path.text()}, and the file is there."
    return Finding(
        cause,
        machine.name,
        verdict,
        detail,
        explanation,
        facts=server.facts,
        steps=mend(machine) if verdict in FOUND else (),
        collect=collect,
    )
