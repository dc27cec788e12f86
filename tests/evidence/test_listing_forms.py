"""What holds for every form of a listing beside ``dir`` and its tables."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iiscluster_kb.evidence import (
    HEAD_SIZE,
    _child_items,
    attrib_listing,
    file_objects,
    formats,
    fsutil_listing,
    mft_table,
    tree_listing,
    unix_listing,
    version_table,
)
from iiscluster_kb.model import State
from tests.support import listings_more as more
from tests.support.listing_laws import (
    DLL,
    NODE,
    VOLUME,
    assert_honest_when_cut,
    assert_honest_when_joined,
    cut,
    read,
    read_or_decline,
    trees,
)
from tests.support.listings import bodyfile, case_file, dir_listing, file_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from tests.support.listings import Tree

INETSRV: Tree = NODE["system32"]["inetsrv"]  # type: ignore[index,assignment]  # nested mappings
FIND = "root@lab:~# find /mnt/c/WINNT -ls"
ENUM = "C:\\>fsutil usn enumdata 1 0 0x7fffffff C:"

OF_A_DIRECTORY: list[tuple[ModuleType, Callable[[Tree], bytes]]] = [
    (tree_listing, more.tree_listing),
    (tree_listing, partial(more.tree_listing, ascii_lines=False)),
    (tree_listing, partial(more.tree_listing, ascii_lines=False, encoding="utf-16")),
    (attrib_listing, more.attrib_listing),
    (attrib_listing, partial(more.attrib_listing, directories=True)),
    (attrib_listing, partial(more.attrib_listing, directories=True, first="below", width=21)),
    (attrib_listing, partial(more.attrib_listing, directories=True, first="name")),
    (unix_listing, more.ls_listing),
    (unix_listing, lambda tree: more.ls_listing(tree, all_files=False, style="full-iso")),
    (unix_listing, more.find_listing),
    (unix_listing, lambda tree: more.find_listing(tree, command=FIND)),
    (file_objects, more.file_json),
    (file_objects, partial(more.file_json, version=7, indent=None)),
    (file_objects, more.file_xml),
    (file_objects, partial(more.file_xml, form="list", encoding="utf-8")),
    (file_objects, partial(more.file_xml, form="xml")),
    (version_table, more.sigcheck_csv),
    (version_table, partial(more.sigcheck_csv, delimiter="\t", banner=False, encoding="utf-8")),
]
OF_A_VOLUME: list[tuple[ModuleType, Callable[[Tree], bytes]]] = [
    (mft_table, partial(more.mft_csv, source_file="C:\\$MFT")),
    (fsutil_listing, partial(more.enumdata, command=ENUM)),
]
SAMPLES: list[tuple[ModuleType, bytes]] = [
    *((module, write(NODE)) for module, write in OF_A_DIRECTORY),
    *((module, write(VOLUME)) for module, write in OF_A_VOLUME),
    (mft_table, more.mft_csv(VOLUME)),
    (fsutil_listing, more.enumdata(VOLUME)),
    (unix_listing, more.ls_listing(NODE, "/mnt/WINNT")),
    (version_table, more.filever(INETSRV)),
    (version_table, more.filever(INETSRV, prompt=None)),
]
IDS = [f"{place}-{module.FORMAT.name}" for place, (module, _) in enumerate(SAMPLES)]


@pytest.mark.parametrize(("module", "data"), SAMPLES, ids=IDS)
def test_one_format_takes_it(module: ModuleType, data: bytes) -> None:
    claims = [form for form in formats() if form.recognises(data[:HEAD_SIZE])]
    assert [form.name for form in claims] == [module.FORMAT.name]


@pytest.mark.parametrize(
    "data", [dir_listing(NODE), file_csv(NODE), bodyfile(VOLUME), b"", b"regf" + bytes(99)]
)
def test_none_takes_what_is_not_its_own(data: bytes) -> None:
    for module, _ in SAMPLES:
        assert not module.FORMAT.recognises(data[:HEAD_SIZE])


@pytest.mark.parametrize(("module", "write"), OF_A_DIRECTORY + OF_A_VOLUME, ids=IDS[:-5])
def test_the_dll_is_there(module: ModuleType, write: Callable[[Tree], bytes]) -> None:
    tree = VOLUME if (module, write) in OF_A_VOLUME else NODE
    entry = read(module.FORMAT, write(tree)).entries[DLL]
    assert entry.path.upper() == DLL
    assert not entry.is_directory
    assert entry.line


@settings(max_examples=25)
@given(st.data())
@pytest.mark.parametrize(("module", "write"), OF_A_DIRECTORY, ids=IDS[: len(OF_A_DIRECTORY)])
def test_cut_anywhere_it_covers_no_directory_that_lacks_an_entry(
    module: ModuleType, write: Callable[[Tree], bytes], data: st.DataObject
) -> None:
    tree = data.draw(trees())
    form = module.FORMAT
    assert_honest_when_cut(form, tree, "C:\\WINNT", data.draw(cut(write(tree))))


@settings(max_examples=25)
@given(st.data())
@pytest.mark.parametrize(("module", "write"), OF_A_VOLUME)
def test_a_volume_cut_anywhere_covers_no_directory_that_lacks_an_entry(
    module: ModuleType, write: Callable[[Tree], bytes], data: st.DataObject
) -> None:
    tree = data.draw(trees())
    form = module.FORMAT
    assert_honest_when_cut(form, tree, "C:\\", data.draw(cut(write(tree))))


@pytest.mark.parametrize(("module", "write"), OF_A_DIRECTORY, ids=IDS[: len(OF_A_DIRECTORY)])
def test_behind_an_interrupted_run_into_the_same_file_it_covers_no_more(
    module: ModuleType, write: Callable[[Tree], bytes]
) -> None:
    assert_honest_when_joined(module.FORMAT, NODE, "C:\\WINNT", write(NODE))


MODULES: list[ModuleType] = [
    attrib_listing,
    file_objects,
    fsutil_listing,
    mft_table,
    tree_listing,
    unix_listing,
    version_table,
]


@settings(max_examples=50)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
@pytest.mark.parametrize("module", MODULES)
def test_any_bytes_are_read_or_declined(module: ModuleType, data: bytes) -> None:
    read_or_decline(module.FORMAT, data)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 20000), st.integers(0, 255)), max_size=30))
@pytest.mark.parametrize(("module", "data"), SAMPLES, ids=IDS)
def test_mutated_listings_are_read_or_declined(
    module: ModuleType, data: bytes, changes: list[tuple[int, int]]
) -> None:
    mutated = bytearray(data)
    for place, value in changes:
        mutated[place % len(mutated)] = value
    read_or_decline(module.FORMAT, bytes(mutated))


@pytest.mark.parametrize(("module", "data"), SAMPLES[:-5], ids=IDS[:-5])
def test_limits(module: ModuleType, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    for limited in (module, _child_items):
        if hasattr(limited, "ROW_LIMIT"):
            monkeypatch.setattr(limited, "ROW_LIMIT", 3)
    if module is unix_listing:
        return  # whole directories are kept, so its limit is tested beside the module
    evidence = module.FORMAT.read(case_file(data))
    assert evidence.state is State.DAMAGED
    assert len(evidence.entries) <= 3
    assert any("only" in note for note in evidence.notes)
