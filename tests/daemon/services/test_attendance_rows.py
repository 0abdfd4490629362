"""What attendance is handed of agents' days, before and after their month is closed."""

from datetime import date

import pytest

from ccd.bank.asking import Asking
from ccd.daemon.served.attendance import attendance_desk
from ccd.daemon.services.attendance_rows import AttendanceRows, LastRead, note_attendance_read, readable
from ccd.daemon.site import Current
from ccd.errors import ActNotAllowedError
from ccd.history.reading import reading
from ccd.org.acts import noted
from ccd.org.people import Duty, Office, Person, Role
from ccd.org.rights import may_read_attendance
from ccd.reports.attendance import Row
from ccd.web.attendance_api import AttendanceAsked
from tests.daemon.services.test_months import CLOSES, World

FIRST, LAST = date(2026, 8, 1), date(2026, 8, 31)
EVERYWHERE = frozenset("*")


async def rows(world: World, units: frozenset[str] = EVERYWHERE, after: LastRead | None = None) -> list[Row]:
    async with reading(world.engine) as connection:
        found = AttendanceRows(connection, world.site, units).between(FIRST, LAST, after, at_once=1)
        return [row async for row in found]


async def test_days_go_on_behind_any_place_and_have_what_their_month_came_to_once_it_is_closed(world: World) -> None:
    everything = await rows(world)
    assert [(row.day.day, row.agent, row.unit) for row in everything] == [
        (11, "1001", "team-1"), (11, "1002", "team-2"), (12, "1001", "team-1"),
    ]  # fmt: skip
    for number, row in enumerate(everything, 1):
        assert await rows(world, after=LastRead(row.day, row.agent)) == everything[number:]
    assert await rows(world, frozenset(("team-2",))) == everything[1:2]
    world.now = CLOSES
    await world.settle_the_rest()
    await world.due.look()
    there, never, away, *others = await rows(world)
    assert (away.leave_s, away.offset_s, away.personal_leave_s) == ({"personal": 1_800}, 1_800, 0)
    assert [(row.full_attendance, row.points, row.given) for row in (there, never, away)] == [
        (True, 10.0, 1), (False, 0.0, 1), (True, 10.0, 1),
    ]  # fmt: skip
    assert not any(row.signed_in_s or row.scheduled_s for row in others)


async def test_a_clerk_reads_the_own_units_an_auditor_what_is_theirs_and_nobody_else(world: World) -> None:
    def somebody(office: Office) -> frozenset[str]:
        return may_read_attendance(Person("li", Role.SUPERVISOR, duties=(Duty(office, "team-1"),)))

    for office in (Office.HR_CLERK, Office.AUDITOR):
        own = somebody(office)
        assert readable(world.site, "li", own, None, LAST) == readable(world.site, "li", own, "team-1", LAST) == own
        with pytest.raises(ActNotAllowedError, match="theirs are team-1"):
            readable(world.site, "li", own, "team-2", LAST)
    for office in (Office.TEAM_LEADER, Office.HOTLINE_MANAGER, Office.ADMINISTRATOR):
        with pytest.raises(ActNotAllowedError, match="hr_clerk or an auditor"):
            somebody(office)


async def test_who_reads_is_noted_once(world: World) -> None:
    asks = Asking("one reading", Person("li", Role.SUPERVISOR), "desk-7", 5)
    for _ in range(2):
        await note_attendance_read(world.engine, asks, EVERYWHERE, FIRST, LAST)
    async with world.engine.connect() as connection:
        (act,) = await connection.run_sync(lambda plain: list(noted(plain, "read attendance", None, 9)))
    assert (act.by, act.address) == ("li", "desk-7")
    assert '"from":"2026-08-01"' in act.after


async def test_over_http_as_many_days_are_read_as_are_asked_for_and_each_reading_is_noted(world: World) -> None:
    desk = attendance_desk(Current(world.site, world.site), world.engine)
    asks = Asking("a page", Person("key hr", Role.SUPERVISOR), "10.0.0.1", 5)
    asked = AttendanceAsked(frozenset(("team-1",)), None, FIRST, LAST, None, 1)
    (first,) = await desk.days(asks, asked)
    (second,) = await desk.days(asks._replace(act="b"), asked._replace(after=(first["day"], first["agent"])))
    assert [(one["agent"], one["day"]) for one in (first, second)] == [
        ("1001", date(2026, 8, 11)), ("1001", date(2026, 8, 12)),
    ]  # fmt: skip
    with pytest.raises(ActNotAllowedError):
        await desk.days(asks, asked._replace(unit="team-2"))
    async with world.engine.connect() as connection:
        acts = await connection.run_sync(lambda plain: list(noted(plain, "read attendance", None, 9)))
    assert [act.by for act in acts[:2]] == ["key hr", "key hr"]
