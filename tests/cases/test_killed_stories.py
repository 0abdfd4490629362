"""Whoever does what a case tells is killed at commits all along it, and does it again: the database then says what it
says where nobody was killed, but for when."""

import asyncio
import itertools
import json
import os
import re
import signal
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, select

from ccd.bank.agreeing import Differs, without_rows
from ccd.ledger.schema import accounts, owners
from ccd.ledger.verify import verify
from ccd.sql.engine import open_engine
from ccd.sql.metadata import metadata
from tests.bank import askers
from tests.bank.test_exactly_once import in_a_process
from tests.cases.late import World
from tests.cases.story import Case, Line, case_in
from tests.databases import before_each_commit, new_database, postgresql, sqlite_template
from tests.floor.floors import S, heard
from tests.history.observing import record

__all__ = ["new_database", "postgresql", "sqlite_template"]

STORY = """
[[case]]
title = "all that the bank does in a week at a month's end"
schedules = true
policy = { gift = { cap_ppm = 1000000 }, days_off = { allocate = "by_rule", allocate_days_before = 2 } }
story = [
    "29 Dec 07:00 the plan says 1001 08:00-16:00 on 29 Dec, 31 Dec",
    "29 Dec 07:00 the plan says 1002 08:00-16:00 on 29 Dec, 31 Dec",
    "29 Dec 07:00 the plan says 2001 08:00-16:00 on 29 Dec, 31 Dec",
    "29 Dec 07:01 lead of centre gives 1001 and 1002 and 2001 30000 s each for contest",
    "29 Dec 07:02 team-1 lets 1 off on 31 Dec",
    "29 Dec 07:02 team-2 lets 1 off on 31 Dec",
    "29 Dec 07:03 1001 applies for 31 Dec",
    "29 Dec 07:03 1002 applies for 31 Dec",
    "29 Dec 07:03 2001 applies for 31 Dec",
    "29 Dec 07:04 1001 joins the strike team of team-1",
    "29 Dec 07:05 1001 works 08:00-20:00, water 10:00-10:30",
    "29 Dec 07:05 1002 works 08:00-16:00, water 10:00-12:30",
    "29 Dec 07:05 2001 works 08:15-16:00, water 10:00-11:30",
    "29 Dec 16:30 lead of team-1 opens flood, level I",
    "29 Dec 16:31 lead calls the strike team to flood",
    "29 Dec 16:32 lead of team-1 hands tina 5000 s",
    "29 Dec 16:33 tina gives 1001 and 1002 100 s each of the budget of team-1 for contest",
    "29 Dec 19:00 lead ends flood",
    "30 Dec 10:00 lead rules 1001 exempt 10:00-10:20 on 29 Dec",
    "30 Dec 10:01 lead recalls the budget of tina",
    "30 Dec 10:02 lead of team-1 gives 1002 1000 s for contest",
    "30 Dec 10:02 1002 offsets 1000 s of 2026-12-29/day of 2026-12",
    "30 Dec 10:03 1002 takes back what was offset of all of 2026-12",
    "4 Jan 08:00 lead rules 2001 exempt 10:00-11:30 on 29 Dec",
]
then = {}
"""
EVERY = {"sqlite": 4, "postgresql": 7}  # of the steps, how many are left alone; all hold, and take minutes
REMEMBERED = ("now", "seen", "plan", "leave", "site")
NOTHING_IS_DUE = (date(2027, 1, 1), date(2027, 1, 2))
FOR_TESTS = re.compile(r".*( lets | works ).*")  # what the world writes by itself, and not by an act
INSTANT, NAME, DIGEST = (re.compile(rf"\b{each}\b") for each in (r"\d{16}", "[0-9a-f]{32}", "[0-9a-f]{64}"))
NUMBERED = frozenset(  # as they came
    ("block", "id", "number", "owner_id", "reservation", "reverses", "ruling", "transaction", "transaction_id")
) | {"reverses_transaction", "up_to", "hold"}

Deed = Callable[[World], Awaitable[object]]
Memory = dict[str, Any]


class Step(NamedTuple):
    """`ticks` of the clock are over when it is done again: only acts are asked for to the letter."""

    what: str
    do: Deed
    is_killed: bool = True
    ticks: int = 0


def steps_of(case: Case) -> Iterator[Step]:
    day = case.story[0].day
    for line in case.story:
        while day < line.day:
            yield from night(day)
            day += timedelta(days=1)
        yield Step(line.written, partial(said, line=line), not FOR_TESTS.match(line.said))


async def in_turn(deeds: Iterable[Deed], world: World) -> None:
    for do in deeds:
        await do(world)


async def said(world: World, line: Line) -> None:
    world.now = line.at
    await world.do(line)


def night(day: date) -> Iterator[Step]:
    async def is_heard(world: World) -> None:
        starts = world.site.units.days("").of_date(day + timedelta(days=1)).start
        over = sorted((event for event in world.seen if event.at <= starts), key=lambda event: event.at)
        world.seen = [event for event in world.seen if event.at > starts]
        await record(world.engine, *over, heard(starts // S), rules=world.site.seat_rules)
        world.now = world.read(starts + S)

    yield Step(f"the night after {day} is heard", is_heard, is_killed=False)
    looks: tuple[Deed, ...] = (
        lambda world: world.closer.close_due(),
        lambda world: world.days_off_due.look(),
        lambda world: world.overtime.close_due(),
        lambda world: world.months_due.look(),
    )
    for look in looks:
        yield Step(f"the night after {day}", look, day not in NOTHING_IS_DUE, 1_000)


def done(url: str, case: Case, memory: Memory, ticks: int, do: Deed, dies_at: int | None = None) -> Memory:
    """By a process that begins with this memory; killed after so many commits."""

    async def do_it() -> Memory:
        engine = open_engine(url)
        commits = itertools.count()
        if dies_at is not None:
            before_each_commit(engine, lambda: dies() if next(commits) == dies_at else None)
        world = World(engine, case)
        for name, kept in memory.items():
            setattr(world, name, kept.copy() if isinstance(kept, list | dict) else kept)
        world._tick, askers.NUMBERS = ticks, itertools.count(ticks)
        await do(world)
        if dies_at is not None and next(commits) == dies_at:
            dies()
        await engine.dispose()
        return {name: getattr(world, name) for name in REMEMBERED}

    return asyncio.run(do_it())


def dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def said_by(url: str) -> dict[str, list[str]]:
    """By table, but for what counts and when; in which nothing may disagree."""

    async def look() -> dict[str, list[str]]:
        engine = open_engine(url)
        assert (await verify(engine, lambda done, total: None)).findings == []
        async with engine.connect() as connection:
            assert await connection.run_sync(disagreeing) == []
            owned = select(accounts.c.id, owners.c.name + " " + accounts.c.kind).join_from(accounts, owners)
            names = {str(number): name for number, name in await connection.execute(owned)}
            found = {
                table.name: sorted(masked(row._asdict(), names) for row in await connection.execute(select(table)))
                for table in metadata.sorted_tables
            }
        await engine.dispose()
        return found

    return asyncio.run(look())


def disagreeing(connection: Connection) -> list[Differs]:
    return list(without_rows(connection, date(2026, 11, 1), date(2027, 2, 1)))


def masked(row: dict[str, Any], accounts_named: Mapping[str, str]) -> str:
    kept = {name: "" if name in NUMBERED or isinstance(of, bytes) else of for name, of in row.items()}
    kept |= {name: accounts_named[str(row[name])] for name in ("account_id", "debit", "credit") if name in row}
    return DIGEST.sub("", NAME.sub("", INSTANT.sub("", json.dumps(kept, default=str, sort_keys=True))))


@pytest.mark.timeout(180)
def test_what_was_killed_at_a_commit_and_is_done_again_is_as_if_nobody_had_been(
    new_database: Callable[..., str],
) -> None:
    """Between two commits, and after the last, when nobody has the answer."""
    case = case_in(STORY)
    url, memory, kills = new_database(), Memory(), 0
    every = EVERY[url.partition("+")[0]]
    untried: list[Deed] = []
    for number, step in enumerate(steps_of(case)):
        if not step.is_killed or number % every:
            untried.append(step.do)
            continue
        ticks = number * 10_000
        remembered = done(url, case, memory, ticks - 5_000, partial(in_turn, untried.copy()))
        untried.clear()
        before = new_database(url)
        memory = done(url, case, remembered, ticks, step.do)
        wanted = said_by(url)
        for dies_at in itertools.count(1):
            tried = new_database(before)
            if not is_killed(partial(done, tried, case, remembered, ticks, step.do, dies_at)):
                break
            kills += 1
            assert not is_killed(partial(done, tried, case, remembered, ticks + step.ticks, step.do))
            assert said_by(tried) == wanted, (step.what, dies_at)
    assert kills > 3


def is_killed(work: Callable[[], Memory]) -> bool:
    """In a process of its own, which does it to its end otherwise."""
    status = os.waitpid(in_a_process(lambda: len(work()) - len(REMEMBERED)), 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)
