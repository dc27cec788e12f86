r"""The format ``file-objects``: what ``Get-ChildItem -Recurse`` gave, as XML or as JSON.

``Export-Clixml``, ``ConvertTo-Xml`` and ``ConvertTo-Json`` keep the order of the items, and directories are
covered as in their CSV (``_child_items``). The first damaged object ends the reading; what those before it
show whole stays whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.evidence import EvidenceFormat
from iiscluster_kb.evidence._child_items import ChildItems, is_child_item
from iiscluster_kb.evidence._object_json import ObjectJson, looks_like_object_json
from iiscluster_kb.evidence._object_xml import ObjectXml, looks_like_object_xml
from iiscluster_kb.evidence._rows import ROW_LIMIT
from iiscluster_kb.evidence._table import as_evidence
from iiscluster_kb.evidence._text import decode, looks_like_text

if TYPE_CHECKING:
    from iiscluster_kb.model import CaseFile, FileEvidence

__all__ = ["FORMAT"]

_NAME = "file-objects"


def _recognises(head: bytes) -> bool:
    if not looks_like_text(head):
        return False
    text = decode(head).text
    return looks_like_object_json(text) or (looks_like_object_xml(text) and "FullName" in text)


def _read(file: CaseFile) -> FileEvidence:
    text = decode(file.content.map()).text
    objects = ObjectXml(text) if text.lstrip().startswith("<") else ObjectJson(text)
    items = ChildItems()
    for line, told in objects:
        if items.full:
            objects.give_up(f"line {line}: only {ROW_LIMIT} objects are read")
            break
        if is_child_item(told):
            items.add(told, line)
        else:
            objects.give_up(f"line {line}: no file or directory; nothing from here on is read")
            break
    return as_evidence(file, _NAME, items.table(objects.problem))


FORMAT = EvidenceFormat(_NAME, _recognises, _read)
