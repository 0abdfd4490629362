"""A switch that started again in a gap that has ended: what was before it says nothing of the time after it."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.daemon.ruled import ANN, at, us
from tests.daemon.switches.ended_gap import LOG, filled, line, lived, recorded, set_up
from tests.floor.floors import S
from tests.pbx.spoken import row


def started(hours: float, after_s: int) -> str:
    return f"{round(at(hours)) + after_s}|NONE|NONE|NONE|QUEUESTART|\n"


@pytest.mark.parametrize("after_s", [-1_800, 0, 1, 2, 20, 60])
async def test_where_the_switch_started_again_the_gap_stays_from_the_last_line_before(
    engine: AsyncEngine, tmp_path: Path, after_s: int
) -> None:
    """The start may be written after the answer that ends the gap."""
    centre, _ = await lived(engine, tmp_path)
    (done,) = await filled(centre, tmp_path, *LOG[:3], started(11, after_s), LOG[-1])
    assert done.unknown == 2
    await centre.close()
    ann = (await centre.day("ann")).record
    assert (ann.unobserved, ann.paused["ticket"]) == (us(11) - us(10 + 1 / 6), us(10 + 1 / 6) - us(9))


@pytest.mark.parametrize(("after_s", "unobserved_s"), [(2, 3_600), (12, 7_190)])
async def test_a_start_is_of_the_one_gap_in_which_or_soon_after_which_it_was_written(
    engine: AsyncEngine, tmp_path: Path, after_s: int, unobserved_s: int
) -> None:
    """From ten to eleven, and from ten seconds later to one: the log has nothing near the second one but the start."""
    centre, switch = set_up(engine, tmp_path)
    switch.logs_in(8, row(ANN))
    for since, until in ((10, 11), (11 + 10 / 3_600, 13)):
        switch.pings(since)
        switch.is_cut()
        switch.logs_in(until, row(ANN))
    switch.leaves(15, ANN)
    await recorded(centre, switch)
    first, second, last = [line(hours, "NONE", "ENTERQUEUE||5|1", f"c{hours}") for hours in (7, 10, 14)]
    (done,) = await filled(centre, tmp_path, first, second, started(11, after_s), last)
    assert (done.since, done.unknown) == (us(11 + 10 / 3_600) if after_s == 2 else us(10), 0)
    await centre.close()
    assert (await centre.day("ann")).record.unobserved == unobserved_s * S
