"""What was told beside a gap that is filled later: names after it, what an answer shows, one between two gaps."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import BackfillError
from ccd.floor.seats import State
from tests.daemon.ruled import ANN, us
from tests.daemon.switches.ended_gap import filled, line, recorded, set_up
from tests.history.observing import stored_segments
from tests.pbx.spoken import row

ZOES = "PJSIP/9"
SECOND_H = 1 / 3_600


async def test_the_log_says_names_that_only_the_answer_after_the_gap_tells(engine: AsyncEngine, tmp_path: Path) -> None:
    """Zoe comes in the gap for the first time, is paused for half an hour, and is there after it."""
    centre, switch = set_up(engine, tmp_path)
    switch.logs_in(8, row(ANN))
    switch.pings(10)
    switch.is_cut()
    switch.logs_in(11, row(ANN), row(ZOES).replace(b"Name: Ann", b"Name: Zoe"))
    switch.leaves(12, ANN)
    await recorded(centre, switch)
    await filled(
        centre, tmp_path, line(7, ANN, "ADDMEMBER|"), line(10.1, ZOES, "ADDMEMBER|"), line(10.2, "Zoe", "PAUSE|meal"),
        line(10.7, "Zoe", "UNPAUSE|"), line(12, ANN, "REMOVEMEMBER|"),
    )  # fmt: skip
    found = [(each.start, each.view.state) for _, each in await stored_segments(engine) if each.seat == ZOES]
    for state_since in ((us(10.1), State.AVAILABLE), (us(10.2), State.PAUSED), (us(10.7), State.AVAILABLE)):
        assert state_since in found


async def test_a_gap_that_began_in_the_second_of_an_answer_is_left_as_it_is(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    """Which lines of that second the answer shows, nobody can tell."""
    centre, switch = set_up(engine, tmp_path)
    switch.logs_in(8, row(ANN))
    switch.pauses(10, ANN, "ticket")
    switch.pauses(10 + 0.2 * SECOND_H, ANN, paused=0)
    switch.answers(10 + 0.4 * SECOND_H, row(ANN))
    switch.pings(10 + 0.5 * SECOND_H)
    switch.is_cut()
    switch.logs_in(11, row(ANN))
    switch.leaves(12, ANN)
    await recorded(centre, switch)
    before = await centre.day("ann")
    paused = (line(10, ANN, "PAUSE|ticket"), line(10, ANN, "UNPAUSE|"))
    with pytest.raises(BackfillError):
        await filled(centre, tmp_path, line(7, ANN, "ADDMEMBER|"), *paused, line(12, ANN, "REMOVEMEMBER|"))
    await centre.close()
    assert await centre.day("ann") == before
    assert (before.record.pauses, before.record.unobserved) == (1, us(11) - us(10 + 0.5 * SECOND_H))


async def test_a_gap_that_began_in_the_second_in_which_another_was_answered_is_left_as_it_is(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    """A line of that second may be of either: nobody knows what Ann did from its beginning on."""
    centre, switch = set_up(engine, tmp_path)
    switch.logs_in(8, row(ANN))
    switch.pings(9)
    switch.is_cut()
    switch.logs_in(10 + 0.1 * SECOND_H, row(ANN))
    switch.is_cut()
    switch.logs_in(11, row(ANN))
    switch.leaves(12, ANN)
    await recorded(centre, switch)
    paused = line(10 + 0.2 * SECOND_H, ANN, "PAUSE|ticket"), line(10.5, ANN, "UNPAUSE|")
    (done,) = await filled(centre, tmp_path, line(7, ANN, "ADDMEMBER|"), *paused, line(12, ANN, "REMOVEMEMBER|"))
    assert (done.since, done.until) == (us(9), us(10 + 0.1 * SECOND_H))
    await centre.close()
    record = (await centre.day("ann")).record
    assert (record.unobserved, record.paused) == (us(11) - us(10), {})


async def test_a_call_that_has_no_end_in_the_gap_is_unseen_from_its_beginning(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    """Its end is of the gap before, by its second, though the answer between them still shows the call; and a pause
    that is pressed then says nothing of it."""
    centre, switch = set_up(engine, tmp_path)
    switch.logs_in(8, row(ANN))
    switch.pings(10)
    switch.is_cut()
    switch.logs_in(11 + 0.1 * SECOND_H, row(ANN, InCall=1))
    switch.pings(11 + 0.4 * SECOND_H)
    switch.is_cut()
    switch.logs_in(12, row(ANN, Paused=1, PausedReason="toilet"))
    switch.leaves(13, ANN)
    await recorded(centre, switch)
    await filled(
        centre, tmp_path, line(7, ANN, "ADDMEMBER|"), line(10.9, ANN, "CONNECT|1|x|0", "c1"),
        line(11, ANN, "COMPLETEAGENT|1|1|1", "c1"), line(11.1, ANN, "PAUSE|meal"), line(11.2, ANN, "PAUSE|toilet"),
        line(13, ANN, "REMOVEMEMBER|"),
    )  # fmt: skip
    await centre.close()
    assert (await centre.day("ann")).record.on_call <= us(11 + SECOND_H) - us(10.9)
