"""Completion, asked of the shells themselves."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import tree_sitter
import tree_sitter_powershell

from iiscluster_kb import cli
from iiscluster_kb.articles import rules
from iiscluster_kb.cli._completion import (
    ANYTHING,
    FILES,
    FOLDERS,
    Command,
    Expected,
    Option,
    completion_script,
    vocabulary,
)
from iiscluster_kb.cli._parser import SHELLS, command_line
from iiscluster_kb.render import renderers

if TYPE_CHECKING:
    from pathlib import Path

ARTICLES = tuple(rule.article.id for rule in rules())
COMMANDS = [
    "articles",
    "collectors",
    "completion",
    "examine",
    "explain",
    "fix",
    "inspect",
    "triage",
    "verify",
]

QUESTIONS = [
    ("", COMMANDS),
    ("ex", ["examine", "explain"]),
    ("--col", ["--color"]),
    ("--color ", ["always", "auto", "never"]),
    ("--color always insp", ["inspect"]),
    ("--quiet insp", ["inspect"]),
    ("examine --format ", sorted(renderers())),
    ("examine --format s", ["sarif", "steps"]),
    ("examine case.zip --article Q2245", [name for name in ARTICLES if name.startswith("Q2245")]),
    ("inspect --format ", ["json", "text"]),
    ("fix case.zip --dialect ", ["5.00", "REGEDIT4", "auto"]),
    ("explain Q224553 Q1746", ["Q174641"]),
    ("completion ", sorted(SHELLS)),
    ("verify --symptom-", ["--symptom-after"]),
    ("triage --second-opinion ", ["all", "faulty", "none"]),
    ("fix --reg", ["--registration-by-registry"]),
]
"""What is typed after the program's name, and what may follow."""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scripts")
    known = vocabulary(command_line(), ARTICLES)
    for shell in SHELLS:
        (folder / shell).write_text(completion_script(shell, known), "utf-8")
    return folder


def asked(shell: str, *arguments: str, folder: Path) -> list[str]:
    """The lines that a shell prints; without what else is set up for whoever runs the tests."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run(
        [shell, *arguments],
        capture_output=True,
        check=True,
        text=True,
        cwd=folder,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "TERM": "dumb", "LANG": "C.UTF-8"},
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_the_command_prints_the_script(scripts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for shell in SHELLS:
        assert cli.main(["completion", shell]) == 0
        assert capsys.readouterr().out == (scripts / shell).read_text("utf-8")


def test_nothing_of_the_command_line_is_left_out() -> None:
    parser = command_line()
    for one in (parser, *parser.commands.values()):
        declared = [action for action in one._actions if action.option_strings or not one.commands]
        assert one.declared == declared


def test_every_value_is_of_a_known_kind() -> None:
    known = vocabulary(command_line(), ("Q1",))
    values = [option.value for command in known for option in command.options if option.value]
    operands = [command.operand for command in known if command.operand]
    for value in (*values, *operands):
        assert value.words or value.what in FILES | FOLDERS | ANYTHING, value
    assert {value.what: value.paths for value in values}["FILE"]
    assert all("%" not in option.about for command in known for option in command.options)


# --- bash -------------------------------------------------------------------------------------------


def in_bash(typed: str, folder: Path) -> list[str]:
    words = typed.split() + ([""] if not typed or typed.endswith(" ") else [])
    program = (
        "source ./bash; "
        f"COMP_WORDS=(iiscluster-kb {' '.join(map(shlex.quote, words))}); COMP_CWORD={len(words)}; "
        '_iiscluster_kb; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return sorted(filter(None, asked("bash", "--norc", "-c", program, folder=folder)))


@pytest.mark.parametrize(("typed", "offered"), QUESTIONS)
def test_bash_offers(typed: str, offered: list[str], scripts: Path) -> None:
    assert in_bash(typed, scripts) == offered


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        # Readline breaks words at an equals sign.
        ("examine --format =", sorted(renderers())),
        ("examine --format = js", ["json", "jsonl"]),
        ("--color = always insp", ["inspect"]),
        # Nothing of its own: readline then completes file names.
        ("examine ca", []),
        ("examine --output ", []),
        ("fix --node ", []),
        ("nonsense ", []),
    ],
)
def test_bash_takes_equals_signs_and_leaves_files_to_readline(
    typed: str, offered: list[str], scripts: Path
) -> None:
    assert in_bash(typed, scripts) == offered


def test_bash_knows_whom_to_ask(scripts: Path) -> None:
    program = "source ./bash; complete -p iiscluster-kb"
    assert asked("bash", "--norc", "-c", program, folder=scripts) == [
        "complete -o default -F _iiscluster_kb iiscluster-kb"
    ]


# --- fish -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "offered"), QUESTIONS)
def test_fish_offers(typed: str, offered: list[str], scripts: Path) -> None:
    program = f"source ./fish; complete -C {shlex.quote(f'iiscluster-kb {typed}')}"
    lines = asked("fish", "--no-config", "-c", program, folder=scripts)
    assert sorted(line.partition("\t")[0] for line in lines) == offered


def test_fish_completes_paths_where_paths_may_stand(scripts: Path) -> None:
    def offered(typed: str) -> list[str]:
        return asked(
            "fish", "--no-config", "-c", f"source ./fish; complete -C 'iiscluster-kb {typed}'", folder=scripts
        )

    assert [line.partition("\t")[0] for line in offered("examine bas")] == ["bash"]
    assert offered("examine --output ba")
    (scripts / "bag").mkdir(exist_ok=True)
    assert [line.partition("\t")[0] for line in offered("collectors ba")] == ["bag/"]
    assert offered("fix --node ba") == []
    assert offered("articles ba") == []


# --- zsh --------------------------------------------------------------------------------------------

ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PROMPT= RPROMPT=; stty -echo 2>/dev/null; autoload -U compinit; compinit -u -D'
zpty -w shell 'zstyle ":completion:*" list false; setopt no_auto_list no_auto_menu no_beep'
zpty -w shell 'source ./zsh; show() { print -r -- "<<$BUFFER>>" }; zle -N show; bindkey "^G" show; print READY'
zpty -r shell seen '*READY*READY*'
zpty -w -n shell $'%s\\t\\a'
zpty -r shell seen '*<<*>>*'
print -r -- ${${seen##*<<}%%%%>>*}
zpty -d shell
"""
"""Types into an interactive zsh, presses Tab, and prints the line as it then is."""


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("insp", "inspect "),
        ("ex", "ex"),
        ("exam", "examine "),
        ("examine --form", "examine --format="),
        ("examine --format sa", "examine --format sarif "),
        ("examine --format=mark", "examine --format=markdown "),
        ("--color al", "--color always "),
        ("--color always insp", "--color always inspect "),
        ("explain Q224553 Q17464", "explain Q224553 Q174641 "),
        ("completion po", "completion powershell "),
        ("fix --reg", "fix --registration-by-registry "),
        ("examine powe", "examine powershell "),
        ("fix x --dialect R", "fix x --dialect REGEDIT4 "),
    ],
)
def test_zsh_completes(typed: str, line: str, scripts: Path) -> None:
    lines = asked("zsh", "-f", "-c", ZSH % f"iiscluster-kb {typed}", folder=scripts)
    assert lines[-1] == f"iiscluster-kb {line}"


# --- PowerShell -------------------------------------------------------------------------------------


def test_powershell_reads_the_script_without_an_error(scripts: Path) -> None:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    script = (scripts / "powershell").read_bytes()
    assert not parser.parse(script).root_node.has_error
    assert b"'--format' = @('case', 'csv'" in script


# --- hostile words ----------------------------------------------------------------------------------


def test_words_that_a_shell_would_obey_are_not_offered(tmp_path: Path) -> None:
    wild = ("Q1", "$(touch hit)", "a b", "`touch hit`", "'; touch hit; '", ":;(*)[x]")
    options = (
        Option(("--article",), "it's [one]: \\ of 'these' `touch hit` $(touch hit)", Expected("ID", wild)),
    )
    commands = tuple(
        Command(name, "it's: `touch hit`", options, Expected("ID", wild)) for name in ("", "explain")
    )
    for shell in SHELLS:
        (tmp_path / shell).write_text(completion_script(shell, commands), "utf-8")
    assert in_bash("explain --article ", tmp_path) == ["Q1"]
    program = "source ./fish; complete -C 'iiscluster-kb explain --article '"
    assert asked("fish", "--no-config", "-c", program, folder=tmp_path) == [
        "Q1\tit's [one]: \\ of 'these' `touch hit` $(touch hit)"
    ]
    zsh = ZSH % "iiscluster-kb explain --article Q"
    assert asked("zsh", "-f", "-c", zsh, folder=tmp_path)[-1] == "iiscluster-kb explain --article Q1 "
    assert not (tmp_path / "hit").exists()
