"""Every line of a ledger is explained, whatever service it is of: on both engines."""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.accounts import agent_owner
from ccd.bank.statement import agent_statement
from ccd.daemon.explained.behind import behind
from ccd.daemon.explained.explaining import agent_of, explained, explaining
from ccd.daemon.services.entitling import entitle
from ccd.daemon.services.ruling import reverse_ruling
from ccd.daemon.site import Current
from ccd.ledger.model import Transfer
from ccd.ledger.schema import entries
from ccd.org.entitlements import Entitlement
from ccd.org.people import Duty, Office, Person, Role
from ccd.reports.explained import Explained, PostedAs, explained_as_json, what_of
from ccd.reports.explained_text import lines_of
from ccd.web.explain_api import ExplainedSaid
from tests.daemon.ruled import ANN, HOUR, MONDAY, WORKED, Centre, at, shift, span
from tests.daemon.services import test_overtime as overtime
from tests.daemon.services.test_overtime import DAY, World, day_over, seen
from tests.floor.floors import S, added, paused, removed, unpaused

site, world = overtime.site, overtime.world


async def all_explained(world: World) -> list[Explained]:
    async with world.engine.connect() as connection:
        rows = (await connection.execute(select(entries.c.transaction_id, entries.c.leg))).all()
    return [await explained(world.engine, world.site, Transfer(*row), everything=True) for row in sorted(rows)]


async def test_every_line_says_how_it_came_about_and_leads_to_the_day_and_to_who_did_it(world: World) -> None:
    await seen(world)
    await world.emergency()
    await world.closing.close_due()
    (before, *_) = await all_explained(world)
    assert "The day is not settled yet: its record follows." in before.words
    await day_over(world)
    await world.closer.close("team-1", DAY)
    told = await all_explained(world)
    assert {one.moves[0].service for one in told} == {"overtime", "savings"}
    for one in told:
        assert one.words
        assert one.day is not None
        assert (one.day.doubts, one.day.record.day) == ((), DAY)
        assert one.day.record.agent == one.agent == await agent_of(world.engine, one.transfer)
        assert {move.credit.owner for move in one.moves} == {agent_owner(one.agent)}
        assert explained_as_json(one)["day"]["presence"]
        assert any("signed in" in line for line in lines_of(one))


async def test_overtime_says_which_emergency_and_who_opened_it_and_nothing_of_other_agents(world: World) -> None:
    await seen(world)
    await world.emergency()
    await world.acting.answer("flood", world.asking(), "1003", comes=False)
    await world.closing.close_due()
    (ann, *_) = [one for one in await all_explained(world) if one.agent == "1001"]
    assert ann.words[0] == (
        "In the emergency flood of centre, level I: 1 h 20 min (4800 s) outside of shifts; 30 % of interest are"
        " 24 min (1440 s)."
    )
    assert {(act.kind, act.subject) for act in ann.acts} >= {("overtime open", "centre")}
    assert all(act.subject in ("1001", "centre") for act in ann.acts)
    assert any("lead from here: overtime open, centre — the lines are flooded" in line for line in lines_of(ann))
    assert "1003" not in str(explained_as_json(ann))


async def test_over_http_it_is_the_same(world: World) -> None:
    await seen(world)
    await day_over(world)
    await world.closer.close("team-1", DAY)
    asked = Transfer(1, 1)
    pages = explaining(Current(world.site, world.site), world.engine)
    told = ExplainedSaid.model_validate(await pages.told(asked, False))
    assert told.model_dump() == explained_as_json(await explained(world.engine, world.site, asked))
    assert await pages.whose(asked) == told.agent


async def test_a_ruling_says_which_part_it_is_who_made_it_and_why(engine: AsyncEngine, tmp_path: Path) -> None:
    centre = Centre(engine, tmp_path)
    await centre.lives(
        added(at(8), seat=ANN), paused(at(9), "toilet", seat=ANN), unpaused(at(10), seat=ANN), removed(at(16), seat=ANN)
    )
    await centre.close()
    await centre.rules("exempt", span(9, 9.5), agent="ann")
    await centre.close()
    (line, *_) = (await agent_statement(centre.bank.ledger, "ann")).lines
    number, leg = line.transfer.split(".")
    told = await explained(engine, centre.site, Transfer(int(number), int(leg)))
    effect = explained_as_json(told)
    assert (effect["amount"], effect["leave"], line.leave_s < 0) == (line.amount_s, line.leave_s, True)
    assert told.day is not None
    assert (told.day.revision, told.day.newest, told.day.doubts) == (2, 2, ())
    exempt, aux = told.day.parts
    assert [(what_of(part.part), part.part.end - part.part.start) for part in (exempt, aux)] == [
        ("exempt", HOUR * S // 2), ("aux", HOUR * S // 2)
    ]  # fmt: skip
    assert exempt.part.ruled is not None
    assert {seen.reason for seen in (*exempt.seen, *aux.seen)} == {"toilet"}
    (act,) = told.acts
    assert (act.by, act.kind, act.subject, act.why) == ("mia", "rule", "ann", "the CRM was down")
    said = "\n".join(lines_of(told))
    assert f"09:00:00–09:30:00  30 min: exempt, by ruling {exempt.part.ruled.ref}" in said
    assert explained_as_json(told)["day"]["expected"]["rulings"][0]["counts"] == "exempt"
    first = await explained(engine, centre.site, Transfer(1, 1))
    assert first.day is not None
    assert (first.day.revision, first.acts, [what_of(part.part) for part in first.day.parts]) == (1, (), ["aux"])


async def test_what_was_reversed_is_said_with_who_made_it_and_who_reversed_it_each_once(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    centre = Centre(engine, tmp_path)
    await centre.lives(*WORKED)
    await centre.close()
    whole = await centre.rules("left_out", span(8, 16), unit="team-1")
    inner = await centre.rules("aux", span(10, 11), agent="ann")
    await centre.close()
    reversal = await reverse_ruling(engine, centre.site, centre.asking(), inner.ref, "it was not")
    await centre.close()
    lines = [line for line in (await agent_statement(centre.bank.ledger, "ann")).lines if line.day == MONDAY]
    after, before = [await explained(engine, centre.site, Transfer(*map(int, line.transfer.split(".")))) for line in
                     (lines[0], lines[1])]  # fmt: skip
    assert [act.id for act in before.acts] == [whole.ref, inner.ref], "though it is of two parts of the day"
    assert [act.id for act in after.acts] == [whole.ref, inner.ref, reversal.ref]
    assert f"It was reckoned by ruling {inner.ref} before, which was reversed." in after.words


async def test_a_day_of_whose_shift_all_is_left_out_is_not_said_to_have_no_shift(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    centre = Centre(engine, tmp_path, schedules=True)
    await centre.plans(shift("ann", 8, 16))
    await centre.lives(*WORKED)
    await centre.close()
    await centre.rules("left_out", span(8, 16), unit="team-1")
    await centre.close()
    (line, *_) = (await agent_statement(centre.bank.ledger, "ann")).lines
    said = list(lines_of(await explained(engine, centre.site, Transfer(*map(int, line.transfer.split("."))))))
    assert "  nothing scheduled" in said
    assert "  no shift" not in said


async def test_who_is_entitled_to_more_is_told_what_protects_and_nothing_else(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    centre = Centre(engine, tmp_path)
    await centre.lives(
        added(at(8), seat=ANN), paused(at(9), "water", seat=ANN), unpaused(at(10), seat=ANN), removed(at(16), seat=ANN)
    )
    await centre.close()
    clerk = Person("hal", Role.SUPERVISOR, agent="hal", duties=(Duty(Office.HR_CLERK, "centre"),))
    entitled = Entitlement(None, 2_000)
    await entitle(engine, centre.site, centre.asking(clerk), "ann", MONDAY, None, entitled)
    await centre.close()
    (line, *_) = (await agent_statement(centre.bank.ledger, "ann")).lines
    number, leg = map(int, line.transfer.split("."))
    told = await explained(engine, centre.site, Transfer(number, leg))
    assert told.day is not None
    assert (told.day.revision, told.day.doubts, told.day.expected) == (2, (), None)
    assert "With a minimum or an own rate nothing is charged for up to 33 min 20 s (2000 s) of aux time." in told.words
    assert told.acts == ()


async def test_what_was_taken_back_of_an_offset_says_of_which_day_and_who_decided_it(engine: AsyncEngine) -> None:
    facts = {"item": "2026-12-10/idle", "act": "a"}
    posted = PostedAs(7, "offset-back/1001/2026-12-10/idle", 1, "ccd", "2026-12", 0, "1001", "offset", "", facts)
    async with engine.connect() as connection:
        said = await behind(connection, posted)
    assert (
        said.words[0] == "The balance has back what went against personal leave of 2026-12-10 (leave of an idle day)."
    )
    assert (said.words[1], said.act_ids) == ("1001 decided it.", ("a",))
