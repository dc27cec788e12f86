"""Who reads each output, and the test in which that reader was shown the hostile cases."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CONSUMERS"]


@dataclass(frozen=True)
class Consumer:
    """A reader of results."""

    output: str
    reader: str
    shown: str
    """What did not happen, in words."""
    test: str
    """``file::function`` below ``tests``."""


CONSUMERS = (
    Consumer(
        "`text`, `inspect`, errors",
        "a terminal (pyte), and the program on a pseudo-terminal",
        "it drew, coloured and fed lines, and did nothing else; every character unseen is written as an escape",
        "injection/test_commands.py::test_a_real_terminal_is_told_to_draw_alone",
    ),
    Consumer(
        "`text`, `plan`, `steps`",
        "a terminal (pyte)",
        "what it drew is the file, less our own colours",
        "injection/test_outputs.py::test_a_terminal_draws_and_does_nothing_else",
    ),
    Consumer(
        "all that people read",
        "Unicode's categories",
        "no control, format or bidirectional character, no separator of lines, no lone surrogate",
        "injection/test_outputs.py::test_nothing_unseen_is_in_what_people_read",
    ),
    Consumer(
        "`html`",
        "Chromium",
        "no script ran, nothing was asked for, no element, handler, comment or address came in",
        "browser/test_injection.py::test_no_text_of_evidence_becomes_a_part_of_the_page",
    ),
    Consumer(
        "`reg`",
        "Wine's regedit",
        "one import of every patch wrote the proved values and no other name",
        "judges/test_wine.py::test_nothing_that_evidence_smuggles_is_written",
    ),
    Consumer(
        "`reg`",
        "our own parser, the one that the proof uses",
        "no key and no value beside those proved",
        "injection/test_outputs.py::test_a_patch_writes_what_was_proved_and_no_more",
    ),
    Consumer(
        "`csv`",
        "Python's csv, DuckDB",
        "no cell begins a formula, none moved",
        "injection/test_outputs.py::test_no_cell_is_a_formula_and_none_moves",
    ),
    Consumer(
        "`jsonl`",
        "a reader of lines, DuckDB",
        "a line is a finding, and the texts come out as they went in",
        "injection/test_outputs.py::test_each_line_of_json_is_one_finding",
    ),
    Consumer(
        "`sarif`",
        "a reader of addresses",
        "every address is relative and climbs nowhere",
        "injection/test_outputs.py::test_no_address_of_a_log_leads_out",
    ),
    Consumer(
        "`markdown`, `plan`",
        "markdown-it",
        "no HTML, no picture, no link but those to the articles",
        "injection/test_outputs.py::test_a_reader_of_markdown_makes_nothing_of_it",
    ),
    Consumer(
        "commands of the plan and the step sheets",
        "a rule for what an interpreter obeys",
        "no metacharacter, no foreign variable, quotes in pairs; what evidence says is quoted or not there",
        "injection/test_outputs.py::test_no_command_is_what_evidence_wrote",
    ),
    Consumer(
        "kit, `csv`, `steps`",
        "the same readers",
        "the same where a machine is named by the hostile text alone, so that cells and file names begin with it",
        "injection/test_names.py::test_a_name_that_attacks_from_its_first_letter",
    ),
    Consumer(
        "machines",
        "two that look alike",
        "two machines, two sheets",
        "injection/test_names.py::test_machines_that_look_alike_stay_apart",
    ),
    Consumer(
        "the fix kit",
        "the disk",
        "every file is in the kit, under a name that Windows and POSIX take, of no device",
        "injection/test_outputs.py::test_every_file_of_a_kit_stays_in_it",
    ),
    Consumer(
        "`triage`: store, kits, exports, report",
        "DuckDB, the disk, an HTML parser",
        "names are stored as they are and obeyed by nobody; nothing is written beside what was asked for",
        "injection/test_commands.py::test_a_store_keeps_texts_and_obeys_none",
    ),
)
