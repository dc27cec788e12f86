"""Doors into tools of others: each module is a plug-in of one of them, and is imported by it or for it alone.

Nothing here is imported by the rest of the package. A module imports its host's package at the top, because
without the host it has no use.
"""
