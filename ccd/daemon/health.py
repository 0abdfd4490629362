"""Whether the daemon does its work: what the watchdog is fed by, what /readyz and /metrics say.

A child that has work and does not get on with it is stalled: the process is then worth nothing, and systemd restarts
it. A PBX, Redis or a database that is away is no stall: the children wait for it, and a restart would only lose what
waits.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ccd.bank.outbox import HookStand
from ccd.daemon.switches.floors import Floors
from ccd.floor.days import SECOND
from ccd.history.recorder import Recorder
from ccd.live.hub import Hub
from ccd.live.writer import LiveWriter
from ccd.notify import Notifier
from ccd.pbx.capture import Pbx
from ccd.pbx.evidence import Evidence

log = structlog.get_logger("ccd.daemon")

STALL_S_MAX = 30.0  # a PBX that is live says something each few seconds


class Health:
    """`took` is called whenever a PBX's events have been applied; times are the event loop's. `unsettled` says by unit
    what the ledger would not take."""

    def __init__(
        self,
        pbxs: Mapping[str, Pbx],
        recorder: Recorder | None,
        redis_holds_the_floor: Callable[[], bool],
        unsettled: Callable[[], Mapping[str, str]],
    ) -> None:
        self._pbxs, self._recorder, self._redis_holds_the_floor = pbxs, recorder, redis_holds_the_floor
        self._unsettled = unsettled
        self._took_at: dict[str, float] = {}
        self.events = dict.fromkeys(pbxs, 0)

    def took(self, pbx: str, events: int) -> None:
        self._took_at[pbx] = asyncio.get_running_loop().time()
        self.events[pbx] += events

    def stalled(self) -> list[str]:
        """The PBXs that are followed, and of which nothing is taken."""
        if self._recorder is not None and self._recorder.failing_since is not None:
            return []
        now = asyncio.get_running_loop().time()
        return [
            name
            for name, pbx in self._pbxs.items()
            if pbx.state == "live" and now - self._took_at.setdefault(name, now) > STALL_S_MAX
        ]

    @property
    def rows_waiting(self) -> int:
        return 0 if self._recorder is None else self._recorder.rows_waiting

    @property
    def unsettled(self) -> int:
        return len(self._unsettled())

    def missing(self) -> dict[str, str]:
        """What is not there yet or no more, and why."""
        found = {
            name: f"{pbx.state} since {datetime.fromtimestamp(pbx.since, UTC).isoformat(timespec='seconds')}"
            for name, pbx in self._pbxs.items()
            if pbx.state != "live"
        }
        if not self._redis_holds_the_floor():
            found["redis"] = "does not hold the floor"
        if self._recorder is not None and self._recorder.failing_since is not None:
            found["sql"] = f"takes nothing; {self._recorder.rows_waiting} rows wait"
        return found | {f"settlement of {unit}": why for unit, why in self._unsettled().items()}


async def feed_watchdog(health: Health, notifier: Notifier, status: Callable[[], str]) -> None:
    """systemd restarts a process that it hears nothing of: so whoever is stalled says nothing."""
    said: list[str] = []
    while True:
        stalled = health.stalled()
        if stalled and stalled != said:
            log.error("stalled: the watchdog is not fed", pbxs=stalled)
        said = stalled
        if not stalled:
            notifier.alive()
            notifier.status(status())
        await asyncio.sleep(notifier.watchdog_interval_s)


class Figures(Collector):
    """What /metrics says, read when it is asked for."""

    def __init__(
        self,
        health: Health,
        pbxs: Mapping[str, Pbx],
        evidence: Mapping[str, Evidence],
        floors: Floors,
        writer: LiveWriter,
        hub: Hub,
    ) -> None:
        self._health, self._pbxs, self._evidence = health, pbxs, evidence
        self._floors, self._writer, self._hub = floors, writer, hub

    def collect(self) -> Iterable[Metric]:
        yield from self._of_each_pbx()
        yield GaugeMetricFamily("ccd_rows_waiting", "Rows that wait for the database", self._health.rows_waiting)
        yield GaugeMetricFamily("ccd_agents", "Agents known", len(self._floors.crew.clocks))
        yield GaugeMetricFamily("ccd_units_unsettled", "Units that the ledger takes no day of", self._health.unsettled)
        yield CounterMetricFamily("ccd_live_batches", "Batches written to Redis", self._writer.batches)
        yield CounterMetricFamily("ccd_live_rewrites", "Full rewrites of Redis", self._writer.rewrites)
        yield GaugeMetricFamily("ccd_websockets", "Connections on the live channel", self._hub.connections)
        yield CounterMetricFamily("ccd_frames", "Frames sent on the live channel", self._hub.frames_sent)
        yield CounterMetricFamily("ccd_slow_boards", "Connections closed as too slow", self._hub.closed_as_slow)

    def _of_each_pbx(self) -> Iterable[Metric]:
        live = GaugeMetricFamily("ccd_pbx_live", "1 while the PBX is followed live", labels=["pbx"])
        heard = GaugeMetricFamily("ccd_pbx_heard_seconds", "The watermark, as epoch seconds", labels=["pbx"])
        waiting = GaugeMetricFamily("ccd_events_waiting", "Events heard and not applied yet", labels=["pbx"])
        events = CounterMetricFamily("ccd_events", "Events applied", labels=["pbx"])
        dropped = CounterMetricFamily("ccd_events_dropped", "Events that found no room", labels=["pbx"])
        rejected = CounterMetricFamily("ccd_events_rejected", "Events that can't be", labels=["pbx"])
        damaged = CounterMetricFamily("ccd_pbx_damaged_blocks", "Blocks that could not be used", labels=["pbx"])
        reconnects = CounterMetricFamily("ccd_pbx_reconnects", "Connections that ended", labels=["pbx"])
        unkept = CounterMetricFamily("ccd_evidence_lost", "Blocks that no disk has", labels=["pbx"])
        for name, pbx in self._pbxs.items():
            floor, kept = self._floors.floors[name], self._evidence[name].kept
            live.add_metric([name], float(pbx.state == "live"))
            heard.add_metric([name], (floor.state.heard_at or 0) / SECOND)
            waiting.add_metric([name], pbx.inbox.waiting)
            events.add_metric([name], self._health.events[name])
            dropped.add_metric([name], pbx.inbox.dropped)
            rejected.add_metric([name], floor.rejected.total() + pbx.translator.rejected.total())
            damaged.add_metric([name], pbx.blocks.dropped)
            reconnects.add_metric([name], pbx.reconnects)
            unkept.add_metric([name], kept.dropped + kept.failed)
        yield from (live, heard, waiting, events, dropped, rejected, damaged, reconnects, unkept)


class WebhookFigures(Collector):
    """How the systems that are told of attendance take it."""

    def __init__(self, standing: Callable[[], Mapping[str, HookStand]]) -> None:
        self._standing = standing

    def collect(self) -> Iterable[Metric]:
        tries = GaugeMetricFamily("ccd_webhook_tries", "Tries of the item that it has not taken", labels=["webhook"])
        stopped = GaugeMetricFamily("ccd_webhook_stopped", "1 once it is told nothing any more", labels=["webhook"])
        for name, stand in self._standing().items():
            tries.add_metric([name], stand.tries)
            stopped.add_metric([name], float(bool(stand.stopped)))
        yield from (tries, stopped)


def registry_of(*figures: Collector) -> CollectorRegistry:
    registry = CollectorRegistry()
    for each in figures:
        registry.register(each)
    return registry
