"""Prints where the plug-in of dissect.target lies, for its ``--plugin-path``."""

from pathlib import Path

print(Path(__file__).with_name("dissect_plugin.py"))  # noqa: T201 - the answer
