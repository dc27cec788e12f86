"""Finds the plug-in constant of each module in a folder, so that one new file is a whole addition."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import TypeVar

__all__ = ["discover"]

_T = TypeVar("_T")


def discover(package: str, constant: str, kind: type[_T]) -> tuple[_T, ...]:
    """Import every public module of the imported ``package`` and collect its constant, by module name.

    A module whose name begins with an underscore is a helper and is not asked.

    Raises:
        TypeError: A module lacks the constant or holds something else under its name. That is a
            mistake in the package itself, never in a case.
    """
    found = []
    folders = sys.modules[package].__path__
    for info in sorted(pkgutil.iter_modules(folders), key=lambda info: info.name):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package}.{info.name}")
        plug_in = getattr(module, constant, None)
        if not isinstance(plug_in, kind):
            raise TypeError(f"{module.__name__} holds no {constant} of type {kind.__name__}")
        found.append(plug_in)
    return tuple(found)
