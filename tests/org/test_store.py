"""What was imported and who did it, in SQL: each once, in a row without a gap, and never unsaid."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import ChangedMeanwhileError
from ccd.org.acts import Act, acts, note_act, noted
from ccd.org.store import ROSTER, KeptImport, newest_import, newest_number, numbered, org_imports, take_import
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience, take_turn_at_once
from tests.databases import PostgreSQL, differences, lose_the_next_answer

QUICK = Patience(attempts_max=3, wait_s_min=0.001, wait_s_max=0.01)
ACT = Act("a", 7, "ann", "desk-1", "import roster", ROSTER, "", "import 1", "the new team")


async def imported(engine: AsyncEngine, said: str, instead_of: int, act: Act = ACT) -> KeptImport:
    return await take_turn_at_once(engine, lambda plain: take_import(plain, ROSTER, said, instead_of, act), QUICK)


async def asked(engine: AsyncEngine, ask: Any, *words: Any) -> Any:
    async with engine.connect() as connection:
        return await connection.run_sync(lambda plain: ask(plain, *words))


async def test_what_was_imported_last_holds_and_what_was_before_stays(engine: AsyncEngine) -> None:
    assert await asked(engine, newest_import, ROSTER) is None
    assert await asked(engine, newest_number, ROSTER) == 0
    assert await imported(engine, "one\r\n", 0) == KeptImport(1, "one\r\n")
    await imported(engine, "\ufefftwo", 1, ACT._replace(id="b"))
    assert await asked(engine, newest_import, ROSTER) == KeptImport(2, "\ufefftwo")
    assert await asked(engine, numbered, ROSTER, 1) == KeptImport(1, "one\r\n")
    assert await asked(engine, numbered, ROSTER, 3) is None
    assert await asked(engine, newest_import, "units") is None


async def test_each_import_stands_with_who_did_it_and_why(engine: AsyncEngine) -> None:
    second = ACT._replace(id="b", at=8, by="bob", before="import 1", after="import 2", why="a slip")
    await imported(engine, "one", 0)
    await imported(engine, "two", 1, second)
    other = ACT._replace(id="c", kind="declare hours", subject="team-1")
    async with engine.begin() as connection:
        await connection.run_sync(lambda plain: note_act(plain, other))
    assert list(await asked(engine, lambda plain: list(noted(plain, None, None, 9)))) == [other, second, ACT]
    assert list(await asked(engine, lambda plain: list(noted(plain, "import roster", None, 1)))) == [second]
    assert list(await asked(engine, lambda plain: list(noted(plain, None, "team-1", 9)))) == [other]


async def test_who_did_not_see_the_newest_imports_nothing_and_no_act_is_noted(engine: AsyncEngine) -> None:
    await imported(engine, "one", 0)
    with pytest.raises(ChangedMeanwhileError, match=r"another roster was meanwhile \(import 1\).*--dry-run"):
        await imported(engine, "two", 0, ACT._replace(id="b"))
    assert await asked(engine, newest_import, ROSTER) == KeptImport(1, "one")
    assert await asked(engine, lambda plain: [act.id for act in noted(plain, None, None, 9)]) == ["a"]


async def test_of_two_at_once_one_is_taken(engine: AsyncEngine) -> None:
    both = [imported(engine, said, 0, ACT._replace(id=said)) for said in ("one", "two")]
    done = await asyncio.gather(*both, return_exceptions=True)
    (kept,) = [each for each in done if isinstance(each, KeptImport)]
    assert [type(each) for each in done if not isinstance(each, KeptImport)] == [ChangedMeanwhileError]
    assert await asked(engine, newest_import, ROSTER) == kept
    assert await asked(engine, lambda plain: len(list(noted(plain, None, None, 9)))) == 1


async def test_an_answer_that_was_lost_is_no_second_import(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_the_next_answer(engine, monkeypatch)
    assert await imported(engine, "one", 0) == KeptImport(1, "one")
    assert await asked(engine, newest_number, ROSTER) == 1
    assert await asked(engine, lambda plain: len(list(noted(plain, None, None, 9)))) == 1


ACT_ROW = (
    'INSERT INTO acts (id, at, by, address, kind, subject, "before", after, why)'
    " VALUES ('{}', 1, 'x', 'x', 'x', 'x', '', '', '{}')"
)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE acts SET why = 'x'", "append-only"),
        ("DELETE FROM acts", "append-only|violates"),
        ("UPDATE org_imports SET text = 'x'", "append-only"),
        ("DELETE FROM org_imports", "append-only"),
        (ACT_ROW.format("b", ""), "says_why"),
        (ACT_ROW.format("a", "x"), "append-only|unique"),
        ("INSERT INTO org_imports VALUES ('roster', 1, 'x', 'b')", "append-only|unique"),
        ("INSERT INTO org_imports VALUES ('roster', 2, 'x', 'a')", "append-only|unique"),
        ("INSERT INTO org_imports VALUES ('roster', 2, 'x', 'nobody')", "FOREIGN KEY|foreign key"),
        ("INSERT INTO org_imports VALUES ('units', 0, 'x', 'b')", "is_counted_from_one"),
    ],
)
async def test_the_database_itself_refuses_every_other_hand(engine: AsyncEngine, statement: str, why: str) -> None:
    await imported(engine, "one", 0)
    async with engine.begin() as connection:
        if "'b')" in statement:
            await connection.execute(text(ACT_ROW.format("b", "x")))
    with pytest.raises(DBAPIError, match=why):
        async with engine.begin() as connection:
            await connection.execute(text(statement))
    assert await asked(engine, newest_import, ROSTER) == KeptImport(1, "one")
    assert (await asked(engine, lambda plain: list(noted(plain, None, None, 9))))[-1] == ACT


async def test_the_daemon_s_own_role_imports_and_may_do_no_more(postgresql: PostgreSQL) -> None:
    role, url = await postgresql.of_a_daemon()
    daemon = open_engine(make_url(url).set(username=role))
    assert await imported(daemon, "one", 0) == KeptImport(1, "one")
    assert await asked(daemon, newest_import, ROSTER) == KeptImport(1, "one")
    for statement in ("UPDATE acts SET why = 'x'", "DELETE FROM acts", "TRUNCATE org_imports CASCADE"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with daemon.begin() as connection:
                await connection.execute(text(statement))
    await daemon.dispose()
    postgresql.drop()


async def test_the_migrated_tables_are_those_of_the_model(engine: AsyncEngine) -> None:
    assert await differences(engine, {acts.name, org_imports.name}) == []
