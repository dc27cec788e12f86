"""What a reader does with the page: copy, save, fold, print, go by keyboard, read it without its script."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.model import (
    Article,
    ArticleSummary,
    Cause,
    MachineProfile,
    Present,
    Remedy,
    Role,
    Source,
    ValueSubject,
    Verdict,
)
from iiscluster_kb.registry import RegistryValue, ValueType, sz
from iiscluster_kb.render import render
from tests.render.html_reports import everything_report
from tests.support.reports import (
    TYPE_KEY,
    case_file,
    empty_report,
    finding,
    full_report,
    infested,
)

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from iiscluster_kb.model import Report
    from tests.browser.accessibility import Axe
    from tests.browser.conftest import Watched

pytestmark = pytest.mark.xdist_group("browser")

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>&lt;\u202e\u2066\x1b[31m\x00 "
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u65e5\u672c\u8a9e \U0001f98a {{7*7}} {% raw %}"
)


def written(report: Report, folder: Path) -> Path:
    (document,) = render(report, "html")
    path = folder / document.name
    path.write_bytes(document.content)
    return path


def without_patches(report: Report) -> Report:
    """A hostile key has no .reg form; such a patch is never made."""
    return replace(report, remedy=replace(report.remedy, patches=()))


def test_commands_are_copied(watched: Watched, tmp_path: Path) -> None:
    path = written(full_report(), tmp_path)
    page = watched.open(path)
    button = page.get_by_role("button", name="Copy the commands of step 1")
    button.click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "net stop clussvc\ncopy CLUSDB A:\\"
    watched.assert_quiet(path)


def test_commands_are_copied_where_the_clipboard_is_closed_to_scripts(
    watched: Watched, tmp_path: Path
) -> None:
    page = watched.open(written(full_report(), tmp_path))
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('closed')); }")
    page.get_by_role("button", name="Copy the commands of step 2").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "regedit NODE1.reg"


def test_patches_are_saved_byte_for_byte(watched: Watched, tmp_path: Path) -> None:
    report = full_report()
    path = written(report, tmp_path)
    page = watched.open(path)
    delivered = {document.name: document.content for document in render(report, "reg")}
    saved = {}
    for link in page.locator("a.save").all():
        with page.expect_download() as download:
            link.click()
        saved[download.value.suggested_filename] = download.value.path().read_bytes()
    assert saved == delivered
    assert watched.complaints == []


def test_steps_are_ticked_off(watched: Watched, tmp_path: Path) -> None:
    page = watched.open(written(full_report(), tmp_path))
    page.get_by_label("Done: Step 2.").check()
    assert page.get_by_role("status").inner_text() == "1 of 4 steps done"


def test_everything_unfolds_and_folds_at_once(watched: Watched, tmp_path: Path) -> None:
    page = watched.open(written(full_report(), tmp_path))
    button = page.get_by_role("button", name="Show all details")
    button.click()
    assert page.locator("details:not([open])").count() == 0
    button.click()
    assert page.locator("details[open]").count() == 0


def test_a_link_opens_what_is_folded(watched: Watched, tmp_path: Path) -> None:
    page = watched.open(written(full_report(), tmp_path))
    assert page.locator("details#finding-0").get_attribute("open") is None
    page.locator("a[href='#finding-0']").first.click()
    page.locator("details#finding-0[open]").wait_for()


def test_what_is_alike_and_whole_is_folded(watched: Watched, tmp_path: Path) -> None:
    page = watched.open(written(everything_report(), tmp_path))
    assert page.get_by_role("row", name="Clusiis4.dll").is_visible()
    assert not page.get_by_text("service pack", exact=True).is_visible()
    page.get_by_text("1 alike, 1 too little known").click()
    assert page.get_by_text("service pack", exact=True).is_visible()
    assert page.locator("#extensions").get_by_text("BROKEN", exact=True).is_visible()
    whole = page.locator("#extensions").get_by_text("whole", exact=True)
    assert not whole.is_visible()
    page.get_by_text("1 whole chain").click()
    assert whole.is_visible()


def test_the_top_leads_to_what_is_worth_knowing(watched: Watched, tmp_path: Path) -> None:
    page = watched.open(written(everything_report(), tmp_path))
    page.get_by_role("link", name="Worth knowing: 1 note").click()
    assert page.evaluate("location.hash") == "#known"
    assert page.get_by_text("It is older than that build.").is_visible()


def test_the_first_key_leads_past_the_navigation(watched: Watched, tmp_path: Path) -> None:
    page = watched.open(written(full_report(), tmp_path))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_it_is_read_and_printed_without_its_script(browser: Browser, tmp_path: Path) -> None:
    path = written(full_report(), tmp_path)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.get_by_role("button").count() == 0
    page.get_by_label("Done: Step 2.").check()
    folded = page.locator("details.reg pre").first
    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.is_visible()
    assert not page.locator("nav").is_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF-")
    context.close()


def test_hostile_evidence_is_text(watched: Watched, axe: Axe, tmp_path: Path) -> None:
    path = written(infested(without_patches(everything_report()), HOSTILE), tmp_path)
    page = watched.open(path)
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1
    shown = page.evaluate("document.body.textContent")
    for text in (
        "<script>alert(1)</script>",
        "&lt;",
        "\\u202e\\u2066\\x1b[31m\\x00",
        "\u65e5\u672c\u8a9e",
        "{{7*7}}",
    ):
        assert text in shown
    assert not {"\u202e", "\u2066", "\x1b"} & {*shown}
    watched.assert_narrow_enough()
    axe.assert_accessible(page)
    watched.assert_quiet(path)


@pytest.mark.parametrize(
    "report",
    [empty_report(), full_report(), everything_report()],
    ids=["nothing readable", "every verdict", "everything in it"],
)
def test_odd_reports_are_accessible(report: Report, watched: Watched, axe: Axe, tmp_path: Path) -> None:
    path = written(report, tmp_path)
    page = watched.open(path)
    watched.assert_narrow_enough()
    axe.assert_accessible(page)
    watched.assert_quiet(path)


def test_five_hundred_findings_with_long_values_open(watched: Watched, tmp_path: Path) -> None:
    long_value = RegistryValue("v", ValueType.REG_SZ, sz("x" * 32_767))
    fact = Present(
        ValueSubject("NODE1", TYPE_KEY, "n" * 3_000), long_value, Source(case_file("NODE1/CLUSDB"), None, 1)
    )
    one = finding(verdict=Verdict.CONFIRMED, facts=(fact,), explanation="y" * 5_000)
    findings = tuple(
        replace(one, cause=Cause(f"Q{100000 + n // 20}/c{n % 20}", f"Fault {n}"), machine=f"NODE{1 + n % 8}")
        for n in range(500)
    )
    articles = tuple(
        ArticleSummary(Article(f"Q{n}", "Title", "https://example.org/"), Verdict.CONFIRMED, "Told.", ())
        for n in range(100_000, 100_025)
    )
    nodes = tuple(
        MachineProfile(f"NODE{n}", Role.NODE, "4.0", "6a", "x86", "C:\\WINNT", 1) for n in range(1, 9)
    )
    report = replace(full_report(), findings=findings, articles=articles, machines=nodes, remedy=Remedy())
    path = written(report, tmp_path)
    assert path.stat().st_size < 4_000_000
    page = watched.open(path)
    assert page.locator("[id^='finding-']:not(h3)").count() == 500
    watched.assert_narrow_enough()
    watched.assert_quiet(path)
