"""How the evidence spells a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.registry import KeyPath

if TYPE_CHECKING:
    from iiscluster_kb.model import Present

__all__ = ["spelled"]


def spelled(fact: Present[object]) -> KeyPath:
    """The key that a registry fact was read from, as the evidence spells it: a patch must hit it, not make another."""
    if fact.source is None or fact.source.key is None:
        raise AssertionError(f"a registry fact without a key: {fact.subject}")
    return KeyPath.parse(fact.source.key)
