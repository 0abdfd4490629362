"""The log: JSON a line under systemd, readable lines elsewhere; libraries' lines among ours."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from ccd import logs
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade


@pytest.fixture
def restored() -> Iterator[None]:
    """The logging of the tests themselves, put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_under_systemd_each_line_is_an_object_ours_and_the_libraries(restored):
    written = io.StringIO()
    logs.configure(written, environment={"JOURNAL_STREAM": "8:1"})
    structlog.get_logger("ccd.test").warning("gap begins", pbx="主机", lost=3)
    logging.getLogger("a_library").info("started on %d", 8080)
    ours, theirs = map(json.loads, written.getvalue().splitlines())
    assert (ours["event"], ours["pbx"], ours["lost"], ours["level"]) == ("gap begins", "主机", 3, "warning")
    assert ours["timestamp"].endswith("Z")
    assert (theirs["event"], theirs["logger"]) == ("started on 8080", "a_library")


def test_an_exception_is_one_line_with_its_traceback_in_it(restored):
    written = io.StringIO()
    logs.configure(written, environment={"JOURNAL_STREAM": "8:1"})
    try:
        raise ValueError("no such day")
    except ValueError:
        structlog.get_logger("ccd.test").exception("settlement failed")
    (line,) = written.getvalue().splitlines()
    assert "no such day" in json.dumps(json.loads(line)["exception"])


@pytest.mark.parametrize("environment", [{"JOURNAL_STREAM": "8:1"}, {}])
def test_no_traceback_tells_what_was_in_its_variables(restored, environment):
    written = io.StringIO()
    logs.configure(written, environment=environment)

    def sign_in(password: str) -> None:
        raise ValueError("no such day")

    try:
        sign_in("correct " + "horse")
    except ValueError:
        structlog.get_logger("ccd.test").exception("a request found a defect")
    assert "no such day" in written.getvalue()
    assert "correct horse" not in written.getvalue()


def test_on_a_terminal_or_in_a_file_lines_are_for_people_and_chatter_is_left_out(restored):
    written = io.StringIO()
    logs.configure(written, environment={})
    structlog.get_logger("ccd.test").info("live", pbx="one")
    structlog.get_logger("ccd.test").debug("a detail")
    logging.getLogger("websockets.server").info("connection open")
    (line,) = written.getvalue().splitlines()
    assert "live" in line
    assert "pbx=one" in line
    assert not line.startswith("{")


def test_a_migration_is_told_and_what_alembic_thinks_of_the_database_is_not(restored, tmp_path):
    written = io.StringIO()
    logs.configure(written, environment={})

    async def migrated() -> None:
        engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'ccd.sqlite'}")
        await upgrade(engine)
        await engine.dispose()

    asyncio.run(migrated())
    said = written.getvalue()
    assert "Running upgrade" in said
    assert "Context impl" not in said
    assert "Will assume" not in said
