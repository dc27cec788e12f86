"""What is done beside the tests, each by ``nox -f .ci/noxfile.py -s NAME``: see docs/supply-chain.md."""  # noqa: INP001 - no package

from __future__ import annotations

from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / ".ci" / "lock.txt"
DIST = ROOT / "dist"
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.envdir = ROOT / ".cache" / "nox"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["tests"]


def _run_tests(session: nox.Session) -> None:
    session.run("python", "-m", "pytest", *(session.posargs or ["-q", "-n", "auto", "--dist", "loadgroup"]))


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on each interpreter that is found, with what is locked."""
    session.chdir(ROOT)
    session.install("--require-hashes", "-r", str(LOCK))
    session.install("--no-deps", "-e", ".")
    _run_tests(session)


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest releases that pyproject.toml admits of what is named there."""
    session.chdir(ROOT)
    session.install("--resolution", "lowest-direct", "-e", ".[dev]")
    _run_tests(session)


@nox.session(python=PYTHONS)
def newest(session: nox.Session) -> None:
    """Run the tests with the newest releases of everything."""
    session.chdir(ROOT)
    session.install("--upgrade", "-e", ".[dev]")
    _run_tests(session)


@nox.session(venv_backend="none")
def lock(session: nox.Session) -> None:
    """Write .ci/lock.txt anew; ``-- --upgrade`` takes what is newer, ``-- --upgrade-package NAME`` one package."""
    session.chdir(ROOT)
    session.run(
        *("uv", "pip", "compile", "pyproject.toml", "--all-extras", "--group", "supply"),
        *("--universal", "--python-version", PYTHONS[0], "--generate-hashes"),
        *("--no-annotate", "--no-emit-index-url", "--quiet", "--output-file", str(LOCK.relative_to(ROOT))),
        *("--custom-compile-command", "nox -f .ci/noxfile.py -s lock"),
        *session.posargs,
        silent=True,
    )


@nox.session(venv_backend="none")
def audit(session: nox.Session) -> None:
    """Ask whether advisories are known of what is locked."""
    session.chdir(ROOT)
    session.run("python", "-m", "tests.supply.audit")


@nox.session
def distributions(session: nox.Session) -> None:
    """Build the sdist, and from it the wheel, into dist/; install the wheel alone and examine a case with it."""
    session.chdir(ROOT)
    session.install("--constraint", str(LOCK), "build", "hatchling", "twine")
    epoch = session.run("git", "log", "-1", "--format=%ct", external=True, silent=True)
    session.run("python", "-m", "build", "--no-isolation", env={"SOURCE_DATE_EPOCH": str(epoch).strip()})
    session.run("twine", "check", "--strict", *map(str, DIST.glob("*.whl")), *map(str, DIST.glob("*.tar.gz")))
