"""The program itself: which verbs there are, and how it ends when something is wrong."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import NoReturn

import pytest
import typer

from ccd import __version__
from ccd.commands import app, configuration
from ccd.commands.app import MODULES, VERBS, built, main
from ccd.errors import CcdError, ConfigurationError, Fault
from tests.commands.running import HERE, PROGRAM, ccd

FOLDER = Path(app.__file__).parent
INPUT_ENDED = "ccd: the input ended before that was answered, and nothing was done; ccd VERB --help says how to give it"


def test_every_module_with_a_verb_is_listed_with_its_line_of_help():
    modules = {found.name for found in iter_modules([str(FOLDER)])}
    verbs = {name for name in modules if hasattr(import_module(f"ccd.commands.{name}"), name)}
    assert {MODULES.get(verb, verb) for verb in VERBS} == verbs
    for verb, line in VERBS.items():
        module = MODULES.get(verb, verb)
        assert callable(getattr(import_module(f"ccd.commands.{module}"), module))
        assert line.endswith(".")


def test_help_names_every_verb_and_imports_none():
    done = ccd("--help")
    assert done.returncode == 0
    assert [verb for verb in VERBS if f" {verb} " not in done.stdout] == []
    script = "import sys; from ccd.commands.app import built; built(['--help']); print(sorted(sys.modules))"
    loaded = ccd_script(script)
    assert "'ccd.commands.app'" in loaded
    assert "'ccd.daemon'" not in loaded
    assert "'sqlalchemy'" not in loaded


def ccd_script(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=FOLDER.parents[1], check=True
    )
    return done.stdout


def test_the_version_is_said():
    assert ccd("--version").stdout == f"ccd {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "ccd: No such command 'nonsense'; ccd --help"),
        (["day"], "ccd: Missing option '--day'; ccd --help"),
        (["check", "--nonsense"], "ccd: No such option: --nonsense"),
    ],
)
def test_a_wrong_word_on_the_command_line_is_one_line_and_exit_code_2(arguments, said):
    done = ccd(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("verb", [["ledger", "balance"], ["day", "--day", "2026-11-23", "--agent"], ["user", "remove"]])
def test_a_word_that_is_no_text_is_refused_before_anything_is_opened(verb: list[str], tmp_path: Path):
    done = ccd(*verb, "\udcff", "--config", tmp_path / "none.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"ccd: word {len(verb) + 1} of the command line is no UTF-8; type it anew\n"


@pytest.mark.parametrize(
    "words",
    [
        ["ledger", "statement", "1001", "--before", "99999999999999999999999"],
        ["ledger", "statement", "1001", "--limit", "0"],
        ["day", "--day", "2026-02-30"],
        ["day", "--day", "0001-01-01"],
        ["settle", "--day", ""],
        ["user", "add", "bob", "--role", "king"],
        ["user", "list", "extra"],
    ],
)
def test_wild_words_are_one_line_that_names_them(words: list[str]):
    done = ccd(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ccd: ")
    assert done.stderr.count("\n") == 1


def ends(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    """The exit code of a verb that raises."""

    def raising(arguments: object) -> typer.Typer:
        verbs = typer.Typer()

        @verbs.command()
        def verb() -> None:
            raise error

        return verbs

    monkeypatch.setattr(app, "built", raising)
    monkeypatch.setattr(sys, "argv", ["ccd"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


class PortTakenError(CcdError):
    def __str__(self) -> str:
        return "port 8080 is taken; choose another with --port"


def test_an_error_of_ccd_is_its_sentence_and_its_exit_code_and_no_traceback(monkeypatch, capsys):
    assert ends(monkeypatch, PortTakenError()) == 1
    assert capsys.readouterr().err == "port 8080 is taken; choose another with --port\n"
    assert ends(monkeypatch, ConfigurationError((Fault(Path("ccd.toml"), 3, "site", "is missing"),))) == 2
    assert capsys.readouterr().err == "ccd.toml:3: site: is missing\n"


def test_errors_that_come_out_of_a_group_of_tasks_are_said_once_each(monkeypatch, capsys):
    group = BaseExceptionGroup("tasks", [PortTakenError(), BaseExceptionGroup("more", [PortTakenError()])])
    assert ends(monkeypatch, group) == 1
    assert capsys.readouterr().err.count("port 8080 is taken") == 1


def test_a_defect_of_ccd_is_not_hidden_among_errors(monkeypatch):
    with pytest.raises(BaseExceptionGroup):
        ends(monkeypatch, BaseExceptionGroup("tasks", [PortTakenError(), ZeroDivisionError()]))


def test_ctrl_c_ends_with_130(monkeypatch):
    assert ends(monkeypatch, KeyboardInterrupt()) == 130

    def interrupted(arguments: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "built", interrupted)
    with pytest.raises(SystemExit, match="130"):
        main()


def test_ctrl_d_where_something_was_asked_is_a_sentence_and_no_traceback(monkeypatch, capsys):
    assert ends(monkeypatch, EOFError()) == 1
    assert capsys.readouterr().err.strip() == INPUT_ENDED


def test_what_goes_with_the_process_is_not_looked_through_for_garbage_first():
    """A demo that was told to end took a second of a core for it."""
    watched = f"import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 0)); {PROGRAM}"
    done = subprocess.run([sys.executable, "-c", watched, "--version"], capture_output=True, text=True, timeout=60)
    assert (done.stdout.split()[-1], done.returncode) == ("True", 0)


def test_who_asks_without_anybody_to_answer_says_so():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "watch", "--once"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        env=os.environ | {"PYTHONPATH": str(HERE)},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip() == INPUT_ENDED


@pytest.mark.parametrize("buffered", ["", "1"])
@pytest.mark.parametrize("words", [["--version"], ["check", "--help"]])
def test_what_is_printed_to_a_disk_that_is_full_is_said_not_to_be_whole(words, buffered):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
            env=os.environ | {"PYTHONPATH": str(HERE), "PYTHONUNBUFFERED": buffered},
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == f"ccd: No space left on device: {app.MAKE_ROOM}\n"


@pytest.mark.parametrize("number", app.OF_THE_MACHINE)
def test_the_file_that_can_not_be_read_or_written_is_named_with_what_to_do(monkeypatch, capsys, number):
    monkeypatch.setattr(app, "_print_no_more", lambda _: None)
    assert ends(monkeypatch, OSError(number, os.strerror(number), "state/lock")) == 1
    assert capsys.readouterr().err == f"ccd: state/lock: {os.strerror(number)}: {app.OF_THE_MACHINE[number]}\n"


@pytest.mark.parametrize(("word", "code"), [("--version", 1), ("nonsense", 2)])
def test_where_nothing_can_be_said_the_exit_code_says_it(word, code):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-c", PROGRAM, word], stdout=full, stderr=full, timeout=60, check=False)
    assert done.returncode == code


def test_only_the_verb_that_is_asked_for_is_more_than_its_name():
    registered = {command.name: command.callback for command in built(["--help"]).registered_commands}
    assert set(registered.values()) == {app.named_only}
    registered = {command.name: command.callback for command in built(["check"]).registered_commands}
    assert registered["check"] is not app.named_only


def test_a_folder_that_can_not_be_looked_into_has_no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    places = (Path("x" * 300), tmp_path / "ccd.toml")  # whose name is too long can't be looked for either
    monkeypatch.setattr(configuration, "PLACES", places)
    assert configuration.usual() == places[1]
