"""Completion scripts in each shell's own language.

Every text that goes in is quoted as that shell reads it, for article ids may come from other distributions.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.cli._completion import Command, Expected

__all__ = ["bash", "fish", "powershell", "zsh"]

_BRACKETS = re.compile(r"[]\[:\\]")
"""What ends or divides a specification of zsh's ``_arguments``."""


def bash(program: str, known: tuple[Command, ...]) -> str:
    """For bash 3.2 and later; needs no bash-completion."""
    root = known[0]
    skipped = "|".join(name for option in root.options if option.value for name in option.names)
    words = "\n".join(f"        {_bash_place(command)}" for command in known)
    values = "\n".join(
        f"        {shlex.quote(f'{command.name} {name}')}) {_bash_value(option.value)} ;;"
        for command in known
        for option in command.options
        if option.value is not None
        for name in option.names
    )
    function = f"_{program.replace('-', '_')}"
    # Where the function finds nothing, readline completes file names (-o default); = is a word of its own there.
    return f"""\
# {program} in bash: eval "$({program} completion bash)"
{function}() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}" name="" words="" i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "${{COMP_WORDS[i]}}" in
            {skipped}) [[ "${{COMP_WORDS[i+1]}}" == "=" ]] && i=$((i + 1)); i=$((i + 1)) ;;
            -*) ;;
            *) name="${{COMP_WORDS[i]}}"; break ;;
        esac
    done
    [[ "$current" == "=" ]] && current=""
    [[ "$previous" == "=" ]] && previous="${{COMP_WORDS[COMP_CWORD-2]}}"
    COMPREPLY=()
    case "$name $previous" in
{values}
    esac
    case "$name:$current" in
{words}
    esac
    COMPREPLY=( $(compgen -W "$words" -- "$current") )
}}
complete -o default -F {function} {program}
"""


def _bash_value(value: Expected | None) -> str:
    words = " ".join(_plain(value.words)) if value else ""
    return f'COMPREPLY=( $(compgen -W {shlex.quote(words)} -- "$current") ); return' if words else "return"


def _bash_place(command: Command) -> str:
    names = " ".join(name for option in command.options for name in option.names)
    operands = " ".join(_plain(command.operand.words)) if command.operand else ""
    name = shlex.quote(command.name)
    return f"{name}:-*) words={shlex.quote(names)} ;;\n        {name}:*) words={shlex.quote(operands)} ;;"


def zsh(program: str, known: tuple[Command, ...]) -> str:
    """For zsh 5 and later; as a file of ``fpath`` named ``_iiscluster-kb``, or sourced after ``compinit``."""
    root, *commands = known
    function = f"_{program}"
    listed = "\n".join(f"                {_quoted(f'{_colons(c.name)}:{c.about}')}" for c in commands)
    cases = "\n".join(
        f"                {_quoted(command.name)})\n                    _arguments {_zsh_arguments(command)}\n                    ;;"
        for command in commands
    )
    return f"""\
#compdef {program}
{function}() {{
    local context state state_descr line curcontext="$curcontext"
    typeset -A opt_args
    local -a commands
    _arguments -C {_zsh_arguments(root)} '1:command:->command' '*::argument:->argument'
    case $state in
        command)
            commands=(
{listed}
            )
            _describe -t commands command commands
            ;;
        argument)
            case $words[1] in
{cases}
            esac
            ;;
    esac
}}
if [[ "$funcstack[1]" == "{function}" ]]; then
    {function} "$@"
else
    compdef {function} {program}
fi
"""


def _zsh_arguments(command: Command) -> str:
    specifications = [
        _quoted(
            f"*{name}{'=' if option.value and name.startswith('--') else ''}"
            f"[{_BRACKETS.sub(_backslashed, option.about)}]{_zsh_value(option.value)}"
        )
        for option in command.options
        for name in option.names
    ]
    if command.operand is not None and not command.is_program:
        specifications.append(_quoted(f"*{_zsh_value(command.operand)}"))
    return " \\\n                        ".join(specifications)


def _zsh_value(value: Expected | None) -> str:
    if value is None:
        return ""
    if value.words:
        return f":{value.what}:({' '.join(_plain(value.words))})"
    return f":{value.what}:{'_files -/' if value.only_folders else '_files' if value.paths else ' '}"


def fish(program: str, known: tuple[Command, ...]) -> str:
    """For fish 3 and later."""
    root, *commands = known
    names = " ".join(command.name for command in commands)
    nowhere = f"not __fish_seen_subcommand_from {names}"
    lines = [f"# {program} in fish: {program} completion fish | source"]
    lines += [
        f"complete -c {program} -f -n {_quoted(nowhere)} -a {command.name} -d {_quoted(command.about)}"
        for command in commands
    ]
    lines += _fish_options(program, root, nowhere)
    for command in commands:
        here = f"__fish_seen_subcommand_from {command.name}"
        lines += _fish_options(program, command, here)
        match command.operand:
            case None:
                lines.append(f"complete -c {program} -f -n {_quoted(here)}")
            case operand if operand.words:
                words = _quoted(" ".join(_plain(operand.words)))
                lines.append(f"complete -c {program} -f -n {_quoted(here)} -a {words}")
            case operand:
                paths = " -f -a '(__fish_complete_directories)'" if operand.only_folders else " -F"
                lines.append(f"complete -c {program} -n {_quoted(here)}{paths}")
    return "\n".join(lines) + "\n"


def _fish_options(program: str, command: Command, where: str) -> Iterator[str]:
    for option in command.options:
        names = " ".join(
            f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names
        )
        match option.value:
            case None:
                value = ""
            case wanted if wanted.words:
                value = f" -x -a {_quoted(' '.join(_plain(wanted.words)))}"
            case wanted if wanted.only_folders:
                value = " -x -a '(__fish_complete_directories)'"
            case wanted:
                value = " -r -F" if wanted.paths else " -x"
        yield f"complete -c {program} -n {_quoted(where)} {names}{value} -d {_quoted(option.about)}"


def powershell(program: str, known: tuple[Command, ...]) -> str:
    """For Windows PowerShell 5.1 and PowerShell 7; it completes paths by itself where it is given nothing."""
    rows = "\n".join(_powershell_rows(known))
    return f"""\
# {program} in PowerShell: {program} completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName '{program}', '{program}.exe' -ScriptBlock {{
    param($wordToComplete, $commandAst, $cursorPosition)
    $known = @{{
{rows}
    }}
    $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object {{ $_.Extent.EndOffset -lt $cursorPosition }} | ForEach-Object {{ $_.Extent.Text }})
    $name = ''
    $previous = ''
    foreach ($word in $before) {{
        $takesValue = $known[''].Values.ContainsKey($previous)
        if (-not $name -and -not $word.StartsWith('-') -and -not $takesValue) {{ $name = $word }}
        $previous = $word
    }}
    $place = $known[$name]
    if ($null -eq $place) {{ return }}
    if ($place.Values.ContainsKey($previous)) {{ $words = $place.Values[$previous] }}
    elseif ($wordToComplete.StartsWith('-')) {{ $words = $place.Options }}
    else {{ $words = $place.Operands }}
    $words | Where-Object {{ $_.StartsWith($wordToComplete, 'OrdinalIgnoreCase') }} |
        ForEach-Object {{ [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }}
}}
"""


def _powershell_rows(known: tuple[Command, ...]) -> Iterator[str]:
    for command in known:
        values = "; ".join(
            f"{_powershell_text(name)} = {_powershell_list(option.value.words)}"
            for option in command.options
            if option.value is not None
            for name in option.names
        )
        options = _powershell_list(name for option in command.options for name in option.names)
        operands = _powershell_list(command.operand.words if command.operand else ())
        yield (
            f"        {_powershell_text(command.name)} = @{{\n            Options = {options}\n"
            f"            Operands = {operands}\n            Values = @{{ {values} }}\n        }}"
        )


def _powershell_list(words: Iterable[str]) -> str:
    return f"@({', '.join(map(_powershell_text, words))})"


def _powershell_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _plain(words: Iterable[str]) -> list[str]:
    """The words that need no quoting in any shell; another cannot be offered, and is none of ours."""
    return [word for word in words if re.fullmatch(r"[A-Za-z0-9._-]+", word)]


def _quoted(text: str) -> str:
    r"""In apostrophes, for zsh and fish alike; ``'\''`` is an apostrophe to both."""
    return "'" + text.replace("'", "'\\''") + "'"


def _backslashed(match: re.Match[str]) -> str:
    return f"\\{match[0]}"


def _colons(text: str) -> str:
    return text.replace(":", "\\:")
