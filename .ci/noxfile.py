"""What is done beside the tests, each by ``nox -f .ci/noxfile.py -s NAME``: see docs/supply-chain.md."""  # noqa: INP001 - no package

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / ".ci" / "lock.txt"
DIST = ROOT / "dist"
HERE = Path(sys.executable).parent
"""Where nox lies, and with it what the group `supply` brings."""
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
        *(str(HERE / "uv"), "pip", "compile", "pyproject.toml", "--all-extras", "--group", "supply"),
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
    session.run(sys.executable, "-m", "tests.supply.audit")


@nox.session(python=PYTHONS[0])
def sbom(session: nox.Session) -> None:
    """Write dist/iiscluster_kb.cdx.json: what an installation with all extras brings, as locked."""
    session.chdir(ROOT)
    session.install("--constraint", str(LOCK), ".[all]")
    DIST.mkdir(exist_ok=True)
    session.run(
        *(str(HERE / "cyclonedx-py"), "environment", "--pyproject", "pyproject.toml"),
        *(
            "--output-reproducible",
            "--output-format",
            "JSON",
            "--output-file",
            str(DIST / "iiscluster_kb.cdx.json"),
        ),
        str(Path(session.bin) / "python"),
        external=True,
    )


@nox.session(venv_backend="none")
def distributions(session: nox.Session) -> None:
    """Build the sdist and the wheel into dist/, check them, and print their SHA-256."""
    session.chdir(ROOT)
    epoch = session.run("git", "log", "-1", "--format=%ct", external=True, silent=True)
    session.run(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-d",
        str(DIST),
        env={"SOURCE_DATE_EPOCH": str(epoch).strip()},
    )
    built = sorted([*DIST.glob("*.tar.gz"), *DIST.glob("*.whl")])
    session.run(str(HERE / "twine"), "check", "--strict", *map(str, built))
    for file in built:
        session.log(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}")
