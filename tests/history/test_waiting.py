"""What nobody saw, telephones that could not be reached, and long other calls wait until somebody has ruled on them."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.floor.events import Device
from ccd.floor.spans import Span
from ccd.history.reading import reading
from ccd.history.waiting import waits_for_a_ruling
from tests.daemon.ruled import ANN, BEN, MONDAY, TUESDAY, Centre, at, shift, span
from tests.floor.floors import added, device, heard, lost, member, removed, snapshot

SEEN = (
    added(at(8), seat=ANN), added(at(8), seat=BEN, device=Device.UNREACHABLE), heard(at(10)), lost(at(10)),
    snapshot(at(11), member(seat=ANN), member(seat=BEN)),
    device(at(13), Device.IN_USE, seat=ANN), device(at(13.5), Device.FREE, seat=ANN),
    device(at(14), Device.IN_USE, seat=ANN), device(at(14.05), Device.FREE, seat=ANN),
    removed(at(16), seat=ANN), removed(at(16), seat=BEN),
)  # fmt: skip


async def waiting(centre: Centre, unit: str = "team-1", day: date = MONDAY) -> list[tuple[str, str, list[Span]]]:
    async with reading(centre.engine) as connection:
        found = await waits_for_a_ruling(connection, centre.site.measuring, centre.site.policies, unit, day)
    return [(one.agent, one.what, list(one.spans)) for one in found]


@pytest.mark.parametrize("schedules", [False, True])
async def test_what_waits_is_named_with_its_spans_until_it_is_ruled_on(
    engine: AsyncEngine, tmp_path: Path, schedules: bool
) -> None:
    centre = Centre(engine, tmp_path, schedules=schedules)
    await centre.plans(shift("ann", 8, 13.25))
    await centre.lives(*SEEN)
    await centre.close()
    calls = span(13, 13.25) if schedules else span(13, 13.5)
    assert await waiting(centre) == [("ann", "unobserved", [span(10, 11)]), ("ann", "other_call", [calls])]
    await centre.rules("available", span(10.25, 10.5), unit="centre")
    await centre.rules("as_measured", span(13, 14), agent="ann")
    assert await waiting(centre) == [("ann", "unobserved", [span(10, 10.25), span(10.5, 11)])]
    if not schedules:
        assert await waiting(centre, "team-2") == [
            ("ben", "unreachable", [span(8, 10)]),
            ("ben", "unobserved", [span(10, 10.25), span(10.5, 11)]),
        ]


async def test_what_goes_on_over_the_days_end_waits_on_each_day_with_what_is_of_it(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    centre = Centre(engine, tmp_path)
    await centre.lives(added(at(22), seat=ANN, device=Device.UNREACHABLE), removed(at(25), seat=ANN))
    await centre.close()
    assert await waiting(centre) == [("ann", "unreachable", [span(22, 24)])]
    assert await waiting(centre, day=TUESDAY) == [("ann", "unreachable", [span(24, 25)])]
