"""SIGHUP to a whole daemon: what of today, of the past and of what is shown follows the files that are read again."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError
from structlog.testing import capture_logs

from ccd.daemon.judged_by.imported import NOTHING, Imported
from ccd.daemon.run import ALL_PARTS, Daemon, Surroundings, daemon
from ccd.daemon.site_file import usable
from ccd.daemon.switches.past import live_through
from ccd.errors import DatabaseBusyError
from ccd.floor.events import Heard
from ccd.history.day_rows import StoredDay, latest_days
from ccd.history.reading import reading
from ccd.live.batch import unpack
from ccd.live.clients import Client
from ccd.live.frames import MsgpackCodec
from ccd.org.people import Person, Role, Session
from tests.floor.floors import added, paused, removed, snapshot, unpaused
from tests.history.observing import stored_segments
from tests.live.test_hub import FakeLine
from tests.pbx.fake_pbx import FakePbx
from tests.pbx.spoken import SEAT, T0, event, row

LOOKS_EVERY_S, LOOKS = 0.02, 500  # ten seconds; looks are counted, as a machine that stands still is no fault
ROSTER = f"agent,interface,member_name,unit\n1001,{SEAT},,team-1\n"


def noon_zone() -> str:
    """Where it is about noon: no test runs over a midnight."""
    ahead_h = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead_h:+d}"


@dataclass
class Site:
    """A configuration, the daemon that follows it, and a switch that says what it is told to."""

    folder: Path
    pbx: FakePbx
    zone: str = field(default_factory=noon_zone)

    def __post_init__(self) -> None:
        self.made: Daemon
        self.config = self.folder / "ccd.toml"
        (self.folder / "roster.csv").write_text(ROSTER)

    @property
    def today(self) -> date:
        return datetime.now(ZoneInfo(self.zone)).date()

    @property
    def yesterday(self) -> date:
        return self.today - timedelta(days=1)

    def write(self, more: str = "", roster: str = 'roster = "roster.csv"\n') -> None:
        self.config.write_text(
            f'timezone = "{self.zone}"\n{roster}{more}\n[http]\nport = 0\n[[pbx]]\nname = "a"\n'
            f'host = "127.0.0.1"\nport = {self.pbx.port}\nsecret = "s"\nping_interval_s = 0.2\nping_deadline_s = 0.2\n'
            "watermark_margin_s = 0.0\n"
        )

    def midnight(self, day: date) -> float:
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone)).timestamp()

    async def live_through_yesterday(self) -> None:
        """Eight hours, and fifty minutes of a meal in them."""
        at = self.midnight(self.yesterday)
        story = [
            snapshot(at), added(at + 3_600, seat=SEAT), paused(at + 7_200, "meal", seat=SEAT),
            unpaused(at + 10_200, seat=SEAT), removed(at + 32_400, seat=SEAT), Heard(round((at + 86_400) * 1_000_000)),
        ]  # fmt: skip
        await live_through(self.made.engine, self.made.current.site, "a", story)
        await self.made.closer.close_due()

    async def measured_yesterday(self) -> StoredDay:
        async with reading(self.made.engine) as connection:
            return (await latest_days(connection, self.yesterday))["1001"]

    def on_the_board(self) -> dict[str, Any]:
        shown = self.made.board.agents.get("1001")
        return unpack(shown.floor) if shown else {}

    async def until(self, holds: Callable[[], object]) -> None:
        for _ in range(LOOKS):
            if holds():
                return
            await asyncio.sleep(LOOKS_EVERY_S)
        raise AssertionError(self.on_the_board())

    async def reload(self) -> list[str]:
        """What was said of it: the first line of each fault, nothing where it was taken."""
        with capture_logs() as logs:
            os.kill(os.getpid(), signal.SIGHUP)
            await self.until(lambda: any("reloaded" in entry["event"] for entry in logs))
        return [fault for entry in logs for fault in entry.get("faults", ())]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with FakePbx(rows=row()) as pbx:
        yield Site(tmp_path, pbx)


@asynccontextmanager
async def living(site: Site, kept: Imported = NOTHING) -> AsyncIterator[None]:
    """The daemon at work, once the board shows the agent."""
    started = asyncio.Event()

    async def starts(_: Daemon) -> None:
        started.set()

    outside = Surroundings(read_again=lambda kept: usable(site.config, kept=kept), started=starts)
    async with daemon(usable(site.config, kept=kept), ALL_PARTS, outside) as site.made, asyncio.TaskGroup() as group:
        await site.live_through_yesterday()
        running = group.create_task(site.made.run())
        await started.wait()
        await site.until(lambda: site.on_the_board().get("state") == "available")
        yield
        running.cancel()


def change(day: date, said: str) -> str:
    return f"[[reasons.meal.changes]]\nfrom = {day}\n{said}\n"


async def pause(site: Site, reason: str) -> None:
    site.pbx.say(event("QueueMemberPause", time() - T0, Paused=1, PausedReason=reason))
    await site.until(lambda: site.on_the_board().get("state") == "paused")


async def test_what_takes_a_restart_is_named_with_each_reload_until_it_is_put_back(site: Site) -> None:
    def waiting(logs: Sequence[Mapping[str, Any]]) -> list[object]:
        return [entry["settings"] for entry in logs if "after a restart" in entry["event"]]

    site.write()
    async with living(site):
        site.write("settle_wait_s_max = 1")
        for _ in range(2):
            with capture_logs() as logs:
                await site.made.reloading.take(usable(site.config))
            assert waiting(logs) == [("settle_wait_s_max",)]
        site.write()
        with capture_logs() as logs:
            await site.made.reloading.take(usable(site.config))
        assert waiting(logs) == []


async def test_a_change_from_today_judges_today_anew_from_its_start_and_no_other_day(site: Site) -> None:
    site.write()
    async with living(site):
        await pause(site, "meal")
        began = site.on_the_board()["since"]
        await asyncio.sleep(0.3)
        site.pbx.say(event("QueueMemberPause", time() - T0, Paused=0, PausedReason=""))
        await site.until(lambda: site.on_the_board()["state"] == "available")
        meal_s = site.on_the_board()["since"] - began
        assert site.on_the_board()["aux"] == 0
        site.write(change(site.today, 'policy = "counts"'))
        assert await site.reload() == []
        await site.until(lambda: site.on_the_board()["aux"] > 0)
        assert site.on_the_board()["aux"] == pytest.approx(meal_s, abs=1e-5)
        await site.made.closer.close_due()
        stored = await site.measured_yesterday()
        assert (stored.revision, stored.record.exempt) == (1, 3_000_000_000)


async def test_a_change_from_a_day_that_is_over_has_it_measured_anew_and_said_with_the_record(site: Site) -> None:
    site.write()
    async with living(site):
        site.write(change(site.yesterday, "max_s_day = 1800"))
        assert await site.reload() == []
        await site.made.closer.close_due()
        stored = await site.measured_yesterday()
        assert (stored.revision, stored.record.exempt, stored.record.aux) == (2, 1_800_000_000, 1_200_000_000)
        assert stored.judged_by.reasons_from == site.yesterday


async def test_another_name_of_the_site_is_that_of_the_house_accounts_after_a_restart_alone(site: Site) -> None:
    site.write()
    async with living(site):
        site.write(f'site = "other"\n{change(site.yesterday, "max_s_day = 1800")}')
        assert await site.reload() == []
        await site.made.closer.close_due()
        assert (await site.measured_yesterday()).revision == 2
        assert await site.made.ledger.sums("house/other") == {}
        assert sum((await site.made.ledger.sums("house/ccd")).values()) < 0


async def test_an_edit_without_a_date_is_refused_and_everything_means_what_it_meant(site: Site) -> None:
    site.write()
    async with living(site):
        await pause(site, "meal")
        site.write('[reasons.meal]\npolicy = "counts"\n')
        (fault,) = await site.reload()
        assert "reasons.meal.policy: has held with policy exempt, max_s_day 3600, and now says policy counts" in fault
        assert site.on_the_board()["exempt"] is True
        await site.made.closer.close_due()
        assert (await site.measured_yesterday()).revision == 1


async def test_another_clock_is_refused_where_days_were_measured_and_taken_where_none_was(site: Site) -> None:
    site.write("[units.team-1]\n[units.team-2]\n")
    async with living(site):
        site.write('[units.team-1]\nday_starts_at = "04:00"\n[units.team-2]\n')
        (fault,) = await site.reload()
        assert ":4: units.team-1.day_starts_at: the days of team-1 have been counted by day_starts_at 00:00:00" in fault
        site.write('[units.team-1]\n[units.team-2]\nday_starts_at = "04:00"\n')
        assert await site.reload() == []


async def test_what_becomes_personal_is_hidden_from_boards_at_once(site: Site) -> None:
    site.write()
    async with living(site):
        await pause(site, "meal")
        assert site.on_the_board()["reason"] == "meal"
        site.write("[reasons.meal]\npersonal = true\n")
        async with site.made.closer.closing:  # however long a day takes to be closed
            os.kill(os.getpid(), signal.SIGHUP)
            await site.until(lambda: site.on_the_board()["reason"] == "personal")


async def test_what_is_not_taken_is_not_shown_either(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("[reasons.meal]\npersonal = true\n")
    async with living(site):
        await pause(site, "meal")
        assert site.on_the_board()["reason"] == "personal"
        shown: list[str] = []

        async def away(*_: object) -> None:
            shown.append(site.on_the_board()["reason"])
            raise DatabaseBusyError(6, 4.2, "as if nobody answered", ambiguous=False)

        monkeypatch.setattr(site.made.applied, "note", away)
        site.write("[reasons.meal]\npersonal = false\n")
        with capture_logs() as logs:
            os.kill(os.getpid(), signal.SIGHUP)
            await site.until(lambda: any("not reloaded" in entry["event"] for entry in logs))
        assert shown == ["meal"]
        assert site.on_the_board()["reason"] == "personal"
        assert site.made.current.shown is site.made.current.site


async def said_until(site: Site, event_of: str) -> None:
    """SIGHUP, until something was said that begins so."""
    with capture_logs() as logs:
        os.kill(os.getpid(), signal.SIGHUP)
        await site.until(lambda: any(entry["event"].startswith(event_of) for entry in logs))


@asynccontextmanager
async def a_meal_that_is_to_count(site: Site) -> AsyncIterator[Path]:
    """It was exempt, and the configuration says otherwise by now. The database's file."""
    site.write()
    async with living(site):
        await pause(site, "meal")
        await asyncio.sleep(0.3)
        site.pbx.say(event("QueueMemberPause", time() - T0, Paused=0, PausedReason=""))
        await site.until(lambda: site.on_the_board()["state"] == "available")
        assert site.on_the_board()["aux"] == 0
        await site.made.recorder.drained()
        site.write(change(site.today, 'policy = "counts"'))
        yield site.folder / "state" / "ccd.sqlite"


async def test_today_is_counted_again_once_the_database_takes_what_waits(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccd.daemon.switches.following.DRAIN_S_MAX", 0.1)
    async with a_meal_that_is_to_count(site) as file:
        assert site.made.applied is not None
        note = site.made.applied.note
        locks = sqlite3.connect(file, isolation_level=None, check_same_thread=False)

        async def noted_and_then_locked(applied: Any) -> None:
            await note(applied)
            await asyncio.to_thread(locks.execute, "BEGIN IMMEDIATE")  # whoever writes just now is let finish
            site.pbx.say(event("QueueMemberAdded", time() - T0, Status=1, Paused=0, seat="PJSIP/77"))
            await site.until(lambda: site.made.recorder.rows_waiting)

        monkeypatch.setattr(site.made.applied, "note", noted_and_then_locked)
        await said_until(site, "today is counted again once")
        assert site.on_the_board()["aux"] == 0
        locks.rollback()
        locks.close()
        await site.until(lambda: site.on_the_board()["aux"] > 0)


async def test_today_is_counted_again_once_the_database_answers(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_meal_that_is_to_count(site):

        def refused(*_: object) -> None:
            raise ConnectionRefusedError(111, "as if nobody listened")

        with monkeypatch.context() as away:
            away.setattr("ccd.daemon.switches.following.reading", refused)
            await said_until(site, "reloaded")
            assert site.on_the_board()["aux"] == 0
        await site.until(lambda: site.on_the_board()["aux"] > 0)


async def test_what_can_not_be_noted_is_not_taken_and_nothing_of_it_is_kept(site: Site) -> None:
    site.write()
    async with living(site):
        state = site.folder / "state"
        kept = (state / "roster.applied.csv").read_text()
        (state / "rules.applied.new").mkdir()  # as a full disk would, it lets nothing be written there
        (site.folder / "roster.csv").write_text(ROSTER.replace("team-1", "team-2"))
        await said_until(site, "not reloaded")
        assert site.made.current.shown is site.made.current.site
        assert (state / "roster.applied.csv").read_text() == kept
        (state / "rules.applied.new").rmdir()
        assert await site.reload() == []
        await site.made.closer.close_due()
        assert (await site.measured_yesterday()).record.unit == "team-2"


async def test_a_database_without_a_free_connection_ends_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write()
    async with living(site):

        async def none_free(*_: object, **__: object) -> None:
            raise NoConnectionFreeError("as if all were in use")

        with monkeypatch.context() as full:
            full.setattr("ccd.daemon.reloading.take_turn", none_free)
            await said_until(site, "not reloaded")
        assert await site.reload() == []


async def test_a_queue_that_counts_no_more_signs_out_at_the_reload_and_it_is_recorded(site: Site) -> None:
    site.write()
    async with living(site):
        site.write("[queues.support]\ncounts = false\n")
        assert await site.reload() == []
        await site.until(lambda: site.on_the_board()["state"] == "signed_out")
        since = site.on_the_board()["since"]
        await site.made.recorder.drained()
        (*_, (_, last)) = await stored_segments(site.made.engine, "a")
        assert last.view.state.name == "AVAILABLE"
        assert last.end == round(since * 1_000_000)
        assert time() - 5 < since <= time()


async def test_a_unit_that_is_moved_is_seen_by_who_leads_it_from_then_on(site: Site) -> None:
    site.write("[units.centre]")
    async with living(site):
        hub, line, now = site.made.hub, FakeLine(), asyncio.get_running_loop().time()
        leader = Person("lead", Role.SUPERVISOR, None, ("centre",))
        client = Client(Session("key", leader, 9e9), MsgpackCodec(), line, now)
        hub.join(client, now)
        hub.subscribe_floor(client, frozenset({"centre"}))
        snapshots: list[list[str]] = []  # whom each shows; between them the board says that it lives

        def read(count: int) -> bool:
            said = (one for one in line.read() if one["op"] == "snapshot")
            snapshots.extend([agent["agent"] for agent in one["agents"]] for one in said)
            return len(snapshots) == count

        await site.until(lambda: read(1))
        site.write('[units.centre]\n[units.team-1]\nparent = "centre"')
        assert await site.reload() == []
        await site.until(lambda: read(2))
        assert snapshots == [[], ["1001"]]
