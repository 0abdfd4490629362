"""Each command that the documentation shows is there, with its words and its options."""

import re
import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.exceptions import TyperException

from ccd.commands.app import MODULES, VERBS

HERE = Path(__file__).parents[2]
PAGES = [HERE / "README.md", HERE / "CHANGELOG.md", *sorted((HERE / "docs").glob("*.md"))]
SHOWN = re.compile(r"(?m)^ {4,}(?:\$ |ccd=> )?(?:\.venv/bin/|/opt/ccd/bin/)?(ccd [a-z].*)$|`(ccd\s[a-z][^`]*)`")


def shown_in(page: Path) -> list[str]:
    found = [" ".join((block or span).split()) for block, span in SHOWN.findall(page.read_text(encoding="utf-8"))]
    return [each.split("#")[0].strip() for each in found]


def program(verb: str) -> Any:
    module = MODULES.get(verb, verb)
    meant = getattr(import_module(f"ccd.commands.{module}"), module)
    if not isinstance(meant, typer.Typer):
        app = typer.Typer()
        app.command()(meant)
        meant = app
    return typer.main.get_command(meant)


def fault_of(shown: str) -> str | None:
    """What of the words is no command; `a|b` and `a, b` stand for several, what is written large for anything."""
    words = shlex.split(shown.replace("…", " ").replace("[", " ").replace("]", " "), posix=True)[1:]
    if words[0] not in VERBS:
        return None if words[0].isupper() else f"there is no {words[0]}"
    command = program(words.pop(0))
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        word = words.pop(0)
        names = [name for name in re.split(r"[|,]", word) if name]
        unknown = [name for name in names if name not in command.commands and not name.isupper()]
        if unknown:
            return f"{unknown[0]} is none of {', '.join(sorted(command.commands))}"
        if word.endswith(",") or len(names) > 1 or names[0].isupper():
            return None
        command = command.commands[names[0]]
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    for word in words:
        if word.startswith("--") and (name := re.split(r"[=|,.;:)]", word)[0]) not in {*options, "--help"}:
            return f"{name} is none of {', '.join(sorted(options))}"
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_command_that_is_shown_is_there(page: Path) -> None:
    shown = shown_in(page)
    faults = {each: fault for each in shown if (fault := fault_of(each))}
    assert not faults, "\n".join(f"{each}: {fault}" for each, fault in faults.items())
    assert shown or page.name.startswith("benchmarks"), "no command was found to look at"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_command_that_stands_in_a_line_of_its_own_can_be_typed_so(page: Path) -> None:
    """With all that has to be said, and nothing that nobody asks for."""
    shown = [block.split("  #")[0] for block, _ in SHOWN.findall(page.read_text(encoding="utf-8")) if block]
    faults = {each: fault for each in shown if (fault := why_not_typed(each))}
    assert not faults, "\n".join(f"{each}: {fault}" for each, fault in faults.items())


def why_not_typed(shown: str) -> str | None:
    words = shlex.split(shown)[1:]
    command = program(words.pop(0))
    while hasattr(command, "commands") and words:
        command = command.commands[words.pop(0)]
    try:
        command.make_context("ccd", words)
    except TyperException as error:
        return f"{type(error).__name__} {error}"
    return None


def test_a_command_that_is_not_there_is_found() -> None:
    assert fault_of("ccd ledger statment 1001")
    assert fault_of("ccd bank withdraw apply 1001 --dya 2026-12-10")
    assert fault_of("ccd bank withdraw apply 1001 --day 2026-12-10") is None
    assert why_not_typed("ccd bank withdraw list south --day 2026-12-10")
    assert why_not_typed("ccd holidays --year 2026")
