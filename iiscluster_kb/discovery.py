"""Finds the plug-in constant of each module in a folder, so that one new file is a whole addition."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import TypeVar

__all__ = ["discover", "load", "names"]

_T = TypeVar("_T")


def discover(package: str, constant: str, kind: type[_T]) -> tuple[_T, ...]:
    """Import every public module of the imported ``package`` and collect its constant, by module name.

    A module whose name begins with an underscore is a helper and is not asked.

    Raises:
        TypeError: A module lacks the constant or holds something else under its name. That is a
            mistake in the package itself, never in a case.
    """
    return tuple(load(package, name, constant, kind) for name in names(package))


def names(package: str) -> tuple[str, ...]:
    """Names of the public modules of the imported ``package``, in order, without importing one."""
    found = (info.name for info in pkgutil.iter_modules(sys.modules[package].__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def load(package: str, name: str, constant: str, kind: type[_T]) -> _T:
    """Import one module of ``package`` and take its constant.

    Raises:
        TypeError: The module lacks it or holds something else under its name, as ``discover`` says.
    """
    module = importlib.import_module(f"{package}.{name}")
    plug_in = getattr(module, constant, None)
    if not isinstance(plug_in, kind):
        raise TypeError(f"{module.__name__} holds no {constant} of type {kind.__name__}")
    return plug_in
