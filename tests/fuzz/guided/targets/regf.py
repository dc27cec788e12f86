"""Hives: opened, walked, asked; what was deleted in them is searched for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf import Hive
from tests.fuzz.guided.inputs import as_hive, as_input
from tests.fuzz.guided.laws import assert_is_told_in_a_line, look_through
from tests.fuzz.guided.target import Target
from tests.support.regf_attacks import attacks
from tests.support.regf_deleting import delete_value, free_key, image
from tests.support.regf_writer import build_hive, tree_from_dict

if TYPE_CHECKING:
    from collections.abc import Iterator

_TREE = tree_from_dict(
    "ROOT",
    {
        "Beta": {"Text": "words", "List": ["a", "b"], "Large": bytes(range(256)) * 8},
        "alpha": {"": "unnamed", "Number": 7, "Deep": {"Deeper": {"Below": {}}}},
        "Résumé": {"Ω": b"\1\2\3"},
    },
)
_LONGEST = 25 << 10


def _run(data: bytes) -> None:
    try:
        hive = Hive(as_hive(data), "CLUSDB")
    except EvidenceError as error:
        assert_is_told_in_a_line(error)
        return
    look_through(hive)


def _seeds() -> Iterator[bytes]:
    for minor in range(1, 7):
        yield as_input(build_hive(_TREE, minor=minor))
        yield as_input(build_hive(_TREE, minor=minor, leaf_size=1, resident=False, utf16_names=True))
    for kind in ("li", "lf", "lh", "ri/li", "ri/lf", "ri/lh"):
        yield as_input(build_hive(_TREE, list_kind=kind, sort=False))
    segmented = tree_from_dict("ROOT", {"Long": bytes(17_000)})
    yield as_input(build_hive(segmented))
    for minor in (3, 5):
        hive = image(minor)
        delete_value(hive, "Types\\IIS", "AdminExtensions")
        free_key(hive, "Other")
        yield as_input(hive.seal())
    yield from (as_input(attack.data) for attack in attacks() if len(attack.data) <= _LONGEST)


TARGET = Target(
    "regf",
    _run,
    _seeds,
    _LONGEST,
    words=(
        b"nk",
        b"vk",
        b"lf",
        b"lh",
        b"li",
        b"ri",
        b"db",
        b"sk",
        b"hbin",
        b"\xff\xff\xff\xff",
        b"\0\0\0\x80",
    ),
)
