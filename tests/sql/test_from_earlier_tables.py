"""A database of an earlier ccd is carried forward with what is in it, and verify finds it as it was written."""

from datetime import date
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.quota import Quota
from ccd.bank.withdrawal_rows import quotas_of, set_quota
from ccd.ledger.books import Ledger
from ccd.ledger.digest import digest
from ccd.ledger.model import Account
from ccd.ledger.sealing import Sealer
from ccd.ledger.verify import verify
from ccd.sql.engine import open_engine
from ccd.sql.migrate import MIGRATIONS, heads_of, upgrade, wanted_heads
from ccd.sql.turns import Patience
from tests.databases import PostgreSQL
from tests.ledger.accounts import give, posting

BEFORE = "0006"  # the ledger's transactions had digests, and its accounts none
KEY = "settle/1001/2026-11-23"
SAID = (KEY, "1", "demo", "2026-11", "posted", "", "", "settlement", "{}", "", "7")
LEG = ("house/demo", "savings", "ann", "savings", "465", "2026-11-23", "savings", "", "")


def migrate_to(revision: str, connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


async def as_it_was(engine: AsyncEngine) -> None:
    """An agent's account with a transfer from the house's, and one that nothing was ever posted to."""
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: migrate_to(BEFORE, sync))
        for statement in (
            "INSERT INTO owners (id, name) VALUES (1, 'house/demo'), (2, 'ann')",
            "INSERT INTO accounts (id, owner_id, kind) VALUES (1, 1, 'savings'), (2, 2, 'savings'), (3, 2, 'gift')",
            "INSERT INTO balances (account_id, seconds, floor) VALUES (2, 465, 0), (3, 0, 0)",
            "INSERT INTO periods (book, month, state) VALUES ('demo', '2026-11', 'open')",
        ):
            await connection.execute(text(statement))
        await connection.execute(
            text(
                "INSERT INTO transactions (id, key, revision, book, month, state, legs, reference, text, asked_by,"
                f" facts, refusal, recorded_at, format, digest) VALUES (1, '{KEY}', 1, 'demo', '2026-11', 'posted', 1,"
                " '', '', 'settlement', '{}', '', 7, 1, :digest)"
            ),
            {"digest": digest((*SAID, *LEG), 1)},
        )
        await connection.execute(
            text(
                "INSERT INTO entries (transaction_id, leg, debit, credit, seconds, day, service)"
                " VALUES (1, 1, 1, 2, 465, '2026-11-23', 'savings')"
            )
        )
        await connection.execute(text("INSERT INTO daily_deltas VALUES (1, '2026-11-23', 1, -465)"))
        if engine.dialect.name == "postgresql":
            for name, number in (("owners_id_seq", 2), ("accounts_id_seq", 3), ("transaction_ids", 1)):
                await connection.execute(text(f"SELECT setval('{name}', {number})"))


async def test_a_ledger_of_earlier_tables_is_carried_forward_and_goes_on(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    for url in (postgresql.create(), f"sqlite+aiosqlite:///{tmp_path / 'earlier.sqlite'}"):
        engine = open_engine(url)
        await as_it_was(engine)
        await upgrade(engine)
        assert await heads_of(engine) == wanted_heads()
        ledger = Ledger(engine, lambda: 8)
        assert await ledger.sums("house/demo") == {"savings": -465}
        await ledger.post(posting("after", give("ann", 5)._replace(debit=Account("house/demo", "savings"))))
        assert await Sealer(engine, lambda: 9, Patience()).seal() == 1
        verdict = await verify(engine, lambda done, total: None)
        assert (verdict.findings, verdict.transactions, verdict.blocks) == ([], 2, 1)
        assert await ledger.balances("ann") == {"savings": 470, "gift": 0}
        async with engine.connect() as connection:
            found = await connection.execute(text("SELECT unit, side, floor, opened_at FROM accounts ORDER BY id"))
            assert [tuple(row) for row in found] == [
                ("demo", "debit", None, 7), ("demo", "credit", 0, 7), ("", "credit", 0, 0),
            ]  # fmt: skip
        await engine.dispose()
    postgresql.drop()


async def posted_then(connection: AsyncConnection, number: int, revision: str) -> None:
    """A second for ann, written into the tables as they are at a revision, with a digest in either of the formats that
    they have had."""
    key, version = f"at {revision}", 2 + number % 2
    of_transaction = (key, "1", "demo", "2026-11", "posted", "", "", "settlement", "{}", "", "", str(number))
    of_leg = ("house/demo", "savings", "ann", "savings", "1", "2026-11-23", "savings", "", "")
    await connection.execute(
        text(
            "INSERT INTO transactions (id, key, revision, book, month, state, legs, reference, text, asked_by, facts,"
            f" terms, refusal, recorded_at, format, digest) VALUES ({number}, '{key}', 1, 'demo', '2026-11', 'posted',"
            f" 1, '', '', 'settlement', '{{}}', '', '', {number}, {version}, :digest)"
        ),
        {"digest": digest((*of_transaction, *of_leg), version)},
    )
    await connection.execute(
        text(
            "INSERT INTO entries (transaction_id, leg, debit, credit, seconds, day, service)"
            f" VALUES ({number}, 1, 1, 2, 1, '2026-11-23', 'savings')"
        )
    )
    await connection.execute(text("UPDATE balances SET seconds = seconds + 1 WHERE account_id = 2"))
    if connection.dialect.name == "postgresql":
        await connection.execute(text(f"SELECT setval('transaction_ids', {number})"))


async def test_what_was_posted_at_each_revision_of_the_tables_is_carried_forward_by_all_that_follow(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    """By the migrations one by one, as by whoever takes every version; what stands there is sealed on the way."""
    since = [one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions() if one.revision > BEFORE]
    for url in (postgresql.create(), f"sqlite+aiosqlite:///{tmp_path / 'earlier.sqlite'}"):
        engine = open_engine(url)
        await as_it_was(engine)
        for number, revision in enumerate(sorted(since), 2):
            async with engine.begin() as connection:
                await connection.run_sync(partial(migrate_to, revision))
                await posted_then(connection, number, revision)
            if number % 8 == 0:
                await Sealer(engine, lambda: 9, Patience()).seal()
        assert await heads_of(engine) == wanted_heads()
        ledger, count = Ledger(engine, lambda: 99), 1 + len(since)
        await ledger.post(posting("after", give("ann", 5)._replace(debit=Account("house/demo", "savings"))))
        verdict = await verify(engine, lambda done, total: None)
        assert (verdict.findings, verdict.transactions, verdict.blocks) == ([], count + 1, count // 8)
        assert await ledger.balances("ann") == {"savings": 465 + len(since) + 5, "gift": 0}
        assert await ledger.balances_on("ann", date(2026, 11, 23)) == await ledger.balances("ann")
        assert sum((await ledger.sums("house/demo")).values()) == -(465 + len(since) + 5)
        await engine.dispose()
    postgresql.drop()


async def test_quotas_that_were_said_before_they_were_in_hours_hold_as_they_did(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    for url in (postgresql.create(), f"sqlite+aiosqlite:///{tmp_path / 'earlier.sqlite'}"):
        engine = open_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(lambda sync: migrate_to("0021", sync))
            for on, weekday in (("'2026-12-10'", "NULL"), ("NULL", "3")):
                await connection.execute(
                    text(
                        "INSERT INTO quotas (unit, day, weekday, holds_from, agents, set_at, set_by)"
                        f" VALUES ('team-1', {on}, {weekday}, '2026-12-01', 2, 7, 'lead')"
                    )
                )
        await upgrade(engine)
        first, day = date(2026, 12, 1), date(2026, 12, 10)
        rush = Quota("team-1", 7, first, 1, 3_600, "rush")
        async with engine.begin() as connection:
            await connection.run_sync(set_quota, rush, 8, "lead")
            said = await connection.run_sync(quotas_of, ["team-1"])
        assert said == {"team-1": [Quota("team-1", day, first, 2), Quota("team-1", 3, first, 2), rush]}
        with pytest.raises(DBAPIError, match="append-only"):
            async with engine.begin() as connection:
                await connection.execute(text("DELETE FROM quotas"))
        await engine.dispose()
    postgresql.drop()
