"""What a worker does with one case: see whether it changed, examine it, tell the result as rows and documents."""

from __future__ import annotations

import time
import zlib
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from iiscluster_kb._kit import documents_of
from iiscluster_kb.case import Limits
from iiscluster_kb.errors import CaseError, RemedyError
from iiscluster_kb.pipeline import examine
from iiscluster_kb.render import render
from iiscluster_kb.triage._nouns import FAULTY, Outcome, Result
from iiscluster_kb.triage._rows import rows_of, verdict_of
from iiscluster_kb.triage._stamps import content_of, hashes_of, stamp_of
from iiscluster_kb.triage._unpacking import unpack

if TYPE_CHECKING:
    from iiscluster_kb.model import Report
    from iiscluster_kb.triage._nouns import Settings, Task

__all__ = ["carry_out"]


def carry_out(task: Task) -> Result:
    """Examine one case, unless it is as it was.

    Args:
        task: The case. A URL is fetched into the temporary directory first.

    Returns:
        How it ended; nothing that a case holds makes this raise, save by exhausting memory.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        try:
            path = task.found.path
            if task.into is not None:
                return unpack(task, task.into)
            if "://" in path:
                from iiscluster_kb.triage._remote import fetched  # noqa: PLC0415 - only where a case lies far away

                path = stack.enter_context(fetched(path, task.settings.size))
            result = _examined(task, path)
        except (CaseError, RemedyError) as error:
            result = Result(task.found, Outcome.FAILED, str(error))
        except OSError as error:
            result = Result(task.found, Outcome.FAILED, f"cannot be read: {error.strerror or error}")
        except MemoryError:
            result = Result(task.found, Outcome.KILLED, "over the memory limit of a worker (--case-memory)")
    return replace(result, seconds=time.monotonic() - started)


def _examined(task: Task, path: str) -> Result:
    # A worker that is ended by a file that changes takes this case alone with it.
    limits = Limits(
        files=task.settings.files, total=task.settings.size, member=task.settings.size, in_place=True
    )
    stamp = stamp_of(path, limits)
    seen = Result(
        task.found,
        Outcome.DONE,
        stamp=stamp.digest,
        files=len(stamp.files),
        size=stamp.size,
        collected=stamp.newest,
    )
    if task.content is not None and (task.stamp == stamp.digest or task.content == content_of(stamp)):
        return replace(seen, unchanged=True, content=task.content)
    try:
        report = _report(path, task.settings, limits)
    except (CaseError, RemedyError) as error:
        # Its bytes can be told all the same, so that nobody tries again as long as they are the same.
        return replace(seen, outcome=Outcome.FAILED, reason=str(error), content=content_of(stamp))
    result = _told(replace(seen, content=content_of(stamp, hashes_of(report))), report, task.settings)
    if stamp_of(path, limits).digest != stamp.digest:
        return replace(
            seen, outcome=Outcome.FAILED, reason="changed while the case was read; run triage again"
        )
    return result


def _report(path: str, settings: Settings, limits: Limits) -> Report:
    def examined(*, second_opinion: bool) -> Report:
        return examine(Path(path), articles=settings.articles, second_opinion=second_opinion, limits=limits)

    report = examined(second_opinion=settings.second_opinion == "all")
    if settings.second_opinion == "faulty" and verdict_of(report) in FAULTY:
        # Starting the other readers costs five times the examination; a fault that somebody acts upon is worth it.
        report = examined(second_opinion=True)
    return report


def _told(seen: Result, report: Report, settings: Settings) -> Result:
    result = replace(
        seen,
        verdict=verdict_of(report),
        cluster=report.cluster,
        rows=rows_of(report, all_facts=settings.facts == "all"),
    )
    if settings.pages == "all" or (settings.pages == "faulty" and result.is_faulty):
        (page,) = render(report, "html")
        result = replace(result, page=zlib.compress(page.content, 6))
    if settings.kits and result.is_faulty:
        documents = documents_of(report)
        result = replace(result, kit=tuple((document.name, document.content) for document in documents))
    return result
