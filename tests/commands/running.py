"""Running `ccd` as a person does: a process of its own, with what it prints and how it ends.

The process is forked (tests.forked). Where a test asks for more than a width of the terminal and a login, the program
is started from nothing.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ccd.commands.app import main
from tests.forked import FORKED

HERE = Path(__file__).parents[2]
PROGRAM = "from ccd.commands.app import main; main()"
PATIENCE_S = 60


def ccd(*arguments: str | Path, given: str = "", begins: float | None = None,
        **environment: str) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """`given` is what it can read on stdin, and `begins` what its clock shows at first, where that is not the time."""
    wanted = os.environ | {"PYTHONPATH": str(HERE), "COLUMNS": "120"} | environment
    words = [str(argument) for argument in arguments]
    if environment.keys() <= {"COLUMNS", "LOGNAME"}:
        return _forked(words, wanted, given, begins)
    assert begins is None, "only a process that is forked can be given a clock"
    program = [sys.executable, "-c", PROGRAM, *words]
    return subprocess.run(program, input=given, capture_output=True, text=True, timeout=PATIENCE_S, env=wanted)


def unread(*arguments: str | Path, **environment: str) -> tuple[int, str]:
    """The exit code, and what is said on stderr, where whoever reads what it prints has seen enough."""
    reading, writing = os.pipe()
    os.close(reading)
    wanted = os.environ | {"PYTHONPATH": str(HERE)} | environment
    program = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    with open(writing, "wb") as output:
        done = subprocess.run(program, stdout=output, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, env=wanted)
    return done.returncode, done.stderr


def said(done: subprocess.CompletedProcess[str]) -> str:
    """What it printed, where nothing was wrong."""
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that says why it did not do what was asked."""
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def _forked(words: Sequence[str], environment: dict[str, str], given: str,
            begins: float | None) -> subprocess.CompletedProcess[str]:  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="ccd-said-") as folder:
        asked, *files = [Path(folder) / name for name in ("in", "out", "err")]
        asked.write_text(given)
        process = FORKED.Process(target=_run, args=(words, environment, begins, os.getcwd(), asked, *files))
        process.start()
        process.join(PATIENCE_S)
        if process.is_alive():
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(words), PATIENCE_S)
        said = [file.read_bytes().decode() if file.exists() else "" for file in files]
        code = process.exitcode
    assert code is not None
    return subprocess.CompletedProcess(list(words), code, *said)


def _run(words: Sequence[str], environment: dict[str, str], begins: float | None, folder: str, given: Path, out: Path,
         err: Path) -> None:  # fmt: skip
    """In the forked process."""
    if begins is not None:
        real, forked_at = time.time, time.time()
        time.time = lambda: real() - forked_at + begins
    for number, file in ((1, out), (2, err)):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = given.open()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["ccd", *words]
    main()
