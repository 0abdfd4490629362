"""What people rule of agents' time: kept beside what was measured, reversed by another, and each day revised by it."""

import random
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.services.ruling import About, made_between, reverse_ruling, rule
from ccd.errors import ActNotAllowedError, RulingError
from ccd.history import close
from ccd.history.expected_days import PeopleOfDay, people_of_day
from ccd.ledger.model import Close, Posting
from ccd.org.acts import noted
from ccd.org.people import Duty, Office, Person, Role
from ccd.org.ruling_rows import rulings
from ccd.org.rulings import COUNTS
from ccd.sql.engine import open_engine
from tests.daemon.ruled import ANN, BEN, CID, HOUR, MONDAY, Centre, at, shift, span, us
from tests.floor.floors import S, added, heard, lost, member, paused, removed, snapshot, unpaused
from tests.history.closing import everything

WORKED = (
    added(at(8), seat=ANN), added(at(8), seat=CID), paused(at(9), "toilet", seat=ANN), unpaused(at(10), seat=ANN),
    removed(at(11), seat=CID), added(at(12), seat=BEN), removed(at(16), seat=ANN), removed(at(20), seat=BEN),
    added(at(8, 1), seat=CID), paused(at(9, 1), "toilet", seat=CID), unpaused(at(10, 1), seat=CID),
    removed(at(16, 1), seat=CID),
)  # fmt: skip
RATE = 37_000


def allowed_s(hours: float) -> int:
    return round(hours * HOUR * RATE) // 1_000_000


@pytest.fixture
async def centre(engine: AsyncEngine, tmp_path: Path) -> Centre:
    made = Centre(engine, tmp_path)
    await made.lives(*WORKED)
    await made.close()
    return made


async def test_a_span_of_an_agent_is_ruled_exempt_and_the_difference_is_posted(centre: Centre) -> None:
    assert await centre.bank.net_s("ann") == allowed_s(8) - HOUR
    await centre.rules("exempt", span(9, 9.5), agent="ann")
    await centre.close()
    assert await centre.bank.net_s("ann") == allowed_s(7.5) - HOUR // 2
    stored = await centre.day("ann")
    assert stored.record.aux == HOUR * S, "what was measured stays so"
    assert stored.record.ruled is not None
    assert stored.record.ruled.aux == HOUR * S // 2
    assert f'"ruled":[[{us(9)},{us(9.5)},"exempt",' in stored.expected


async def test_an_incident_of_a_unit_reaches_who_was_there_each_on_the_own_days(centre: Centre) -> None:
    before = await centre.revisions()
    await centre.rules("exempt", span(9, 10), unit="centre")
    await centre.close()
    after = await centre.revisions()
    assert {key for key in after if after[key] != before[key]} == {("ann", 2), ("cid", 2)}, "ben came later"
    await centre.rules("exempt", span(9, 10, 1), unit="team-1")
    await centre.close()
    assert await centre.revisions() == after, "cid was in the other team by then, and nobody else there"
    await centre.rules("exempt", span(9, 10, 1), unit="team-2")
    await centre.close()
    assert (await centre.revisions())["cid", 3] == 2
    assert await centre.bank.net_s("cid") == allowed_s(2) + allowed_s(7)


async def test_what_is_reversed_is_as_if_it_had_never_been_said(centre: Centre) -> None:
    before, net_s = await centre.record("ann"), await centre.bank.net_s("ann")
    made = await centre.rules("left_out", span(8, 16), agent="ann")
    await centre.close()
    assert await centre.bank.net_s("ann") == 0
    undone = await reverse_ruling(centre.engine, centre.site, centre.asking(), made.ref, "it was up after all")
    await centre.close()
    assert (await centre.record("ann"), await centre.bank.net_s("ann")) == (before, net_s)
    assert (await centre.day("ann")).revision == 3
    assert await made_between(centre.engine, span(0, 24)) == [made._replace(number=1), undone._replace(number=2)]
    with pytest.raises(RulingError, match="was reversed before"):
        await reverse_ruling(centre.engine, centre.site, centre.asking(), made.ref, "again")
    with pytest.raises(RulingError, match="rule anew instead"):
        await reverse_ruling(centre.engine, centre.site, centre.asking(), undone.ref, "after all")
    with pytest.raises(RulingError, match="nothing of that name"):
        await reverse_ruling(centre.engine, centre.site, centre.asking(), "nobody", "why")


async def test_a_day_of_a_closed_month_is_revised_and_the_difference_counts_in_the_month_that_runs(
    centre: Centre,
) -> None:
    posting = Posting("close/2026-11", 1, "centre", MONDAY, (), asked_by="test", terms=(Close(),))
    (await centre.bank.ledger.post(posting)).or_raise()
    centre.bank.now_s = at(12, 40)
    before = await centre.bank.net_s("ann")
    made = await centre.rules("exempt", span(9, 10), agent="ann")
    await centre.bank.closer.close("team-1", MONDAY)
    assert await centre.bank.net_s("ann") == allowed_s(7)
    await reverse_ruling(centre.engine, centre.site, centre.asking(), made.ref, "it was up after all")
    await centre.bank.closer.close("team-1", MONDAY)
    assert await centre.bank.net_s("ann") == before


async def test_the_same_act_again_changes_nothing_and_another_by_its_name_is_refused(centre: Centre) -> None:
    for _ in range(2):
        await centre.rules("aux", span(9, 10), agent="ann", act="one")
    with pytest.raises(RulingError, match="choose another key"):
        await centre.rules("exempt", span(9, 10), agent="ann", act="one")
    for _ in range(2):
        await reverse_ruling(centre.engine, centre.site, centre.asking(act="two"), "one", "it was not")
    assert [each.ref for each in await made_between(centre.engine, span(0, 24))] == ["one", "two"]
    async with centre.engine.connect() as connection:
        acts = await connection.run_sync(lambda plain: list(noted(plain, None, "ann", 9)))
    assert [(act.by, act.address, act.kind, act.before, act.why) for act in acts] == [
        ("mia", "desk-1", "reverse a ruling", "one", "it was not"),
        ("mia", "desk-1", "rule", "", "the CRM was down"),
    ]


@pytest.mark.parametrize(
    ("person", "about", "why"),
    [
        (Person("ann", Role.SUPERVISOR, "ann", duties=(Duty(Office.HOTLINE_MANAGER, "centre"),)),
         About("ann", None, span(9, 10)), "own account"),
        (Person("ann", Role.SUPERVISOR, "ann", duties=(Duty(Office.HOTLINE_MANAGER, "centre"),)),
         About(None, "team-1", span(9, 10)), "own account"),
        (Person("leo", Role.SUPERVISOR, duties=(Duty(Office.HOTLINE_MANAGER, "team-2"),)),
         About("ann", None, span(9, 10)), "it is for a hotline_manager"),
        (Person("leo", Role.SUPERVISOR, duties=(Duty(Office.HOTLINE_MANAGER, "team-2"),)),
         About(None, "centre", span(9, 10)), "it is for a hotline_manager"),
        (Person("tom", Role.SUPERVISOR, duties=(Duty(Office.TEAM_LEADER, "team-1"),)),
         About("ann", None, span(9, 10)), "it is for a hotline_manager"),
    ],
)  # fmt: skip
async def test_nobody_rules_about_themselves_nor_in_other_units(
    centre: Centre, person: Person, about: About, why: str
) -> None:
    with pytest.raises(ActNotAllowedError, match=why):
        await rule(centre.engine, centre.site, centre.asking(person), about, "exempt", "please")
    assert await made_between(centre.engine, span(0, 24)) == []


@pytest.mark.parametrize(
    ("duties", "signed"),
    [({"team-1": "mia", "team-2": ""}, "leo, for mia"), ({"team-1": "", "team-2": "mia"}, "leo, for mia"),
     ({"team-1": "mia", "team-2": "max"}, "leo, for max and mia"), ({"centre": "mia"}, "leo, for mia"),
     ({"centre": ""}, "leo")],
)  # fmt: skip
async def test_who_stands_in_for_others_in_some_units_is_written_down_with_all_of_them(
    centre: Centre, duties: dict[str, str], signed: str
) -> None:
    held = tuple(Duty(Office.HOTLINE_MANAGER, unit, deputy_for=whose) for unit, whose in duties.items())
    leo, about = Person("leo", Role.SUPERVISOR, duties=held), About("cid", None, span(22, 26))
    await rule(centre.engine, centre.site, centre.asking(leo), about, "exempt", "a fire drill")
    async with centre.engine.connect() as connection:
        (act,) = await connection.run_sync(lambda plain: list(noted(plain, None, "cid", 9)))
    assert act.by == signed


async def test_what_reaches_nobody_or_has_no_reason_is_refused(centre: Centre) -> None:
    with pytest.raises(RulingError, match="reaches nobody"):
        await centre.rules("aux", span(9, 10), agent="eve")
    with pytest.raises(RulingError, match="not after its start"):
        await centre.rules("aux", span(10, 9), agent="ann")
    about = About("ann", None, span(9, 10))
    with pytest.raises(RulingError, match="gives no reason"):
        await rule(centre.engine, centre.site, centre.asking(), about, "aux", " ")


async def test_nobody_reverses_what_reaches_nobody_any_more(centre: Centre) -> None:
    """Of no unit of theirs anybody could be asked for the right."""
    made = await centre.rules("aux", span(8, 9), agent="ann")
    await centre.follows("agent,interface,member_name,unit,from,to\n" + f"ben,{BEN},,team-2,,\n")
    other = Person("leo", Role.SUPERVISOR, duties=(Duty(Office.HOTLINE_MANAGER, "team-2"),))
    with pytest.raises(RulingError, match="reaches nobody"):
        await reverse_ruling(centre.engine, centre.site, centre.asking(other), made.ref, "as I like")
    assert await made_between(centre.engine, span(0, 24)) == [made._replace(number=1)]


async def test_what_nobody_saw_gives_base_once_it_is_ruled_available(engine: AsyncEngine, tmp_path: Path) -> None:
    centre = Centre(engine, tmp_path)
    gap = (heard(at(10)), lost(at(10)), snapshot(at(11), member(seat=ANN)))
    await centre.lives(added(at(8), seat=ANN), *gap, removed(at(16), seat=ANN))
    await centre.close()
    assert await centre.bank.net_s("ann") == allowed_s(7)
    await centre.rules("available", span(10, 11), agent="ann")
    await centre.rules("available", span(9, 17), agent="dan")
    await centre.close()
    assert await centre.bank.net_s("ann") == allowed_s(8)
    assert await centre.bank.net_s("dan") == allowed_s(8), "of whom nothing was ever seen"
    (made,) = [each for each in await made_between(engine, span(16, 17)) if each.agent == "dan"]
    await reverse_ruling(engine, centre.site, centre.asking(), made.ref, "dan was ill")
    await centre.close()
    assert await centre.bank.net_s("dan") == 0


async def test_a_day_on_which_nothing_happened_is_worth_what_was_ruled_and_no_more(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    """A telephone that nobody signed out for days."""
    centre = Centre(engine, tmp_path)
    await centre.lives(added(at(8, -1), seat=ANN))
    await centre.close()
    assert (await centre.day("ann")).record.signed_in == 24 * HOUR * S
    before = await centre.bank.net_s("ann")
    await centre.rules("available", span(9, 10), agent="ann")
    await centre.close()
    assert await centre.bank.net_s("ann") == before + allowed_s(1)


async def test_in_a_unit_with_schedules_a_ruling_says_what_a_part_of_the_shift_is(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    centre = Centre(engine, tmp_path, schedules=True)
    await centre.plans(shift("ann", 7, 16), shift("ben", 8, 16))
    await centre.lives(*WORKED)
    await centre.close()
    before = await centre.record("ben"), await centre.record("ann")
    await centre.rules("available", span(7, 10), unit="centre")
    made = await centre.rules("available", span(7, 8), agent="ann")
    await centre.close()
    duty = (await centre.day("ann")).record.duty
    assert duty is not None
    assert (duty.late, duty.counted.aux, duty.counted.signed_in) == (0, 0, 9 * HOUR * S)
    assert await centre.record("ben") == before[0], "who came at noon was not there"
    for one in await made_between(engine, span(0, 24)):
        await reverse_ruling(engine, centre.site, centre.asking(), one.ref, "no")
    await centre.close()
    assert (await centre.record("ben"), await centre.record("ann")) == before
    assert made.ref not in (await centre.day("ann")).expected


async def test_what_is_ruled_while_a_day_is_measured_is_not_lost(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the rulings and the note that the day is measured by them, somebody rules."""
    centre = Centre(engine, tmp_path)
    await centre.lives(*WORKED)
    once = [True]

    async def and_meanwhile(*asked: Any) -> PeopleOfDay:
        found = await people_of_day(*asked)
        if once and "ann" in found.agents:
            once.pop()
            await centre.rules("exempt", span(9, 10), agent="ann")
        return found

    monkeypatch.setattr(close, "people_of_day", and_meanwhile)
    await centre.close()
    assert not once
    await centre.close()
    assert await centre.bank.net_s("ann") == allowed_s(7)


async def test_rulings_are_never_unsaid(centre: Centre) -> None:
    await centre.rules("exempt", span(9, 10), agent="ann")
    async with centre.engine.connect() as connection:
        number = await connection.scalar(select(rulings.c.number))
    replaced = f"INSERT OR REPLACE INTO rulings VALUES ({number}, 'x', 'ann', NULL, 1, 2, 'aux', NULL)"
    on_sqlite = centre.engine.dialect.name == "sqlite"
    for statement in ("UPDATE rulings SET counts = 'aux'", "DELETE FROM rulings", *([replaced] if on_sqlite else [])):
        with pytest.raises(DBAPIError, match="append-only"):
            async with centre.engine.begin() as connection:
                await connection.execute(text(statement))


ROUNDS = 4
ABOUT = ({"agent": "ann"}, {"agent": "cid"}, {"unit": "team-1"}, {"unit": "centre"})


async def test_any_order_of_what_is_seen_ruled_and_planned_leaves_the_same(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    for seed in range(ROUNDS):
        chance = random.Random(seed)
        ruled = [(chance.choice(COUNTS), span(start, start + 2), chance.choice(ABOUT)) for start in range(7, 20, 4)]
        stands = []
        for order in range(2):
            engine = open_engine(new_database())
            centre = Centre(engine, tmp_path / f"{seed}-{order}", schedules=bool(seed % 2))
            acts: list[Callable[[], Awaitable[object]]] = [
                partial(centre.rules, counts, on, **about, act=f"{number}")
                for number, (counts, on, about) in enumerate(ruled)
            ]
            acts += [partial(centre.plans, shift(agent, 8, 16)) for agent in ("ann", "cid")]
            acts += [partial(centre.lives, *WORKED)]
            chance.shuffle(acts)
            for act in acts:
                await act()
                if chance.random() < 0.6:
                    await centre.close()
            await centre.close()
            await centre.close()
            nets = {agent: await centre.bank.net_s(agent) for agent in ("ann", "ben", "cid")}
            newest = {row[:2]: row[3:] for row in await everything(engine)}
            stands.append((nets, {key: row for key, row in newest.items() if row[4] or row[-1]}))
            await engine.dispose()
        assert stands[0] == stands[1], seed
