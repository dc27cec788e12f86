"""The report as a CASE/UCO bundle (JSON-LD), the form in which forensic laboratories exchange provenance.

The examination is an investigative action: its objects are the files of the case with their hashes, its results the
findings, its errors the files that could not be used. Each file has a provenance record, each registry key and value
that a finding cites is an observable that lies at an offset of one of the files, and each finding is an analytic
result that classifies what it was judged by. Terms: CASE 1.4 with UCO 1.4.

Identifiers are UUIDs of version 5, made from what they stand for, so that the same case gives the same bundle; no time
of the examination is stated, as nothing but the evidence speaks here.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import iiscluster_kb
from iiscluster_kb.model import Document
from iiscluster_kb.render import Renderer
from iiscluster_kb.render._analytic_results import analytic_result
from iiscluster_kb.render._exhibits import computer, exhibit, record, unused
from iiscluster_kb.render._linked_data import CONTEXT, Graph, clean, identifier
from iiscluster_kb.render.json import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.model import Report
    from iiscluster_kb.render import View
    from iiscluster_kb.render._linked_data import Node

__all__ = ["RENDERER"]


def _render(report: Report, _view: View) -> Iterator[Document]:
    graph = Graph()
    identity = _identity(report)
    tool = graph.put(
        "tool",
        (iiscluster_kb.__version__,),
        "uco-tool:AnalyticTool",
        {
            "uco-core:name": "iiscluster-kb",
            "uco-tool:version": iiscluster_kb.__version__,
        },
    )
    files = {artifact.path: exhibit(graph, artifact) for artifact in report.artifacts}
    records = [record(graph, artifact, files[artifact.path]) for artifact in report.artifacts]
    machines = {machine.name: computer(graph, machine, identity) for machine in report.machines}
    results = [
        analytic_result(graph, finding, identity, files, machines, report) for finding in report.findings
    ]
    action = graph.put(
        "examination",
        (identity,),
        "case-investigation:InvestigativeAction",
        {
            "uco-core:name": "Examination by iiscluster-kb",
            "uco-action:instrument": [tool],
            "uco-action:object": list(files.values()),
            "uco-action:result": [*records, *results],
            "uco-action:error": [unused(graph, skipped, identity) for skipped in report.skipped],
        },
    )
    graph.put(
        "investigation",
        (identity,),
        "case-investigation:Investigation",
        {
            "uco-core:name": clean(report.case),
            "uco-core:description": [clean(summary.summary) for summary in report.articles],
            "case-investigation:focus": ["IIS on a Windows NT cluster"],
            "uco-core:object": [action, *records],
        },
    )
    bundle: Node = {
        "@id": identifier("bundle", (identity,)),
        "@type": "uco-core:Bundle",
        "uco-core:name": clean(report.cluster or report.case),
        "uco-core:object": [{"@id": name} for name, node in graph.nodes.items() if _is_object(node)],
    }
    told: Node = {"@context": CONTEXT, "@graph": [bundle, *graph.nodes.values()]}
    yield Document("report.jsonld", encode(told))


def _identity(report: Report) -> str:
    """What tells this case from others: its name, and the content of every file that was read."""
    parts = [report.case, *(part for one in report.artifacts for part in (one.path, one.sha256))]
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _is_object(node: Node) -> bool:
    """Whether a node stands for itself; facets, hashes and values are parts of such a one."""
    inherent = ("Facet", ":Hash", ":WindowsRegistryValue", ":ArtifactClassification", ":ExternalReference")
    return not str(node["@type"]).endswith(inherent)


RENDERER = Renderer("case", _render)
