"""A graph of linked data (JSON-LD) in the terms of CASE and UCO."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias
from uuid import NAMESPACE_DNS, uuid5

from iiscluster_kb.render._escape import visible
from iiscluster_kb.render._words import moment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from iiscluster_kb.render.json import Json

__all__ = ["CONTEXT", "Graph", "Node", "clean", "identifier", "utc"]

_UCO = "https://ontology.unifiedcyberontology.org/uco"
CONTEXT: dict[str, Json] = {
    "kb": "http://example.org/kb/",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    **{
        f"uco-{name}": f"{_UCO}/{name}/"
        for name in ("action", "analysis", "core", "observable", "tool", "types")
    },
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""The prefixes of a bundle."""
_NAMESPACE = uuid5(NAMESPACE_DNS, "iiscluster-kb")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What RDF in its XML form cannot carry, or only as an escape that few readers take."""

Node: TypeAlias = "dict[str, Json]"


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by identifier: what is cited twice is told once."""

    nodes: dict[str, Node] = field(default_factory=dict)

    def put(self, kind: str, parts: Iterable[str], type_: str, properties: Node) -> Json:
        """Add a node unless it is there, and give the reference to it.

        Args:
            kind: Begins the identifier, for eyes.
            parts: What the node stands for; the same parts are the same node.
            type_: Its class.
            properties: By term; what is None or empty is left out.
        """
        name = identifier(kind, parts)
        told = {term: value for term, value in properties.items() if value not in (None, [])}
        self.nodes.setdefault(name, {"@id": name, "@type": type_, **told})
        return {"@id": name}


def identifier(kind: str, parts: Iterable[str]) -> str:
    """The name of what the parts stand for, as far as hashes tell things apart."""
    digest = sha256("\0".join((kind, *parts)).encode("utf-8", "surrogatepass")).hexdigest()
    return f"kb:{kind}-{uuid5(_NAMESPACE, digest)}"


def clean(text: str) -> str:
    """The text with what RDF cannot carry made visible."""
    return _NOT_IN_XML.sub(lambda match: visible(match[0]), text)


def utc(time: datetime | None) -> Json:
    """Only a time in UTC is one; a listing's is local to a place that nobody names."""
    if time is None or time.tzinfo is None:
        return None
    return {"@type": "xsd:dateTime", "@value": moment(time)}
