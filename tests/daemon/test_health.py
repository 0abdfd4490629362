"""What readiness, the watchdog and the log say of a daemon: the same as is so."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from ccd.daemon.health import Health, feed_watchdog
from ccd.history.recorder import Recorder
from ccd.notify import Notifier
from ccd.pbx.capture import Pbx


@dataclass
class Switch:
    state: str = "live"
    since: float = 0.0


@dataclass
class Books:
    failing_since: float | None = None
    rows_waiting: int = 7


@dataclass
class Systemd:
    """Hears how often the watchdog is fed."""

    watchdog_interval_s: float = 0.005
    fed: int = 0
    said: list[str] = field(default_factory=list)

    def alive(self) -> None:
        self.fed += 1

    def status(self, status: str) -> None:
        self.said.append(status)


@dataclass
class Watched:
    """A daemon with one switch, and what can be wrong with it."""

    switch: Switch = field(default_factory=Switch)
    books: Books = field(default_factory=Books)
    systemd: Systemd = field(default_factory=Systemd)
    redis_holds_the_floor: bool = True
    unsettled: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pbxs = cast("dict[str, Pbx]", {"a": self.switch})
        self.health = Health(
            pbxs, cast("Recorder", self.books), lambda: self.redis_holds_the_floor, lambda: self.unsettled
        )

    async def fed_for(self, seconds: float) -> tuple[int, list[dict[str, Any]]]:
        """How often the watchdog was fed meanwhile, and what was logged."""
        before = self.systemd.fed
        with capture_logs() as logs:
            async with asyncio.TaskGroup() as group:
                notifier = cast("Notifier", self.systemd)
                feeding = group.create_task(feed_watchdog(self.health, notifier, lambda: "1 of 1"))
                await asyncio.sleep(seconds)
                feeding.cancel()
        return self.systemd.fed - before, [dict(entry) for entry in logs]


@pytest.mark.parametrize(
    ("wrong", "missing"),
    [
        ({}, {}),
        ({"switch": Switch("lost", 1_800_000_000.0)}, {"a": "lost since 2027-01-15T08:00:00+00:00"}),
        ({"redis_holds_the_floor": False}, {"redis": "does not hold the floor"}),
        ({"books": Books(failing_since=1.0)}, {"sql": "takes nothing; 7 rows wait"}),
        ({"unsettled": {"team": "2026-11-27: broken"}}, {"settlement of team": "2026-11-27: broken"}),
    ],
)
def test_ready_is_who_misses_nothing(wrong: dict[str, Any], missing: dict[str, str]) -> None:
    assert Watched(**wrong).health.missing() == missing


async def test_a_switch_that_is_live_and_of_which_nothing_is_taken_starves_the_watchdog_and_is_said_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ccd.daemon.health.STALL_S_MAX", 0.3)
    watched = Watched()
    watched.health.took("a", 1)
    assert (await watched.fed_for(0.05))[0] > 0
    await asyncio.sleep(0.3)
    fed, logs = await watched.fed_for(0.1)
    assert (fed, [entry["event"] for entry in logs]) == (0, ["stalled: the watchdog is not fed"])
    watched.health.took("a", 1)
    assert (await watched.fed_for(0.05))[0] > 0


@pytest.mark.parametrize("away", [{"switch": Switch("lost")}, {"books": Books(failing_since=1.0)}])
async def test_what_is_away_starves_no_watchdog(away: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccd.daemon.health.STALL_S_MAX", 0.0)
    watched = Watched(**away)
    fed, logs = await watched.fed_for(0.05)
    assert fed > 0
    assert logs == []
    assert watched.systemd.said[0] == "1 of 1"
