"""The tutorial notebook runs from its first cell to its last, and prints what it shows."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest

from tests.support.scenarios import ROOT

TUTORIAL = ROOT / "docs" / "tutorial.ipynb"
NEEDED = ("nbformat", "nbclient", "ipykernel", "pandas")
MISSING = [name for name in NEEDED if find_spec(name) is None]
# In a process of its own: a warning of Jupyter's own packages is none of ours.
RUN = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
for cell in notebook.cells:
    if cell.cell_type == "code":
        cell.outputs = []
nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": sys.argv[2]}}).execute()
sys.stdout.write(nbformat.writes(notebook))
"""


def printed(notebook: Any) -> list[str]:
    """What each cell printed; how a frame looks depends on the version of its package."""
    return [
        "".join(
            "".join(output["text"]) for output in cell.get("outputs", ()) if output["output_type"] == "stream"
        )
        for cell in notebook["cells"]
    ]


@pytest.mark.skipif(bool(MISSING), reason=f"the notebook needs {', '.join(MISSING)}")
def test_the_tutorial_runs_and_prints_what_it_shows() -> None:
    result = subprocess.run(
        [sys.executable, "-c", RUN, str(TUTORIAL), str(TUTORIAL.parent)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    shown = json.loads(TUTORIAL.read_text("utf-8"))
    # Where this differs on purpose: jupyter execute --inplace docs/tutorial.ipynb
    assert printed(json.loads(result.stdout)) == printed(shown)


def test_no_path_of_a_machine_is_in_the_tutorial() -> None:
    text = TUTORIAL.read_text("utf-8")
    assert str(ROOT) not in text
    assert '"output_type": "error"' not in text
