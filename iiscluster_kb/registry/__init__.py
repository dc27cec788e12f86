"""Vocabulary of the registry: pure, knows no file and no dependency."""

from iiscluster_kb.registry.keys import HKLM, KeyPath, fold, upcase
from iiscluster_kb.registry.tree import MemoryKey, RegistryKey, descend
from iiscluster_kb.registry.values import RegistryValue, ValueType, multi_sz, sz

__all__ = [
    "HKLM",
    "KeyPath",
    "MemoryKey",
    "RegistryKey",
    "RegistryValue",
    "ValueType",
    "descend",
    "fold",
    "multi_sz",
    "sz",
    "upcase",
]
