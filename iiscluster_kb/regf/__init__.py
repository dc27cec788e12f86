"""The hive format: bytes to keys and values, with no help but the standard library's."""

from iiscluster_kb.regf.damage import Damage
from iiscluster_kb.regf.keys import Key
from iiscluster_kb.regf.reader import Hive

__all__ = ["Damage", "Hive", "Key"]
