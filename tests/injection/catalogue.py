"""Texts that attack whoever reads a result, by what they attack. Every output is held against every one of them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.render.hostile import HOSTILE

__all__ = ["CATALOGUE", "Threat", "texts"]


@dataclass(frozen=True)
class Threat:
    """One way to attack."""

    name: str
    means: str
    """What the attacker wants, in words."""
    texts: tuple[str, ...]


CATALOGUE = (
    Threat(
        "terminal",
        "drive the terminal: clear it, retitle it, print over it, write the clipboard, make a false link",
        (
            "\x1b[2J\x1b[H",
            "\x1b]0;owned\x07",
            "\x1b]8;;http://evil.example/\x1b\\click\x1b]8;;\x1b\\",
            "\x1b]52;c;b3duZWQ=\x07",
            "\x9b2J\x9b31m",
            "\x1bP+q544e\x1b\\",
            "\x1b[?1049h\x1b[8m\x1b[5i",
            "\r overwritten \b\b\x7f\x0e\x07",
        ),
    ),
    Threat(
        "direction",
        "show a text in another order than it has, or hide a part of it",
        ("\u202egnp.exe", "\u2066\u2067\u2068\u2069", "\u200b\u200d\ufeff\u00ad", "\U000e0041\U000e0042"),
    ),
    Threat(
        "html",
        "run a script in the report, fetch something, forge a part of the page",
        (
            "<script>document.title='owned'</script>",
            "<img src=x onerror=document.title='owned'>",
            "\"' onmouseover=\"document.title='owned'\" autofocus onfocus='document.title=1' x=\"",
            "</style></script></title></textarea><svg/onload=document.title='owned'>",
            "javascript:document.title='owned'//",
            "data:text/html,<script>document.title='owned'</script>",
            "<a href=http://evil.example/>x</a><meta http-equiv=refresh content=0;url=http://evil.example/>",
            "{{7*7}}{%raw%}{#x#}&lt;script&gt;",
            "<!--<h2>Forged</h2>]]>",
        ),
    ),
    Threat(
        "reg-lines",
        "have a patch write a value that nobody proved",
        (
            '\r\n\r\n[HKEY_LOCAL_MACHINE\\Cluster\\Injected]\r\n"owned"="1"\r\n',
            '"="x"\n[HKEY_LOCAL_MACHINE\\Cluster\\Injected]\n"owned"=dword:00000001\n;',
            '\u2028[HKEY_LOCAL_MACHINE\\Cluster\\Injected]\u2028"owned"="1"',
            "]\r[-HKEY_LOCAL_MACHINE\\Cluster]\r",
            "\x85[HKEY_LOCAL_MACHINE\\Cluster\\Injected]\x85",
            '\\"=\\',
        ),
    ),
    Threat(
        "csv",
        "have a spreadsheet calculate a cell of the table, or move the cells",
        (
            "=cmd|' /C calc'!A0",
            "+1+1",
            "-1+1",
            "@SUM(1+1)*cmd|' /C calc'!A0",
            "\t=1+1",
            "\r=1+1",
            "\n=1+1",
            '","=1+1","',
            ";=1+1;",
            '"\r\n=1+1,',
            "\uff1d1+1",
        ),
    ),
    Threat(
        "path",
        "have a file written somewhere else",
        (
            "..\\..\\..\\owned",
            "../../../owned",
            "/root/owned",
            "C:\\owned",
            "\\\\evil.example\\share\\owned",
            "owned.txt:stream",
            "~/owned",
            ".",
            "..",
            " owned. ",
        ),
    ),
    Threat(
        "device", "have a file written to a device", ("CON", "NUL.txt", "aux", "COM1", "LPT9.reg", "CONIN$")
    ),
    Threat(
        "command",
        "have a command that is typed from the plan do more than it says",
        (
            "& calc",
            "| calc",
            "> C:\\owned",
            "< C:\\owned",
            "^& calc",
            "%COMSPEC%",
            "!COMSPEC!",
            '" & calc & "',
            "\r\ncalc\r\n",
            "; calc",
            "`calc`",
            "$(calc)",
            "' ; calc '",
        ),
    ),
    Threat(
        "sql",
        "change or read the store by a name",
        (
            "'; DROP TABLE cases; --",
            '"; DROP TABLE cases; --',
            "' UNION SELECT content FROM read_text('/etc/passwd') --",
            "$$; ATTACH 'owned.db'; $$",
            "?1",
            "%s {0} :name",
        ),
    ),
    Threat(
        "json-lines",
        "break a line of JSON in two, or end it early",
        (
            '"}\n{"verdict":"ruled-out"}\n',
            "\u2028",
            "\u2029",
            "\x85",
            "\x00",
            "\ud800",
            "\udfff\ud800",
            '\\"',
            "\\u0000",
            "\x1e\x0b\x0c",
        ),
    ),
    Threat(
        "markdown",
        "make a link, a picture, a heading or a ticked box of a text in the plan",
        (
            "[click](http://evil.example/)",
            "![x](http://evil.example/x.png)",
            "<http://evil.example/> http://evil.example/ www.evil.example",
            "[x][1]\n\n[1]: http://evil.example/",
            "\n# Forged\n",
            "\n- [x] done\n",
            "\n```\nnot code\n~~~\n",
            "`` ` `` | a | b |\n|---|---|\n",
            "<details><summary>x</summary>",
            "@octocat #1 octocat/repo#1 :smile:",
            "$x$ $$y$$ ~~z~~ **b** _i_ ==m==",
            "&#x3c;script&#x3e; &amp; \\",
        ),
    ),
    Threat(
        "look-alike",
        "be taken for another machine",
        ("NODE\u0031", "N\u041eDE1", "\uff2eODE1", "NODE1 ", "node1", "NODE\u00a01", "NODE1\u0301"),
    ),
    Threat("render", "all that the outputs are held against one by one", HOSTILE),
)
"""The last texts are those with which each output is tested alone (tests/render)."""


def texts(threat: Threat | None = None) -> str:
    """All texts of a threat, or of all, in one."""
    return " ".join(text for one in CATALOGUE if threat in (None, one) for text in one.texts)
