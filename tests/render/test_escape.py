from __future__ import annotations

import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from iiscluster_kb.remedy.naming import safe_file_name
from iiscluster_kb.render._escape import code_span, fenced, markdown, printable, prose, visible

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("\x1b", r"\x1b"),
        ("\n", r"\x0a"),
        ("\x9b", r"\x9b"),
        ("\u202e", r"\u202e"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_an_unshowable_character_becomes_its_escape(character: str, shown: str) -> None:
    assert visible(character) == shown
    assert printable(f"a{character}b") == f"a{shown}b"


@pytest.mark.parametrize("text", [r"C:\WINNT\system32", "Gruppe für Ärger", "集群", "a b", "�", "😀"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


@given(ANY_TEXT)
def test_printable_text_holds_nothing_that_a_terminal_obeys_or_hides(text: str) -> None:
    shown = printable(text)
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not [
        c for c in shown if unicodedata.bidirectional(c) in {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI"}
    ]
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")


def shown_by_reader(source: str) -> str:
    """The text that a CommonMark reader shows for a paragraph, or a failure where there is more than text."""
    page = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(source)
    match = re.fullmatch(r"<p>([^<]*)</p>\n", page)
    assert match, page
    return html.unescape(match[1])


@given((ANY_TEXT | st.text("\\`*_[]()<>#+-.!|~&:/=1a \t@wW$\"'")).map(str.strip).filter(bool))
def test_a_markdown_reader_shows_the_text_itself_and_makes_nothing_of_it(text: str) -> None:
    shown = printable(text).strip()
    if shown:
        assert shown_by_reader(markdown(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "# heading",
        "- item",
        "+ item",
        "12. item",
        "1) item",
        "===",
        "> quote",
        "[link](http://example.org)",
        "<script>alert(1)</script>",
        "&lt;b&gt;",
        "`code`",
        "*a* _b_ ~~c~~",
        "![i](x)",
        "\\",
        r"\*not bold\*",
        "| a | b |",
        "    code",
        "---",
    ],
)
def test_markdown_syntax_is_disarmed(text: str) -> None:
    assert shown_by_reader(markdown(text)) == text.strip()


def test_what_readers_link_unasked_is_disarmed() -> None:
    assert markdown("http://a.example www.b.example c@d.example") == (
        r"http\://a.example www\.b.example c\@d.example"
    )


def test_windows_paths_stay_readable_in_markdown() -> None:
    assert markdown(r"C:\WINNT\system32") == r"C:\WINNT\system32"


@given(ANY_TEXT | st.text("` |a"))
def test_a_code_span_shows_its_text(text: str) -> None:
    page = MarkdownIt("commonmark").render(f"a{code_span(text)}b")
    match = re.fullmatch(r"<p>a<code>([^<]*)</code>b</p>\n", page)
    assert match, page
    if text.strip():
        assert html.unescape(match[1]) == printable(text).replace("|", r"\x7c")


@given(st.lists(ANY_TEXT, max_size=4))
def test_a_fenced_block_cannot_be_left(lines: list[str]) -> None:
    page = MarkdownIt("commonmark").render("\n".join(fenced(lines)))
    assert page.count("<pre>") == 1
    assert page.endswith("</code></pre>\n")


def shown_in_prose(source: str) -> str:
    """The text of one paragraph of text and code alone, as it is seen."""
    (inline,) = (
        block for block in MarkdownIt("commonmark", {"html": True}).parse(source) if block.type == "inline"
    )
    assert all(token.type in {"text", "code_inline"} for token in inline.children or ())
    return "".join(token.content for token in inline.children or ()).replace("|", r"\x7c")


@given(ANY_TEXT)
def test_prose_shows_exactly_its_text(text: str) -> None:
    expected = printable(text).strip()
    if expected:
        assert shown_in_prose(prose(text)) == expected.replace("|", r"\x7c")


@given(st.lists(st.sampled_from(["@x", "#1", "a@b.c", " ", "http://x", "`", "|", ":+1:", "text", "-"])))
def test_prose_shows_words_that_would_be_links(parts: list[str]) -> None:
    text = "".join(parts).strip()
    if text:
        assert shown_in_prose(prose(text)) == text.replace("|", r"\x7c")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("ask @octocat, or #12", "ask `@octocat,` or `#12`"),
        ("see https://example.org/ now", "see `https://example.org/` now"),
        ("from 0123456789abcdef on", "from `0123456789abcdef` on"),
        ("of 65,664 bytes in C:\\WINNT", "of 65,664 bytes in C:\\WINNT"),
        ("at 10:11:12 :+1:", "at 10:11:12 `:+1:`"),
        ("", ""),
    ],
)
def test_prose_makes_code_of_words_that_readers_link(text: str, source: str) -> None:
    assert prose(text) == source


def test_prose_takes_a_word_of_any_length() -> None:
    assert len(prose("x" * 300_000)) == 300_000


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        ("NODE1", "NODE1"),
        ("node-2.corp_x", "node-2.corp_x"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\..\\boot", "_.._boot"),
        ("..", "machine"),
        ("", "machine"),
        ("-rf", "rf"),
        ("con", "_con"),
        ("LPT1.x", "_LPT1.x"),
        ("CONSOLE", "CONSOLE"),
        ("a\nb:c", "a_b_c"),
        ("Ä", "_"),
        ("x" * 300, "x" * 64),
    ],
)
def test_a_machine_name_becomes_a_file_name(machine: str, name: str) -> None:
    assert safe_file_name(machine) == name


@given(ANY_TEXT)
def test_no_machine_name_leaves_its_folder(machine: str) -> None:
    name = safe_file_name(machine)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name)
    assert not name.endswith(".")
