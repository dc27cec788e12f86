"""Diagnoses IIS 4.0 on Windows NT clusters from collected evidence, offline."""

__version__ = "0.1.0"
