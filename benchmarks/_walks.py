"""One reader walks one hive in a process of its own: ``_walks.py READER dump|count HIVE``, JSON on standard output.

``dump`` prints a line for each key: names from the root on, last-written time in microseconds since 1601, values,
and what was raised on the way. It reads on past every exception, so that what a reader can give is compared.
``count`` prints one line of how much was read and what was raised, and ends, as a program without a handler
would, at the first exception that the reader does not document.

It imports nothing but what the reader needs, so that it runs under any interpreter that has the reader (Debian's
hivex belongs to Debian's Python), and reads the cells of no hive itself.
"""

from __future__ import annotations

import json
import os
import sys
from time import process_time
from typing import TYPE_CHECKING, Any

from _adapters import READERS, Ours

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_KEYS = 500_000
"""More keys than any hive compared here holds: a reader that goes round in a ring stops there."""
MOST_TIMES, SMALLEST_KEY = 20, 80
"""A reader that gives twenty times the keys that the bytes of a file have room for will not end."""


class Walk:
    """A reader's way through a hive, and what was raised on it."""

    def __init__(self, reader: Any, *, strict: bool) -> None:
        self.reader = reader
        self.strict = strict
        self.raised: list[list[Any]] = []

    def rows(self) -> Iterator[list[Any]]:
        """A row for each key, as ``dump`` prints it."""
        if isinstance(self.reader, Ours):
            for key, path in self.reader.walk():
                yield [path, self.reader.time(key), list(self.reader.values(key)), []]
            return
        pending = [(self.reader.root, self._names([], self.reader.root))]
        read = 0
        while pending:
            key, path = pending.pop()
            read += 1
            if read > MOST_KEYS and not self.strict:
                yield [path, None, [], [["subkeys", "TooMany", f"more than {MOST_KEYS} keys"]]]
                return
            raised: list[list[Any]] = []
            time = next(self._each("time", iter([key]), raised, self.reader.time), None)
            values = list(self._each("values", self._started("values", key, raised), raised))
            below = list(self._each("subkeys", self._started("subkeys", key, raised), raised))
            yield [path, time, values, raised]
            pending += [(child, self._names(path, child)) for child in reversed(below)]

    def _names(self, path: list[str], key: Any) -> list[str]:
        """The path of a key; to count, its name is read and forgotten, since paths in a ring grow for ever."""
        name = next(self._each("name", iter([key]), self.raised, self.reader.name), "?")
        return [] if self.strict else [*path, name]

    def _started(self, what: str, key: Any, raised: list[list[Any]]) -> Iterator[Any]:
        return next(self._each(what, iter([key]), raised, getattr(self.reader, what)), iter(()))

    def _each(
        self, what: str, items: Iterator[Any], raised: list[list[Any]], ask: Any = None
    ) -> Iterator[Any]:
        """The items, up to the first exception, which is noted."""
        while True:
            try:
                item = next(items)
                answer = ask(item) if ask else item
            except StopIteration:
                return
            except Exception as error:
                if self.strict and not _is_documented(self.reader, error):
                    raise
                note = [what, type(error).__name__, str(error)[:200]]
                raised.append(note)
                if raised is not self.raised:
                    self.raised.append(note)
                return
            yield answer


def _is_documented(reader: Any, error: BaseException) -> bool:
    return any(kind.__name__ in reader.documented for kind in type(error).__mro__)


def _kind(error: BaseException) -> str:
    """Its class, with the module where the name alone says little (``struct.error``)."""
    kind = type(error)
    return f"{kind.__module__}.{kind.__name__}" if kind.__name__ in {"error", "Error"} else kind.__name__


def _count(name: str, path: str) -> dict[str, Any]:
    """How much of a hive a reader reads, with the time that the processor took."""
    started = process_time()
    reader = READERS[name]
    keys = values = 0
    walk = None
    result: dict[str, Any] = {}
    try:
        walk = Walk(reader(path), strict=True)
        room = MOST_TIMES * (os.stat(path).st_size // SMALLEST_KEY + 1)  # noqa: PTH116 - one import fewer
        for _, _, found, _ in walk.rows():
            keys += 1
            values += len(found)
            if keys > room:
                result["endless"] = True
                break
    except ImportError:
        return {"absent": True}
    except Exception as error:  # noqa: BLE001 - what is raised is what is measured
        result["error"] = [_kind(error), str(error)[:200], _is_documented(reader, error)]
    result |= {"keys": keys, "values": values, "seconds": process_time() - started}
    result["raised"] = walk.raised[:1] if walk else []
    if walk and isinstance(walk.reader, Ours):
        result["told"] = walk.reader.told()[:100]
    return result


def _dump(name: str, path: str) -> None:
    try:
        walk = Walk(READERS[name](path), strict=False)
    except ImportError:
        print(json.dumps({"absent": True}))
        return
    except Exception as error:  # noqa: BLE001 - the reader refuses the hive, which is an answer
        print(json.dumps({"error": [type(error).__name__, str(error)[:200]]}))
        return
    for row in walk.rows():
        print(json.dumps(row))
    told = walk.reader.told() if isinstance(walk.reader, Ours) else []
    print(json.dumps({"told": told, "raised": walk.raised[:100]}))


def main() -> None:
    import logging  # noqa: PLC0415 - readers that log would fill standard error

    logging.disable(logging.CRITICAL)
    name, job, path = sys.argv[1:]
    if job == "dump":
        _dump(name, path)
    else:
        print(json.dumps(_count(name, path)))


if __name__ == "__main__":
    main()
