"""A whole run: work list, workers, store, kits, progress, in the parent's one thread."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Self

import iiscluster_kb
from iiscluster_kb.triage._crew import examine_here
from iiscluster_kb.triage._nouns import FAULTY, Found, LeftOut, Outcome, Task
from iiscluster_kb.triage._tree import LocalTree
from iiscluster_kb.triage._worker import Worker
from iiscluster_kb.triage._worklist import find_cases, find_in_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from iiscluster_kb.triage._kits import KitFolder
    from iiscluster_kb.triage._nouns import Known, Result, Settings
    from iiscluster_kb.triage._store import Store
    from iiscluster_kb.triage._worklist import Item

__all__ = ["Counts", "Spool", "triage"]

_BATCH = 256
"""Cases in one transaction, at most."""
_LONGEST = 2.0
"""Seconds that a result waits for its batch; so much work a kill may cost."""
_LOOKED_UP = 64
"""Cases of the work list that are looked up in the store at once."""
_LARGEST_BATCH = 64 << 20
"""Bytes of pages and kits that wait together."""
_ARCHIVE_SECONDS = 6 * 3600.0


@dataclass
class Counts:
    """How far a run is. The one noun that changes: it is read while it grows."""

    found: int = 0
    left_out: int = 0
    unchanged: int = 0
    repeated: int = 0
    """Places that the work list names twice."""
    outcomes: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    is_listed: bool = False
    """Whether ``found`` is all there is."""
    started: float = field(default_factory=time.monotonic)

    @property
    def ended(self) -> int:
        """Cases with an outcome, those included that had it before."""
        return self.outcomes.total()

    @property
    def exit_status(self) -> int:
        """1: a fault was found. 3: none, but a case has no answer. 0: every case has, and nothing was found."""
        if self.verdicts["confirmed"] or self.verdicts["likely"]:
            return 1
        unanswered = self.ended - self.outcomes[Outcome.DONE.value]
        return 3 if unanswered or self.verdicts["undetermined"] else 0


class Spool:
    """Where archives of cases are taken apart, for as long as the run lasts.

    Args:
        settings: Limits of memory and files.
        size: Bytes that one archive of cases may expand to.
        place: A folder that the workers of every machine see; None: the temporary directory.
    """

    def __init__(self, settings: Settings, size: int, place: str | None = None) -> None:
        self._settings = replace(settings, size=size, seconds=_ARCHIVE_SECONDS, files=10_000_000)
        self._folders = ExitStack()
        self._place = place

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folders.close()

    def cases(self, archive: str) -> Iterator[Item]:
        """The cases in an archive; one that holds at most one case is that case itself."""
        name = Path(archive).name
        whole = Found(archive, archive, name)
        into = self._folders.enter_context(
            tempfile.TemporaryDirectory(prefix="iiscluster-kb-spool-", dir=self._place)
        )
        with Worker() as worker:
            result = worker.examine(Task(whole, self._settings, into=into))
        if result.outcome is not Outcome.DONE:
            yield whole  # whose own examination says what is wrong with it
            return
        items = find_in_folder(LocalTree(), into)
        head: list[Item] = []
        cases = 0
        while cases < 2 and (item := next(items, None)) is not None:  # noqa: PLR2004 - two cases make it an archive of cases
            head.append(item)
            cases += isinstance(item, Found)
        if cases < 2:  # noqa: PLR2004 - the same
            yield whole
            return
        for row in result.rows.get("errors", ()):
            yield LeftOut(f"{archive}!/{row[1]}", str(row[2]))
        for item in (*head, *items):
            source = f"{archive}!/{Path(item.source).relative_to(into).as_posix()}"
            yield replace(item, source=source)


def triage(  # noqa: PLR0913 - each is a choice of its own, made by name
    roots: Sequence[str],
    store: Store,
    settings: Settings,
    *,
    workers: int,
    scheduler: str | None = None,
    again: bool = False,
    kits: KitFolder | None = None,
    spool: Spool | None = None,
    progress: Callable[[Counts, Result | None], None] = lambda _counts, _result: None,
) -> Counts:
    """Examine every case below the roots and put the answers in the store.

    Args:
        roots: See ``find_cases``.
        store: Open for writing.
        settings: What holds for every case.
        workers: Processes on this machine.
        scheduler: Address of a Dask scheduler whose workers do the work instead.
        again: Whether unchanged cases are examined, too.
        kits: Where fix kits are written.
        spool: Where archives of cases are unpacked; None: every archive is one case.
        progress: Told after each result, and once when the work list is at its end.

    Raises:
        KeyboardInterrupt: Somebody stopped it; what is done is in the store.
        OSError: The store or a kit cannot be written, or no process can be started.
        ValueError: A root, an article or the scheduler makes no sense.
    """
    store.begin_run(iiscluster_kb.__version__, settings.digest, roots)
    run = _Run(store, settings, Counts(), kits, again=again)
    state = "stopped"
    try:
        tasks = run.tasks(find_cases(roots, None if spool is None else spool.cases), progress)
        if scheduler is None:
            results = examine_here(tasks, workers)
        else:
            from iiscluster_kb.triage._dask import examine_on_cluster  # noqa: PLC0415 - an extra

            results = examine_on_cluster(tasks, scheduler)
        try:
            for result in results:
                run.take(result)
                progress(run.counts, result)
        finally:
            results.close()  # type: ignore[attr-defined]  # both are generators, which the type of an iterator does not say
        state = "complete"
    finally:
        run.flush()
        store.end_run(state)
    return run.counts


class _Run:
    """What is between the work list and the store."""

    def __init__(
        self, store: Store, settings: Settings, counts: Counts, kits: KitFolder | None, *, again: bool
    ) -> None:
        self.counts = counts
        self._store = store
        self._settings = settings
        self._kits = kits
        self._again = again
        self._under_way: dict[str, Known | None] = {}
        """Cases that were handed out and are not in the store yet, with what it held of them."""
        self._results: list[Result] = []
        self._left_out: list[LeftOut] = []
        self._written: dict[str, str] = {}
        self._waiting = 0
        self._flushed = time.monotonic()

    def tasks(
        self, items: Iterable[Item], progress: Callable[[Counts, Result | None], None]
    ) -> Iterator[Task]:
        """What is to be done, each case once."""
        source = iter(items)
        while chunk := list(islice(source, _LOOKED_UP)):
            left_out = [item for item in chunk if isinstance(item, LeftOut)]
            self._left_out += left_out
            self.counts.left_out += len(left_out)
            found = {item.key: item for item in chunk if isinstance(item, Found)}
            self.counts.repeated += len(chunk) - len(left_out) - len(found)
            known = self._store.known(tuple(found))
            for key, case in found.items():
                before = known.get(key)
                if key in self._under_way or (before is not None and before.run == self._store.run):
                    self.counts.repeated += 1
                    continue
                self.counts.found += 1
                self._under_way[key] = before
                if before is not None and self._is_settled(before):
                    yield Task(case, self._settings, before.stamp, before.content)
                else:
                    yield Task(case, self._settings)
        self.counts.is_listed = True
        progress(self.counts, None)

    def _is_settled(self, before: Known) -> bool:
        """Whether the case need not be examined if it is as it was."""
        if not before.is_current or self._again:
            return False
        return self._kits is None or before.verdict not in FAULTY or self._kits.has(before.kit)

    def take(self, result: Result) -> None:
        """Count a result, and write what waits where it is time."""
        before = self._under_way[result.found.key]
        outcome, verdict = result.outcome, result.verdict
        if result.unchanged and before is not None:
            outcome, verdict = before.outcome, before.verdict
            self.counts.unchanged += 1
        self.counts.outcomes[outcome.value] += 1
        if verdict is not None:
            self.counts.verdicts[verdict] += 1
        if self._kits is not None and result.kit:
            self._written[result.found.key] = self._kits.write(result)
        self._results.append(replace(result, kit=()))
        self._waiting += len(result.page or b"")
        is_due = time.monotonic() - self._flushed > _LONGEST
        if len(self._results) >= _BATCH or self._waiting > _LARGEST_BATCH or is_due:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._results or self._left_out:
            self._store.write(self._results, self._left_out, self._written)
        for result in self._results:
            del self._under_way[result.found.key]
        self._results, self._left_out, self._written, self._waiting = [], [], {}, 0
        self._flushed = time.monotonic()
