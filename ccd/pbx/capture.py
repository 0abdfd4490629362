"""One PBX, followed for as long as the daemon runs: connected, watched, asked, and connected again.

What is heard goes through an Observation into the Inbox, in the callback of the socket. Beside that runs one loop that
asks: a Ping each `ping_interval_s`, whose silence ends the connection, and a snapshot after login, when the switch says
that something was reloaded, when something was dropped, and every `snapshot_interval_s`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from random import Random
from secrets import token_hex
from time import time
from typing import Literal, NoReturn

from ccd.errors import ClockAheadError, LoginRefusedError, NoAnswerError, NotAskedError, PbxError
from ccd.floor.days import SECOND
from ccd.floor.events import PbxEvent
from ccd.pbx.ami import Connection, ManagerAccount, is_stopping
from ccd.pbx.blocks import BANNER, Blocks, microseconds
from ccd.pbx.hearing import Hearing
from ccd.pbx.inbox import Inbox
from ccd.pbx.incidents import Lack, Log, PbxFinding
from ccd.pbx.log_file import MARK
from ccd.pbx.observation import Keep, Observation, Phase, keep_nothing
from ccd.pbx.translate import Flaw, Scope, Translator

AMI_MAJOR_BEFORE = 11  # the manager interface of Asterisk N is version N - 11 since Asterisk 12
VERSIONS = range(16, 23)  # of Asterisk, that were tried
BOOTED_WAIT_S = 1.0  # FullyBooted follows a login at once, if the account may see it
BOOTING_WAIT_S_MAX = 60.0  # to an account that has seen it: it comes when Asterisk has booted
RESYNC_INTERVAL_S_MIN = 1.0  # between snapshots, however often something is reloaded or can't be read


@dataclass(frozen=True, slots=True)
class PbxConfig:
    """What is a setting has its default there (ccd.settings.tree), and nowhere else."""

    account: ManagerAccount
    scope: Scope
    login_timeout_s: float
    ping_interval_s: float
    ping_deadline_s: float
    reconnect_delay_s_min: float
    reconnect_delay_s_max: float
    refused_delay_s: float
    snapshot_interval_s: float
    snapshot_deadline_s: float
    queue_size_max: int  # events between the socket and whoever follows
    clock_ahead_s_max: float  # of the PBX's clock before ours
    watermark_margin_s: float  # an event may be said so much later than a Ping that was answered after it
    marks_log: bool = False  # somebody reads queue_log, and has to know when all is there
    snapshot_settle_s: float = 0.5  # events that an answer has overtaken come within this


PbxState = Literal["live", "catching_up", "lost"]


class Pbx:
    """`run` belongs into a TaskGroup; `batches` is for one reader. What it finds and counts is there to be read."""

    def __init__(
        self,
        config: PbxConfig,
        log: Log,
        keep: Keep = keep_nothing,
        *,
        clock: Callable[[], float] = time,
        random: Random | None = None,
    ) -> None:
        self.state: PbxState = "lost"
        self.since = clock()  # of the state, by our own clock
        self.findings: dict[Lack, PbxFinding] = {}
        self.reconnects = 0
        self.mark = ""  # of the line in queue_log that was asked for last: whatever is above it is there
        self.inbox = Inbox(config.queue_size_max)
        self.blocks = Blocks()
        self.translator = Translator(config.scope)
        self._config = config
        self._log = log
        self._clock = clock
        self._random = random or Random()
        self.margin_us = round(config.watermark_margin_s * SECOND)
        self._observation = Observation(self.translator, keep, margin_us=self.margin_us)
        self.hearing = Hearing()
        self._delay_s = config.reconnect_delay_s_min
        self._silence_s_max = min(config.ping_deadline_s, config.ping_interval_s)
        self._connection_now: Connection | None = None  # one that may be asked
        self._banner = ""
        self._booted = False  # FullyBooted was seen on this connection
        self._sees_booted = False  # it was seen on any: the account may see it
        self._resync = False  # something was reloaded, or could not be read
        self._stopping = False  # it waits for its calls to end, and then stops: nothing can be asked, events still come
        self._news = asyncio.Event()
        self._expecting = False  # whatever is heard is news
        self._heard_s = 0.0  # when the last chunk came, by the event loop's clock
        self._dropped = 0
        self._untimed = 0
        self._outage: type[PbxError] | None = None

    def batches(self) -> AsyncIterator[list[PbxEvent]]:
        """All that has been heard since the last batch, in order; never empty."""
        return self.inbox.batches()

    async def run(self) -> NoReturn:
        """Follow the PBX for ever. What is no fault of the PBX or the network is raised."""
        while True:
            try:
                await self._connection()
            except LoginRefusedError as refused:
                self._say_once(refused)
                await asyncio.sleep(self._config.refused_delay_s)
            except PbxError as error:
                self._say_once(error)
                await asyncio.sleep(self._next_delay_s())
            self.reconnects += 1

    # --- for whoever acts on the switch ------------------------------------------------------------------------------

    async def ask(self, action: str, **headers: str) -> Mapping[str, str]:
        """The answer's headers. NotAskedError where it can't be asked now: then nothing is done. Any other PbxError:
        it was asked, and nobody knows what came of it; it is not asked again."""
        return await self._ask(self._asked_now(), action, **headers)

    async def time(self) -> int:
        """The PBX's own, µs."""
        at = await self._ping(self._asked_now())
        if at is None:
            raise NotAskedError(self._config.account.pbx)
        return at

    def _asked_now(self) -> Connection:
        connection = self._connection_now
        if connection is None or connection.has_ended or self._stopping:
            raise NotAskedError(self._config.account.pbx)
        return connection

    # --- one connection ----------------------------------------------------------------------------------------------

    async def _connection(self) -> NoReturn:
        self._booted, self._banner, self._resync, self._stopping = False, "", False, False
        self.hearing.begin()
        connection = Connection(self._config.account, self.blocks, self._hear, self._news.set)
        try:
            await connection.open(self._config.login_timeout_s)
            self._turn("catching_up")
            self._connection_now = connection
            self._observation.begin()
            await self._look_around(connection)
            await self._watch(connection)
        finally:
            self._connection_now = None
            connection.close()
            self.blocks.finish()
            self.inbox.mark(self._observation.lose())
            self._turn("lost")

    async def _look_around(self, connection: Connection) -> None:
        """What can be known right after the login: the version, and whether the account sees system events."""
        major = self._banner.partition("/")[2].partition(".")[0]
        version = int(major) + AMI_MAJOR_BEFORE if major.isascii() and major.isdigit() and len(major) < 4 else 0
        self._find(version not in VERSIONS, Lack.VERSION, self._banner)
        patience_s = BOOTING_WAIT_S_MAX if self._sees_booted else BOOTED_WAIT_S
        waited_until = asyncio.get_running_loop().time() + patience_s
        while not self._booted and asyncio.get_running_loop().time() < waited_until:
            await self._wait(connection, min(patience_s, self._config.ping_interval_s))
            await self._ping(connection)
        self._find(not self._booted, Lack.SYSTEM_EVENTS)
        answer = await self._ask(connection, "QueuePause")  # of nobody: whether it is denied, or understood
        said = answer.get("Message", "")
        self._find("denied" in said.lower(), Lack.ORDERS, said)

    async def _watch(self, connection: Connection) -> NoReturn:
        """Ping, and take snapshots, until the connection ends with a PbxError."""
        loop = asyncio.get_running_loop()
        last_s = float("-inf")
        while True:
            now_s = loop.time()
            due = self._resync or self._observation.phase is not Phase.OBSERVING
            interval_s = RESYNC_INTERVAL_S_MIN if due else self._config.snapshot_interval_s
            if now_s >= last_s + interval_s and self.inbox.caught_up.is_set() and not self._stopping:
                self._resync = False
                await self._snapshot(connection)
                last_s = loop.time()
            else:
                await self._ping(connection)
            untimed = sum(
                count for rejected, count in self.translator.rejected.items() if rejected.flaw is Flaw.NO_TIME
            )
            if untimed > self._untimed:
                self.hearing.timed = False
            self._untimed = untimed
            self._find_what_shows()
            await self._wait(connection, self._config.ping_interval_s)

    def _find_what_shows(self) -> None:
        """What can't be asked for: whether queue events come, and whether events carry a time."""
        if self.hearing.timed is not None:
            self._find(not self.hearing.timed, Lack.STAMPS)
        if self.hearing.queues_speak is not None:
            self._find(not self.hearing.queues_speak, Lack.QUEUE_EVENTS)

    async def _snapshot(self, connection: Connection) -> None:
        """Ask who is in which queue, and place the answer in time (ccd.pbx.snapshot)."""
        first = self._observation.phase is not Phase.OBSERVING
        if self._observation.phase is Phase.DEAF:  # events were dropped, or an answer was refused
            self._observation.begin()
        if first:
            await self._ping(connection)
            await self._mark_log(connection)
        self._observation.ask()
        answer = await self._ask(connection, "QueueStatus")
        if self._stopping:
            return
        refused = answer["Response"] != "Success"
        self._find(refused, Lack.SNAPSHOT, answer.get("Message", ""))
        if refused:
            self.inbox.mark(self._observation.lose())
            return
        await self._until(connection, lambda: self._observation.answered, "QueueStatus")
        answer = await self._ask(connection, "Agents")
        if answer["Response"] == "Success":
            await self._until(connection, lambda: self._observation.logins_answered, "Agents")
        denied = "denied" in answer.get("Message", "").lower()  # not so where app_agent_pool is simply not there
        self._find(denied, Lack.LOGINS, answer.get("Message", ""))
        if not first:
            await asyncio.sleep(self._config.snapshot_settle_s)
        at = await self._ping(connection)
        if at is not None:
            placed = self._observation.place(at)
            self.hearing.see(placed)
            self._put(placed)
        if self._observation.phase is Phase.OBSERVING:
            self._turn("live")
            self._delay_s = self._config.reconnect_delay_s_min

    async def _mark_log(self, connection: Connection) -> None:
        """A line of ours into queue_log, later than where the first snapshot stands."""
        if not self._config.marks_log or self._stopping:
            return
        mark = token_hex(8)
        answer = await self._ask(connection, "QueueLog", Queue="NONE", Event=MARK, Message=mark)
        refused = answer["Response"] != "Success"
        self._find(refused and not self._stopping, Lack.LOG_MARK, answer.get("Message", ""))
        self.mark = "" if refused else mark

    async def _ping(self, connection: Connection) -> int | None:
        """The PBX's time, in µs; None while it is about to stop. What is silent for as long as an interval is dead."""
        answer = await self._ask(connection, "Ping")
        if self._stopping:
            return None
        at = microseconds(answer.get("Timestamp", ""))
        if at is None:
            raise NoAnswerError(self._config.account.pbx, "Ping with its time", self._silence_s_max)
        if at > self._latest():
            raise ClockAheadError(self._config.account.pbx, at / SECOND - self._clock())
        return at

    async def _ask(self, connection: Connection, action: str, **headers: str) -> Mapping[str, str]:
        answer = await connection.ask({"Action": action, **headers}, self._silence_s_max)
        if is_stopping(answer) != self._stopping:
            self._stopping = not self._stopping
            said = "is about to stop, and is followed until it does" if self._stopping else "does not stop after all"
            self._log.info(f"PBX {said}", pbx=self._config.account.pbx)
        return answer

    def _latest(self) -> int:
        """The latest time, in µs, that is believed."""
        return round((self._clock() + self._config.clock_ahead_s_max) * SECOND)

    async def _until(self, connection: Connection, answered: Callable[[], bool], action: str) -> None:
        """Wait for the end of a long answer for as long as anything comes."""
        loop = asyncio.get_running_loop()
        self._heard_s = loop.time()
        deadline_s = self._heard_s + self._config.snapshot_deadline_s
        self._expecting = True
        try:
            while self._observation.gathering and not answered():
                await self._wait(connection, self._silence_s_max)
                silent_s = loop.time() - self._heard_s
                if silent_s >= self._silence_s_max or loop.time() > deadline_s:
                    raise NoAnswerError(self._config.account.pbx, f"{action} to its end", round(silent_s, 3))
        finally:
            self._expecting = False

    async def _wait(self, connection: Connection, s_max: float) -> None:
        """Until there is news. Raises what ended the connection, if that is the news."""
        try:
            async with asyncio.timeout(s_max):
                await self._news.wait()
        except TimeoutError:
            pass
        self._news.clear()
        connection.raise_if_ended()

    # --- in the socket's callback ------------------------------------------------------------------------------------

    def _hear(self, blocks: list[bytes]) -> None:
        if self._expecting:
            self._heard_s = asyncio.get_running_loop().time()
        if blocks and blocks[0].startswith(BANNER):
            self._banner = blocks[0].decode(errors="replace")
        if not self.hearing.settled:
            self.hearing.hear(blocks)
        before = self._observation.heard_at
        self._observation.latest = self._latest()
        self._put(self._observation.hear(blocks), before)
        notices, self._observation.notices = self._observation.notices, set()
        if b"FullyBooted" in notices:
            self._booted = self._sees_booted = True
        dropped = self.blocks.dropped > self._dropped
        self._dropped = self.blocks.dropped
        if notices or dropped:
            self._resync = True
            self.hearing.doubt()
        if notices or dropped or self._expecting:
            self._news.set()

    def _put(self, events: list[PbxEvent], before: int | None = None) -> None:
        if self.inbox.put(events):
            return
        self.inbox.mark(self._observation.lose(before))
        self._turn("catching_up")
        self._log.error(
            "events came faster than they were taken: a gap begins, and ends with a snapshot",
            pbx=self._config.account.pbx,
            queue_size_max=self._config.queue_size_max,
            dropped=self.inbox.dropped,
        )

    # --- what is said ------------------------------------------------------------------------------------------------

    def _turn(self, state: PbxState) -> None:
        if state == self.state:
            return
        if state == "live":
            self._outage = None
            self._log.info(
                "PBX is followed", pbx=self._config.account.pbx, after_s=round(self._clock() - self.since, 3)
            )
        self.state, self.since = state, self._clock()

    def _find(self, lacking: bool, lack: Lack, detail: str = "") -> None:
        """Keep what is lacking, and say it when it is new."""
        if not lacking:
            self.findings.pop(lack, None)
        elif lack not in self.findings:
            finding = self.findings[lack] = PbxFinding(lack, detail)
            self._log.warning(str(finding), pbx=self._config.account.pbx)

    def _say_once(self, error: PbxError) -> None:
        """An outage is said once, and again only where it becomes one of another kind."""
        if type(error) is not self._outage:
            self._outage = type(error)
            self._log.error(str(error), pbx=error.pbx)

    def _next_delay_s(self) -> float:
        """Exponential, with jitter, so that many daemons don't come back in step."""
        delay_s, self._delay_s = self._delay_s, min(self._delay_s * 2, self._config.reconnect_delay_s_max)
        return delay_s * self._random.uniform(0.5, 1.0)
