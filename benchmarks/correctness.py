"""What ours reads held to what its peers read, each difference explained or reported: Markdown.

    python benchmarks/correctness.py [--write] [--jobs N] [--only hives|texts|listings|images|cabinets]

Hives: keys, value names, types, raw data and times of every hive in the corpus and the fixtures, and of those that
the tests' writer makes, with every installed reader. Text: what other programs import and export. Listings: what
real programs print of a tree. Images and cabinets: headers and bytes. Each kind of difference that is understood has
its explanation in the program; exit status 1: there is one of no known kind. With ``--write`` the page goes to
``docs/correctness.md``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from _hive_section import LARGEST, SECONDS, compare_hives
from _hive_sources import ROOT
from _image_section import compare_cabinets, compare_images
from _listing_section import compare_listings
from _pages import debian_version, distribution, heading
from _peers import installed
from _text_programs import Wine
from _text_programs import versions as program_versions
from _text_section import compare_texts

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = ROOT / "docs/correctness.md"
HIVES = f"""
Each reader walks each hive in a process of its own ({SECONDS} s of processor time, 2 GiB), without transaction logs,
reading on past whatever it raises. Keys are matched from the root on, subkeys and values in the order of the hive.
Compared are names, last-written times to the microsecond, types, and raw data; regipy gives no raw data, so what it
decodes is held to the bytes. **corpus**: real hives; **fixtures**: those of the scenarios, each different one once;
**written**: one tree in versions 1.1 to 1.6 with li, lf, lh and ri lists, big data, and what Windows would not write.
{"; ".join(f"{name} is given hives up to {size >> 20} MB" for name, size in LARGEST.items())}, since they take minutes
for more. A subtree that a reader lacks counts its keys. Sections are those of the "Windows registry file format
specification" (msuhanov/regf).
"""
TEXTS = """
Values at which writers and readers have gone wrong, each in a key of its own: ours writes the text, the program
imports it into an empty registry or hive and exports it, and ours reads that. The corpus' exports were made by the
programs from a known tree. Wine and Samba stand for Windows here; no regedit of Microsoft's was at hand.
"""
LISTINGS = """
A made tree of files and directories, with blanks, dots and letters beyond ASCII in their names, listed by real
programs. Every entry must be found with its size, nothing else, and a directory may count as listed whole only if it
is one. That fewer count as whole than there are is meant: the last directory of `ls -R` and of Export-Csv may be cut
off, quoted names show a terminal, and nothing shows what `find` left out. Bare paths (`/b`) carry no sizes.
"""
IMAGES = """
The corpus' DLL, images of the tests' writer for each processor, and Wine's own DLLs, which another linker built. Each
column counts the images of which the peer says the same. Link times are pefile's; objdump is asked for machine and
exports, of the processors that it knows.
"""
CABINETS = """
The corpus' cabinets, and stored, MSZIP and (with libarchive) LZX ones that the tests' writer and gcab made: every name
and every byte.
"""


class Comparison(Protocol):
    """What a section comes to."""

    unexplained: list[str]

    def markdown(self) -> str:
        """Its tables."""
        ...


def sections(
    folder: Path, wine: Wine | None, jobs: int
) -> dict[str, tuple[str, str, Callable[[], Comparison]]]:
    """Title, introduction and comparison of each section, by name."""
    peers = [*installed(without=frozenset({"impacket"}))]
    return {
        "hives": ("Hives", HIVES, lambda: compare_hives(peers, jobs=jobs)),
        "texts": (".reg text", TEXTS, lambda: compare_texts(folder, wine)),
        "listings": ("Listings", LISTINGS, lambda: compare_listings(folder, wine)),
        "images": ("DLLs", IMAGES, lambda: compare_images(folder, wine)),
        "cabinets": ("Cabinets", CABINETS, lambda: compare_cabinets(folder)),
    }


def page(parts: list[tuple[str, str, Comparison]]) -> tuple[str, list[str]]:
    """The document, and what no kind explains."""
    unexplained = [f"{title}: {line}" for title, _, done in parts for line in done.unexplained]
    known = {name: distribution(name) or "" for name in ("pefile",)}
    known |= {
        name: debian_version(name) or ""
        for name in ("binutils", "cabextract", "gcab", "coreutils", "findutils")
    }
    versions = (
        installed(without=frozenset({"impacket"}))
        | program_versions()
        | {k: v for k, v in known.items() if v}
    )
    text = [
        heading("Correctness beside peers", "python benchmarks/correctness.py --write", versions),
        f"Differences that no known kind explains: **{len(unexplained)}**.",
    ]
    text += [f"- {line}" for line in unexplained]
    for title, introduction, done in parts:
        text += [f"## {title}", introduction.strip(), done.markdown()]
    return "\n\n".join(text) + "\n", unexplained


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    parser.add_argument("--only", action="append", help="a section; may be given more than once")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="hives at a time")
    options = parser.parse_args()
    # Wine's server may still write while the folder is taken away.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made, contextlib.ExitStack() as stack:
        folder = Path(made)
        needs_wine = not options.only or {"texts", "listings", "images"} & set(options.only)
        wine = None
        if needs_wine and shutil.which("wine"):
            (folder / "wine").mkdir()
            wine = stack.enter_context(Wine(folder / "wine"))
        chosen = [
            section
            for name, section in sections(folder, wine, options.jobs).items()
            if not options.only or name in options.only
        ]
        with ThreadPoolExecutor(2) as pool:  # the hives beside all else, which shares one Wine
            compared = pool.map(lambda section: section[2](), chosen)
            parts = [(title, text, done) for (title, text, _), done in zip(chosen, compared, strict=True)]
    text, unexplained = page(parts)
    if options.write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        print(text)
    for line in unexplained:
        print(f"Unexplained: {line}", file=sys.stderr)
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
