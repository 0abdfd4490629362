"""What PostgreSQL is held to, a server is that lacks what databases of many machines lack: most of this is tests that
stand elsewhere, and run here on such a one."""

import asyncio
import tomllib

import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

from ccd.bank.fate import Fate
from ccd.bank.settle import Settler
from ccd.commands.ledger.proving import sealed_head
from ccd.errors import DatabaseBusyError
from ccd.ledger.guards import GUARDS, held_by
from ccd.ledger.heads import made_key, read_key
from ccd.ledger.verify import verify
from ccd.sql.engine import open_engine
from ccd.sql.lacking import tune
from ccd.sql.plain import ask
from ccd.sql.turns import Patience, take_turn_at_once
from tests.bank.days import POLICIES, TODAY, worth
from tests.databases import PostgreSQL
from tests.lacking import DAEMON, TEMPLATE, lacking, new_database
from tests.ledger.histories import everything
from tests.ledger.test_append_only import (
    FORBIDDEN,
    posted,
    run,
    test_a_balance_keeps_its_floor,
    test_a_balance_with_another_floor_than_its_accounts_is_refused_by_the_database_too,
    test_a_block_that_does_not_follow_the_last_is_refused_by_the_database_too,
    test_a_closed_month_takes_no_row_past_the_program_either,
    test_a_leg_is_of_a_transaction_that_is_there,
    test_a_reversal_that_does_not_mirror_is_refused_by_the_database_too,
    test_a_transaction_counts_in_a_month_that_is_there,
    test_a_transfer_is_between_accounts_that_are_there,
    test_no_balance_falls_below_its_floor_past_the_program_either,
    test_no_leg_joins_a_transaction_later,
    test_no_row_is_ever_changed,
    test_no_row_is_ever_deleted,
)
from tests.ledger.test_guards import as_owner, test_each_trigger_that_was_dropped_is_named
from tests.ledger.test_machine import (
    Histories,
    live_through,
    machine,
    test_each_verb_with_each_answer_that_it_can_get_is_as_in_the_model,
)
from tests.ledger.test_terms import (
    test_a_cap_is_never_passed_and_what_is_given_back_can_be_given_again,
    test_the_database_itself_keeps_caps,
    test_the_database_itself_opens_no_month_again,
)
from tests.org.test_told_rows import (
    test_of_two_who_plan_an_agent_at_once_the_second_is_told_of_the_first,
    test_that_it_holds_no_more_is_said_once,
    test_the_database_refuses_whatever_meets_and_nothing_else,
    test_what_was_said_is_never_written_over,
)

__all__ = ["as_owner", "lacking", "machine", "new_database", "posted"]


@pytest.fixture(autouse=True)
def nobody_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be counted is waited for by the clock, and here nothing is waited for."""
    monkeypatch.setattr("ccd.sql.decided.WRITER_S_MAX", 0)


@pytest.fixture
def postgresql_template(lacking: PostgreSQL) -> str:
    """As that of tests.ledger.test_machine, on such a server."""
    return TEMPLATE


async def test_the_tables_were_made_without_what_it_lacks(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        made = text("SELECT count(*), count(*) FILTER (WHERE tgtype & 1 = 1) FROM pg_trigger WHERE NOT tgisinternal")
        every, by_row = (await connection.execute(made)).one()
        assert every == by_row > 40
        for lacks in ("pg_advisory_xact_lock(1)", "pg_current_xact_id()"):
            with pytest.raises(DBAPIError, match="does not exist"):
                async with connection.begin_nested():
                    await connection.execute(text(f"SELECT {lacks}"))


def test_random_histories_end_as_in_the_model_with_the_hashes_of_sqlite(machine: type[Histories]) -> None:
    live_through(machine, 3)


async def test_a_head_says_how_many_are_not_in_it_since_only_a_daemon_waits_for_the_clock(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = await everything(engine)
    monkeypatch.setattr("ccd.sql.decided.WRITER_S_MAX", 600)
    signed, newer = await sealed_head(ledger, read_key(made_key(), ""))
    assert (signed.head.blocks, newer) == (3, 1)


async def test_who_stands_still_while_posting_is_given_up_before_the_clock_says_that_nobody_is(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a number below those that are sealed would be committed after them, and sealed never."""
    monkeypatch.setattr("ccd.sql.decided.WRITER_S_MAX", 0.4)
    daemon = open_engine(database_url)

    def standing_still(connection: Connection) -> None:
        ask(connection, "SELECT nextval('transaction_ids')")
        await_only(asyncio.sleep(0.3))
        ask(connection, "SELECT 1")

    closed_meanwhile = "connection is closed|another operation .* is in progress"  # between statements, or amid one
    with pytest.raises(DatabaseBusyError, match=closed_meanwhile):
        await take_turn_at_once(daemon, standing_still, Patience(attempts_max=1))
    await daemon.dispose()


async def test_a_day_is_settled_once(engine: AsyncEngine) -> None:
    settler = Settler(await everything(engine), POLICIES, "centre", lambda: TODAY)
    days = [worth(net, agent=f"agent-{net}") for net in (300, -200, 0)]
    first, again = await settler.settle(days), await settler.settle(days)
    assert (first.fates[Fate.POSTED], again.fates[Fate.POSTED]) == (2, 0)


async def test_the_daemon_s_role_does_all_that_a_ledger_does_and_changes_nothing_that_was_posted(
    database_url: str,
) -> None:
    """Where privileges are a whole table's, a trigger refuses what they would."""
    daemon = open_engine(make_url(database_url).set(username=DAEMON))
    ledger = await everything(daemon)
    assert (await verify(daemon, lambda done, total: None)).findings == []
    for statement in FORBIDDEN:
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner|append-only|a month only closes"):
            await run(ledger, statement)
    await daemon.dispose()


async def test_what_is_told_otherwise_of_triggers_that_look_at_each_row_is_all_that_the_migrations_made(
    engine: AsyncEngine,
) -> None:
    """What stands on the left is what is to stand in the file."""
    async with engine.connect() as connection:
        held = await connection.run_sync(held_by)
    told = tomllib.loads(GUARDS.read_text("utf-8"))
    otherwise = {
        table: {name: one.digest for name, one in held[table].items() if one.digest != made.get(name)}
        for table, made in told["postgresql"].items()
    }
    assert {table: guards for table, guards in otherwise.items() if guards} == told["by_row"]


async def test_a_setting_that_the_server_does_not_know_is_left(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).dbapi_connection
        await connection.run_sync(lambda _: tune(driver, {"jit": "on", "planned_by_nobody": "off"}))
        assert (await connection.execute(text("SELECT current_setting('jit')"))).scalar() == "on"
