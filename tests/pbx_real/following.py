"""ccd's capture following a PBX in a test: what it told, and what the floor makes of it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from ssl import SSLContext
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, TypeVar

from ccd.daemon.switches.filling import Filling
from ccd.floor.events import CallerLeft, Lost, PbxEvent, Snapshot
from ccd.floor.floor import Floor
from ccd.floor.rules import QueueRule, SeatRules
from ccd.floor.seats import State
from ccd.floor.segments import Segment
from ccd.pbx.ami import ManagerAccount
from ccd.pbx.capture import Pbx
from ccd.pbx.captured import Capture
from ccd.pbx.evidence import Evidence
from ccd.pbx.log_file import LogFile
from ccd.pbx.observation import Keep, keep_nothing
from ccd.pbx.translate import Scope
from tests.pbx.configured import configured
from tests.pbx.eventually import eventually
from tests.pbx.proxy import Proxy
from tests.pbx.said_log import SaidLog
from tests.pbx_real.driver import END, headers
from tests.pbx_real.figures import assert_agreed

T = TypeVar("T")
NOTICES_SILENCE: dict[str, Any] = {"ping_interval_s": 0.5, "ping_deadline_s": 0.5}  # for who freezes the PBX
RULES = SeatRules("all", "paused", {"support": QueueRule(2, True)})


def followed_by(events: list[PbxEvent]) -> dict[str, list[Segment]]:
    """Seat → its segments in order, the last one open."""
    floor = Floor(RULES)
    segments: dict[str, list[Segment]] = {}
    for event in events:
        for transition in floor.apply(event):
            if transition.closed:
                segments[transition.closed.seat][-1] = transition.closed
            segments.setdefault(transition.opened.seat, []).append(transition.opened)
    return segments


def time_line(segments: list[Segment]) -> list[tuple[str, int]]:
    """Each state, with the reason where there is one (`paused:meal`), and since when (µs)."""
    line: list[tuple[str, int]] = []
    for segment in segments:
        view = segment.view
        if view.state is State.UNOBSERVED and segment.start == segment.end:  # a gap that is none
            continue
        word = view.state.name.lower() + (f":{view.reason}" if view.state.name == "PAUSED" and view.reason else "")
        if not line or line[-1][0] != word:
            line.append((word, segment.start))
    return line


class Following:
    """`async with Following(port) as ccd`: connected through a proxy, live when the block begins."""

    def __init__(
        self,
        port: int,
        *,
        username: str = "ccd",
        secret: str = "geheim",
        keep: Keep = keep_nothing,
        read_slowly: bool = False,
        wait_until_live: bool = True,
        scope: Scope | None = None,
        host: str = "127.0.0.1",
        tls: SSLContext | None = None,
        queue_log: Path | None = None,
        **limits: Any,
    ) -> None:
        self.log = SaidLog()
        self._queue_log = queue_log
        self.events: list[PbxEvent] = []
        self.proxy = Proxy(port)
        self.reading = asyncio.Event()
        if not read_slowly:
            self.reading.set()
        self._keep = keep
        self._account = (username, secret, tls)
        self._host = host
        self._scope = scope or Scope()
        self._limits = limits
        self._wait_until_live = wait_until_live
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Following":
        await self.proxy.__aenter__()
        account = ManagerAccount("test", self._host, self.proxy.port, *self._account)
        # A busy machine is silent for half a second, and nothing has happened; it is asked no more often than pinged.
        pings_s = min(self._limits.get("snapshot_interval_s", 2.0), 2.0)
        limits: dict[str, Any] = {
            "ping_interval_s": pings_s,
            "ping_deadline_s": 2.0,
            "reconnect_delay_s_min": 0.05,
            "marks_log": self._queue_log is not None,
        } | self._limits
        limits = {"watermark_margin_s": 0.0, "reconnect_delay_s_max": 0.2} | limits
        self.pbx = Pbx(configured(account, self._scope, **limits), self.log, self._keep)
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self.pbx.run()), loop.create_task(self._read())]
        if self._wait_until_live:
            await self.until(lambda: self.pbx.state == "live")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        await self.proxy.__aexit__(kind, error, trace)
        if error is None:
            self.figures_agree()

    async def until(self, found: Callable[[], T], within_s: float = 10.0) -> T:
        """Wait for it; what `run` raised is raised here."""

        def look() -> T:
            if self._tasks[0].done():
                self._tasks[0].result()
            return found()

        return await eventually(look, within_s)

    def figures_agree(self) -> None:
        """Whatever was told, live and replayed: the floor and the slow calculator find the same in it."""
        assert_agreed(self.events)
        if self._account[2]:
            return  # nobody can read what passed
        with TemporaryDirectory() as folder:
            assert_agreed(self.replayed(Path(folder)))

    def told(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    def said(self, event: str) -> list[dict[str, str]]:
        """The headers of each such event, as the PBX itself said them."""
        blocks = [headers(block) for stream in self.proxy.streams for block in bytes(stream).split(END)]
        return [block for block in blocks if block.get("Event") == event]

    def segments(self, seat: str) -> list[Segment]:
        return followed_by(self.events).get(seat, [])

    def states(self, seat: str) -> list[str]:
        """The seat's states in order, with the reason where there is one: `paused:meal`."""
        return [word for word, _ in time_line(self.segments(seat))]

    def now(self, seat: str) -> str:
        """The seat's state; empty while nothing is known of it."""
        return (self.states(seat) or [""])[-1]

    async def until_states(self, seat: str, expected: list[str], within_s: float = 10.0) -> None:
        with suppress(AssertionError):
            await self.until(lambda: self.states(seat) == expected, within_s)
        assert self.states(seat) == expected, self.states(seat)

    async def until_left(self, abandoned: list[bool]) -> None:
        """Until each caller has left who should, and nobody else has; the PBX may say so after what a seat shows."""
        with suppress(AssertionError):
            await self.until(lambda: len(self.told(CallerLeft)) >= len(abandoned))
        assert [left.abandoned for left in self.told(CallerLeft)] == abandoned

    def replayed(self, folder: Path) -> list[PbxEvent]:
        """What `ccd replay` is told of the same bytes."""
        return list(Capture(self._scope).read(self.proxy.save(folder, "stream")))

    @property
    def snapshots(self) -> list[Snapshot]:
        return self.told(Snapshot)

    @property
    def losses(self) -> list[Lost]:
        return self.told(Lost)

    async def _read(self) -> None:
        if self._queue_log is not None:
            await self._read_with(LogFile(self._queue_log))
        async for batch in self.pbx.batches():
            self.events += batch
            await self.reading.wait()

    async def _read_with(self, log: LogFile) -> None:
        """As the daemon does where it knows of the log."""
        with TemporaryDirectory() as folder:
            evidence = Evidence(Path(folder), "test", self.log, keep_days=1)
            filling = Filling("test", self.pbx, log, self._scope, lambda: (), evidence)
            floor = Floor(RULES)
            async for batch, _ in filling.batches(floor):
                for event in batch:
                    floor.apply(event)
                self.events += batch
