"""What a day is made of adds up to its record, on both engines, with shifts and without."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.floor.days import SECOND as S
from ccd.floor.on_duty import What
from ccd.history.made_of import MadeOf, Seats, made_of
from ccd.history.reading import reading
from ccd.history.whose import Measuring
from tests.floor.floors import added, heard, paused, removed, unpaused
from tests.history.closing import ANN, DAY_S, FIRST, SECOND, SHIFT, Bank, measuring
from tests.history.observing import record
from tests.history.test_days_against_shifts import HOUR, closed

SITE = measuring()


async def ask(
    engine: AsyncEngine, agent: str, *interfaces: str, site: Measuring = SITE, revision: int | None = None,
    names: frozenset[str] = frozenset(),
) -> MadeOf | None:  # fmt: skip
    async with reading(engine) as connection:
        return await made_of(connection, site, Seats(frozenset(interfaces), names), agent, FIRST, revision)


async def made(engine: AsyncEngine, agent: str, *interfaces: str) -> MadeOf:
    found = await ask(engine, agent, *interfaces)
    assert found is not None
    return found


def spent(found: MadeOf, what: What) -> int:
    return sum(part.end - part.start for part in found.parts if part.what is what)


async def test_parts_and_segments_of_a_day_add_up_to_its_record(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(DAY_S))
    await Bank(engine, now_s=DAY_S + 5).closer.close_due()
    found = await made(engine, "ann", ANN)
    kept = found.revision.stored.record
    assert spent(found, What.AUX) == kept.aux == 600 * S
    assert spent(found, What.WORKED) + spent(found, What.AUX) == kept.signed_in
    own = [segment for pbx, segment in found.segments]
    assert {segment.seat for segment in own} == {ANN}
    assert sum((each.end or 0) - each.start for each in own if each.view.member) == kept.signed_in
    assert (found.agrees, found.revision.intact, found.expected) == (True, True, None)


async def test_the_seats_of_others_are_left_out_and_a_name_is_found_on_whatever_seat(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(DAY_S))
    await Bank(engine, now_s=DAY_S + 5).closer.close_due()
    alone = await made(engine, "ann", ANN)
    assert (await made(engine, "ann", ANN, "PJSIP/2001")).segments == alone.segments
    (name,) = {segment.view.name for _, segment in alone.segments if segment.view.member}
    by_name = await ask(engine, "ann", names=frozenset([name]))
    assert by_name is not None
    assert by_name.segments == alone.segments


async def test_each_second_of_a_shift_is_in_the_one_class_that_the_record_says(engine: AsyncEngine) -> None:
    bank = await closed(engine)
    found = await made(engine, "ann", ANN)
    duty = (await bank.day("ann")).record.duty
    assert duty is not None
    assert (spent(found, What.LATE), spent(found, What.BREAK)) == (duty.late, 1_800 * S) == (300 * S, 1_800 * S)
    assert spent(found, What.SIGNED_OUT) == duty.counted.aux == 600 * S
    assert sum(part.end - part.start for part in found.parts) == duty.scheduled + 1_800 * S
    assert found.agrees
    assert found.expected is not None
    assert found.expected.shifts[0].breaks[0].start == 12 * HOUR * S
    away = await made(engine, "cid")
    assert (spent(away, What.OFF_POST), away.segments, away.agrees) == (8 * HOUR * S, (), True)


async def test_an_earlier_revision_is_told_without_what_came_after_it(engine: AsyncEngine) -> None:
    """A pause goes on over the day's end; a second switch, with what Ann did there, is told of later."""
    await record(engine, added(1_000, seat=ANN), removed(29_800, seat=ANN), heard(DAY_S))
    bank = Bank(engine, now_s=DAY_S + 5)
    await bank.closer.close_due()
    site = replace(SITE)
    await record(engine, added(30_000, seat=ANN), paused(30_100, "x", seat=ANN), unpaused(30_200, seat=ANN),
                 removed(31_000, seat=ANN), heard(DAY_S + 10), pbx="other")  # fmt: skip
    await bank.closer.close_due()
    second = await ask(engine, "ann", ANN, site=site)
    first = await ask(engine, "ann", ANN, site=site, revision=1)
    assert first is not None
    assert second is not None
    assert (first.revision.stored.revision, first.revision.newest) == (1, 2)
    assert {pbx for pbx, _ in first.segments} == {"pbx"}
    assert {pbx for pbx, _ in second.segments} == {"pbx", "other"}
    assert (first.agrees, second.agrees) == (True, True)


async def test_a_day_that_nobody_measured_is_none(engine: AsyncEngine) -> None:
    assert await ask(engine, "ann", ANN) is None
    assert SECOND > FIRST


@pytest.mark.parametrize("change", ["aux_us = 5", "answered = 7"])
async def test_a_record_that_was_changed_agrees_with_nothing(engine: AsyncEngine, change: str) -> None:
    await record(engine, *SHIFT, heard(DAY_S))
    await Bank(engine, now_s=DAY_S + 5).closer.close_due()
    async with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            rows = await connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'day_records'")
            )
            for (trigger,) in rows.all():
                await connection.execute(text(f"DROP TRIGGER {trigger}"))
        else:
            await connection.execute(text("ALTER TABLE day_records DISABLE TRIGGER USER"))
        await connection.execute(text(f"UPDATE day_records SET {change} WHERE agent = 'ann'"))
    found = await made(engine, "ann", ANN)
    assert (found.agrees, found.revision.intact) == (False, False)
