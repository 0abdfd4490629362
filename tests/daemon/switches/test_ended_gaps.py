"""Gaps that ended unfilled, filled from a log that came later: the days are revised, what was seen is as it was."""

from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.switches.backfilling import fill_back
from ccd.errors import ActNotAllowedError, BackfillError
from ccd.floor.agents import AgentRules
from ccd.floor.crew import day_records
from ccd.floor.days import BusinessDays
from ccd.floor.owners import Owner
from ccd.floor.rules import Reasons
from ccd.floor.seats import State
from ccd.floor.segments import Segment
from ccd.history.gaps import ends_found
from ccd.history.made_of import Seats, made_of
from ccd.history.reading import reading
from ccd.history.schema import queue_calls
from ccd.ledger.model import Close, Posting
from ccd.org.acts import noted
from ccd.org.people import Duty, Office, Person, Role
from tests.daemon.ruled import ANN, BEN, CID, HOUR, MONDAY, TUESDAY, Centre, at, us
from tests.daemon.switches.ended_gap import LOG, PBX, RATE, filled, line, lived, recorded, set_up
from tests.floor.floors import RULES, SEAT, S, added, lost, member, removed, snapshot, tell
from tests.history.observing import stored_segments
from tests.pbx.spoken import row


def owed_s(aux_s: int, base_s: int) -> int:
    return aux_s - base_s * RATE // 1_000_000


async def test_a_gap_that_has_ended_is_filled_later_and_its_day_is_revised(engine: AsyncEngine, tmp_path: Path) -> None:
    centre, _ = await lived(engine, tmp_path)
    before = (await centre.day("ann")).record
    assert (before.unobserved, before.aux, before.pauses) == (us(1) - us(0), us(1) - us(0), 1)
    assert await centre.bank.net_s("ann") == -owed_s(HOUR, 4 * HOUR)
    stored = await stored_segments(engine)
    (done,) = await filled(centre, tmp_path)
    assert (done.since, done.until, done.unknown) == (us(10), us(11), 0)
    now_stored = await stored_segments(engine)
    assert now_stored[: len(stored)] == stored, "what was stored is as it was"
    async with reading(engine) as connection:
        ends = await ends_found(connection, us(0), us(24))
    assert ends == {("pbx", each.number): us(10) for _, each in stored if each.view.state is State.UNOBSERVED}
    await centre.close()
    ann = (await centre.day("ann")).record
    assert (ann.unobserved, ann.signed_in, ann.pauses, ann.sign_outs) == (0, us(4) - us(0), 2, 1)
    assert {reason: spent / S for reason, spent in ann.paused.items()} == {"ticket": 4_200, "toilet": 600}
    cid = (await centre.day("cid")).record
    assert (cid.unobserved, cid.signed_in, cid.pauses) == (0, us(4) - us(0), 0)
    ben = (await centre.day("ben")).record
    assert (ben.signed_in, ben.sign_ins, ben.sign_outs, ben.answered) == (us(0.5) - us(0), 1, 1, 1)
    assert await centre.bank.net_s("ann") == -owed_s(4_800, 4 * HOUR)
    assert (await centre.revisions())["ann", 2] == 2


async def test_filled_again_it_changes_nothing(engine: AsyncEngine, tmp_path: Path) -> None:
    centre, _ = await lived(engine, tmp_path)
    await filled(centre, tmp_path)
    await centre.close()
    revisions, stored = await centre.bank.revisions(), await stored_segments(engine)
    with pytest.raises(BackfillError, match="and what is missing begins at"):
        await filled(centre, tmp_path)
    await centre.close()
    assert (await centre.bank.revisions(), await stored_segments(engine)) == (revisions, stored)


async def test_gaps_are_filled_one_log_after_the_other(engine: AsyncEngine, tmp_path: Path) -> None:
    """As they were rotated: the lines of the first are kept as evidence long after the second gap."""
    centre, switch = set_up(engine, tmp_path)
    switch.logs_in(8, row(ANN))
    for since, until in ((10, 11), (13, 14)):
        switch.pings(since)
        switch.is_cut()
        switch.logs_in(until, row(ANN))
    switch.leaves(15, ANN)
    await recorded(centre, switch)
    pauses = [(line(hours, ANN, "PAUSE|ticket"), line(hours + 0.25, ANN, "UNPAUSE|")) for hours in (10.25, 13.25)]
    waits = (line(hours, "NONE", "ENTERQUEUE||5|1", "c1") for hours in (7, 11.5, 12, 14.5))
    for begins, of_gap, ends in ((next(waits), pauses[0], next(waits)), (next(waits), pauses[1], next(waits))):
        (done,) = await filled(centre, tmp_path, begins, *of_gap, ends)
        assert (done.events, done.unknown) == (2, 0)
    await centre.close()
    ann = (await centre.day("ann")).record
    assert (ann.unobserved, ann.pauses, ann.paused["ticket"]) == (0, 2, us(0.5) - us(0))


async def test_who_is_there_afterwards_and_no_line_says_so_stays_unobserved_from_the_last_that_the_log_has(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    """Ann's last pause in the log is lifted, and the switch finds her in one; of Cid it finds that he has gone."""
    centre, _ = await lived(engine, tmp_path, row(ANN, Paused=1, PausedReason="meal"), row(BEN))
    (done,) = await filled(centre, tmp_path)
    assert done.unknown == 3
    await centre.close()
    ann, ben, cid = [(await centre.day(agent)).record for agent in ("ann", "ben", "cid")]
    assert (ann.unobserved, ann.pauses) == (us(11) - us(10 + 2 / 3), 2)
    assert (cid.unobserved, cid.signed_in) == (us(11) - us(10), us(10) - us(8))
    assert (ben.unobserved, ben.sign_ins, ben.sign_outs) == (us(11) - us(10.75), 1, 1), "who came without a word"


async def test_a_log_that_ends_in_the_gap_fills_up_to_there(engine: AsyncEngine, tmp_path: Path) -> None:
    centre, _ = await lived(engine, tmp_path)
    (done,) = await filled(centre, tmp_path, *LOG[:5])
    assert done.unknown == 2
    await centre.close()
    ann = (await centre.day("ann")).record
    assert (ann.unobserved, ann.pauses) == (us(11) - us(10.5), 2)
    assert ("ben", MONDAY, 1) not in await centre.bank.revisions(), "whether who came was still there nobody knows"


@pytest.mark.parametrize("told_first", range(3, len(LOG) - 1))
async def test_what_the_daemon_has_filled_in_part_is_filled_on_later(
    engine: AsyncEngine, tmp_path: Path, told_first: int
) -> None:
    centre, _ = await lived(engine, tmp_path, filled_by=LOG[:told_first])
    assert (await centre.day("cid")).record.unobserved
    (done,) = await filled(centre, tmp_path)
    assert done.unknown == 0
    await all_is_found(centre)


@pytest.mark.parametrize("told_first", range(3, len(LOG)))
@pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
async def test_what_was_filled_in_part_is_filled_on_by_a_log_that_tells_more(
    engine: AsyncEngine, tmp_path: Path, told_first: int
) -> None:
    """As if it had been told at once, wherever the first log ends; the same again changes nothing."""
    centre, _ = await lived(engine, tmp_path)
    await filled(centre, tmp_path, *LOG[:told_first])
    await centre.close()
    stored, revisions = await stored_segments(engine), await centre.bank.revisions()
    with suppress(BackfillError):
        await filled(centre, tmp_path, *LOG[:told_first])
    await centre.close()
    assert (await stored_segments(engine), await centre.bank.revisions()) == (stored, revisions)
    await filled(centre, tmp_path)
    await all_is_found(centre)
    async with engine.connect() as connection:
        calls = await connection.execute(select(queue_calls.c.call, queue_calls.c.joined_at, queue_calls.c.ended_at))
    assert [tuple(call) for call in calls] == [("c1", us(10.55), us(10.6))]


async def all_is_found(centre: Centre) -> None:
    """Of what the whole log tells."""
    await centre.close()
    ann, ben, cid = [(await centre.day(agent)).record for agent in ("ann", "ben", "cid")]
    assert (ann.unobserved, ann.signed_in, ann.pauses, ann.sign_outs) == (0, us(4) - us(0), 2, 1)
    assert {reason: spent / S for reason, spent in ann.paused.items()} == {"ticket": 4_200, "toilet": 600}
    assert (cid.unobserved, cid.signed_in, cid.pauses) == (0, us(4) - us(0), 0)
    assert (ben.signed_in, ben.sign_ins, ben.sign_outs, ben.answered) == (us(0.5) - us(0), 1, 1, 1)


async def test_of_two_gaps_in_one_second_a_line_is_told_to_one(engine: AsyncEngine, tmp_path: Path) -> None:
    centre, switch = set_up(engine, tmp_path)
    at_eleven = 11 + 1 / 7_200
    switch.logs_in(8, row(ANN))
    for until, paused in ((at_eleven, 0), (12, 1)):
        switch.pings(until - 1 if until < 12 else at_eleven)
        switch.is_cut()
        switch.logs_in(until, row(ANN, Paused=paused))
    await recorded(centre, switch)
    done = await filled(centre, tmp_path, line(7, ANN, "ADDMEMBER|"), line(11, ANN, "PAUSE|"), line(13, ANN, "PAUSE|"))
    assert len(done) == 1
    await centre.close()
    assert (await centre.day("ann")).record.pauses == 1


async def test_a_gap_over_midnight_revises_both_days_and_a_month_that_is_closed_goes_into_the_one_that_runs(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    centre, switch = set_up(engine, tmp_path)
    switch.logs_in(20, row(ANN))
    switch.pings(23)
    switch.is_cut()
    switch.logs_in(26, row(ANN))
    switch.leaves(28, ANN)
    await recorded(centre, switch)
    before = [(await centre.day("ann", day)).record.unobserved for day in (MONDAY, TUESDAY)]
    assert before == [us(1) - us(0), us(2) - us(0)]
    assert await centre.bank.net_s("ann") == 2 * HOUR * RATE // 1_000_000, "Monday had nothing but a sign-in"
    posting = Posting("close/2026-11", 1, "centre", MONDAY, (), asked_by="test", terms=(Close(),))
    (await centre.bank.ledger.post(posting)).or_raise()
    centre.bank.now_s = at(12, 40)
    pauses = (line(22, ANN, "ADDMEMBER|"), line(23.75, ANN, "PAUSE|ticket"), line(25.5, ANN, "UNPAUSE|"))
    await filled(centre, tmp_path, *pauses, line(28, ANN, "REMOVEMEMBER|"))
    await centre.close()
    after = [(await centre.day("ann", day)).record for day in (MONDAY, TUESDAY)]
    assert [(each.unobserved, each.aux, each.pauses) for each in after] == [
        (0, us(0.25) - us(0), 1),
        (0, us(1.5) - us(0), 0),
    ]
    assert await centre.bank.net_s("ann") == 0, "what was saved is taken, and the rest is written off"


async def test_a_log_that_tells_nothing_of_what_was_heard_beside_the_gap_is_anothers(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    """Of another switch, or with a file missing: it would say of everybody that nothing happened."""
    centre, switch = set_up(engine, tmp_path)
    switch.logs_in(8, row(ANN))
    switch.pauses(9.9, ANN, "ticket")
    switch.pings(10)
    switch.is_cut()
    switch.logs_in(11, row(ANN, Paused=1, PausedReason="ticket"))
    await recorded(centre, switch)
    others = (line(7, CID, "ADDMEMBER|"), line(10.5, CID, "PAUSE|"), line(13, CID, "UNPAUSE|"))
    with pytest.raises(BackfillError):
        await filled(centre, tmp_path, *others)
    (done,) = await filled(centre, tmp_path, line(9.9, ANN, "PAUSE|ticket"), *others[1:])
    assert (done.events, done.unknown) == (1, 0), "Cid is no member there, and pauses in no queue"


async def test_where_the_evidence_of_before_is_gone_nothing_is_filled(engine: AsyncEngine, tmp_path: Path) -> None:
    centre, switch = await lived(engine, tmp_path)
    for kept in switch.evidence.folder.iterdir():
        kept.unlink()
    stored = await stored_segments(engine)
    with pytest.raises(BackfillError):
        await filled(centre, tmp_path)
    assert await stored_segments(engine) == stored


async def test_each_revision_is_explained_by_what_was_known_when_it_was_made(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    centre, _ = await lived(engine, tmp_path)
    await filled(centre, tmp_path)
    await centre.close()
    seats = Seats(frozenset({ANN}))
    async with reading(engine) as connection:
        told = [await made_of(connection, centre.site.measuring, seats, "ann", MONDAY, number) for number in (1, 2)]
    assert all(each is not None and each.agrees for each in told)
    first, second = ([(s.view.state.name, s.view.reason) for _, s in each.segments] for each in told if each)
    assert ("UNOBSERVED", "ticket") in first
    assert "UNOBSERVED" not in dict(second)
    assert [reason for state, reason in second if state == "PAUSED"] == ["ticket", "ticket", "toilet"]
    refs = {segment.opened_by for _, segment in told[1].segments if segment.view.reason == "toilet"} if told[1] else {}
    assert all(refs), "the line is kept as evidence"
    async with reading(engine) as connection:
        (act,) = await connection.run_sync(lambda plain: list(noted(plain, "backfill", None, 9)))
    assert (act.by, act.subject, act.why) == ("root", "pbx", "told by late.gz")


async def test_a_manager_fills_nothing(engine: AsyncEngine, tmp_path: Path) -> None:
    centre, _ = await lived(engine, tmp_path)
    manager = Person("mia", Role.SUPERVISOR, duties=(Duty(Office.HOTLINE_MANAGER, "*"),))
    with pytest.raises(ActNotAllowedError, match="fill gaps"):
        await fill_back(engine, centre.site, PBX, [tmp_path / "late"], centre.asking(manager), "late")


def test_what_was_found_of_a_seat_is_anothers_from_where_it_is_handed_on() -> None:
    """The unobserved segment, which reaches over it, is told of neither."""
    story = tell(added(0), lost(100), snapshot(200, member()), removed(300)).segments
    view = story[0].view
    numbers = max(segment.number for segment in story)
    later = [
        Segment(SEAT, numbers + 1 + number, start * S, end * S, state, False, 0, 0, 0, 0, 0)
        for number, (start, end, state) in enumerate(((100, 120, view._replace(state=State.PAUSED)), (120, 200, view)))
    ]
    rules = AgentRules(Reasons({}), RULES, BusinessDays("UTC"))
    ann, zoe = day_records(
        [("pbx", segment) for segment in (*story, *later)],
        lambda pbx, seat, name, at: Owner("ann" if at < 150 * S else "zoe", "team", False),
        [150 * S],
        lambda _: rules,
        300 * S,
    )
    assert (ann.agent, ann.signed_in, ann.unobserved) == ("ann", 150 * S, 0)
    assert (zoe.agent, zoe.signed_in, zoe.unobserved) == ("zoe", 150 * S, 0)
