"""`ccd`: finds the verb, imports that one alone, and turns what ccd raises into a line on stderr and an exit code."""

import gc
import os
import select
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from errno import EDQUOT, EFBIG, EIO, EMFILE, ENFILE, ENOSPC, EROFS
from importlib import import_module
from types import MappingProxyType
from typing import Annotated, Final, NoReturn, TextIO

import typer
from typer.exceptions import Abort, TyperException
from typer.main import get_command

from ccd import __version__
from ccd.errors import CcdError, FileError, LedgerError, ProofError, UnknownAccountError
from ccd.reports.legible import legible, on_one_line

# Each verb with its line in `ccd --help`, which must not import what it lists. A verb's module has a function of the
# verb's name; one with words of its own (`ccd ledger balance`) has a typer app of that name instead.
VERBS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "demo": "Show a simulated floor with its board, pages and ledger, until Ctrl-C.",
        "run": "The daemon: follow the PBXs, keep boards and pages, settle the days.",
        "ledger": "Say what the ledger says, post to it by hand, hold it against its own hashes, export it.",
        "bank": "The services of the Time Bank, day by day: gifts, days off, overtime, offset; rulings and appeals.",
        "import": "Take over what other systems know: who sits where, shifts, leave, holidays.",
        "export": "Print what was imported, as a file that can be imported; and what other programs are handed.",
        "schedule": "Say what units are scheduled for in a month.",
        "holidays": "Say which days of a year are worked in a country.",
        "acts": "Say who did what, when, from where and why.",
        "recorded": "Say what is recorded about an agent, for how long, and who can see it.",
        "agent": "Have an agent paused, unpaused or signed out at the telephone switch.",
        "user": "Who may sign in to the pages: add, list, remove, password.",
        "webhook": "The systems that are told what attendance is handed: list, retry, secret.",
        "watch": "Show the board in this terminal.",
        "migrate": "Bring the database's tables up to date, as the role that they belong to.",
        "check": "Say every fault of a configuration, with file, key and what is allowed.",
        "day": "Say what a day amounts to: as measured, or, while it runs, up to now.",
        "report": "Say the indicators of agents and units, over days, weeks or months.",
        "policy": "Propose an allowance out of what has been; try other policies on it; publish, agree to one.",
        "change": "What was proposed of policies and the past's roster: list it, agree to it, withdraw it.",
        "settle": "Close a day that is over; with --dry-run, say what that would post.",
        "explain": "Say why a line stands on a statement, down to what the switch said.",
        "resettle": "Reckon a month anew from its segments, and say where the ledger does not say the same.",
        "backfill": "Take over from queue_log what happened while ccd was stopped.",
        "replay": "Say what captured AMI bytes and queue_log files amount to.",
        "simulate": "Run a telephone switch with a living floor, to look at ccd without one.",
    }
)

# Of a verb that is a word of Python's, or of its library's, the module.
MODULES: Final[Mapping[str, str]] = MappingProxyType({"import": "imports", "export": "exports"})

INTERRUPTED: Final = 130
NAMES_AS_CHOSEN: Final = (LedgerError, ProofError, FileError, UnknownAccountError)  # keys and names with lines in them

# Of the machine, whatever was being read or written: what to do about it.
NOT_WHOLE: Final = "what was being printed or written is not whole; "
MAKE_ROOM: Final = f"{NOT_WHOLE}make room for it, and do the same again"
OF_THE_MACHINE: Final[Mapping[int, str]] = MappingProxyType(
    {
        ENOSPC: MAKE_ROOM,
        EDQUOT: MAKE_ROOM,
        EFBIG: MAKE_ROOM,
        EROFS: f"{NOT_WHOLE}mount it for writing, or name another place",
        EIO: f"{NOT_WHOLE}the machine's own log says which of its disks fails",
        EMFILE: "this process may open no more files; raise its limit (ulimit -n, LimitNOFILE= of a service)",
        ENFILE: "the machine has as many files open as it can have; raise fs.file-max, or see which program opens them",
    }
)


def main() -> None:
    """The entry point of the `ccd` program."""
    try:
        try:
            _main()
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:  # while the verb is imported: afterwards the library ends it so, too
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        if not _reader_is_gone():
            raise
        _print_no_more(sys.stdout)
        sys.exit(1)
    except OSError as error:
        if (what_to_do := OF_THE_MACHINE.get(error.errno or 0)) is None:
            raise
        where = f"{error.filename}: " if error.filename else ""  # what is open already has none
        _say(f"ccd: {where}{error.strerror}: {what_to_do}")
        _print_no_more(sys.stdout)
        sys.exit(1)
    finally:
        gc.freeze()  # all of it goes with the process: to look through it for garbage first takes up to seconds


def _main() -> None:
    arguments = sys.argv[1:]
    if unreadable := [number for number, word in enumerate(arguments, 1) if not _is_text(word)]:
        _say(f"ccd: word {unreadable[0]} of the command line is no UTF-8; type it anew")
        sys.exit(2)
    try:
        program = program_of(arguments)
        gc.freeze()  # what was imported stays, and is not looked through for garbage
        code = program(arguments, standalone_mode=False)
    except CcdError as error:
        ended_by([error])
    except TyperException as error:
        # Wrong words on the command line; without any, the help has been printed, and the message is empty.
        if message := " ".join(error.format_message().split()):  # choices come as a list over several lines
            message = message.replace(": Value error, ", ": ")  # what it is called inside
            _say(f"ccd: {message.rstrip('.')}; ccd --help and ccd VERB --help say more")
        sys.exit(error.exit_code)
    except Abort:
        # The end of the input, where somebody was asked: Ctrl-D, or nobody is there.
        _say("ccd: the input ended before that was answered, and nothing was done; ccd VERB --help says how to give it")
        sys.exit(1)
    except BaseExceptionGroup as group:
        expected, others = group.split(CcdError)
        if others is not None or expected is None:
            raise
        ended_by(list(_leaves(expected)))
    else:
        sys.exit(code)


def _say(line: str) -> None:
    """On stderr; where that takes nothing either, nobody can be told, and the exit code says it alone."""
    try:
        print(legible(line), file=sys.stderr, flush=True)
    except OSError:
        _print_no_more(sys.stderr)


def _print_no_more(to: TextIO) -> None:
    """What Python would still print as it ends goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), to.fileno())


def _reader_is_gone() -> bool:
    """Whoever reads what is printed has seen enough, as `head` has."""
    told = select.poll()
    told.register(sys.stdout, 0)
    return bool(told.poll(0))


def _is_text(word: str) -> bool:
    """False for bytes that the shell passed on and nobody can read: no database takes them, no file tells them."""
    return not any("\ud800" <= sign <= "\udfff" for sign in word)


def ended_by(errors: Sequence[CcdError]) -> NoReturn:
    for said in dict.fromkeys(map(_told, errors)):
        _say(said)
    sys.exit(max(error.exit_code for error in errors))


def _told(error: CcdError) -> str:
    return on_one_line(str(error)) if isinstance(error, NAMES_AS_CHOSEN) else str(error)


def _leaves(group: BaseExceptionGroup[CcdError]) -> Iterator[CcdError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def program_of(arguments: Sequence[str]) -> Callable[..., int | None]:
    """With the verb that is asked for, and what it reads noted where that has to be (ccd.commands.readings)."""
    program = get_command(built(arguments))
    if asked_for(arguments) is not None:
        import_module("ccd.commands.readings").watch(program)
    return program


def asked_for(arguments: Sequence[str]) -> str | None:
    return next((argument for argument in arguments if not argument.startswith("-")), None)


def built(arguments: Sequence[str]) -> typer.Typer:
    """The program with the verb that is asked for in it; of the others only the name and the line of help."""
    app = typer.Typer(name="ccd", add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
    app.callback(help="Agents' time, measured at the telephone switch and given back.")(options)
    asked = asked_for(arguments)
    for verb, line in VERBS.items():
        module = MODULES.get(verb, verb)
        meant = getattr(import_module(f"ccd.commands.{module}"), module) if verb == asked else named_only
        if isinstance(meant, typer.Typer):
            app.add_typer(meant, name=verb, help=line)
        else:
            _add(app, verb, line, meant)
    return app


def _add(app: typer.Typer, verb: str, line: str, function: Callable[..., object]) -> None:
    app.command(verb, short_help=line)(function)


def named_only() -> None:
    """Stands in `ccd --help` for a verb that was not asked for."""


def say_version(wanted: bool) -> None:
    if wanted:
        print(f"ccd {__version__}")
        raise typer.Exit


def options(
    version: Annotated[
        bool, typer.Option("--version", help="Say the version.", is_eager=True, callback=say_version)
    ] = False,
) -> None:
    pass
