"""Who looks at what, and what each of them is sent: one frame an interval, for all that changed since the last.

A connection remembers up to which frame it has been served. One that can't keep up is passed over, and gets a single
newer frame for all it missed once its buffer has drained: no queue stands behind any connection. What is sent is made
once for all that are owed the same.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile

from ccd.errors import NotAllowedError
from ccd.live import frames
from ccd.live.board import Board, Changes
from ccd.live.clients import Client, Topic
from ccd.live.frames import Sealed
from ccd.org.people import Person

Cache = dict[tuple[int, int, str], Sealed]
UnitsOf = Callable[[Person, frozenset[str] | None], frozenset[str] | None]  # a person, the units asked for → shown


@dataclass(frozen=True, slots=True)
class HubLimits:
    """What is a setting has its default there (ccd.settings.tree), and nowhere else."""

    frame_interval_s: float
    heartbeat_s: float  # a connection hears something at least this often
    connections_max: int
    idle_tick_s: float = 0.5  # how often heartbeats and slow connections are looked after when nothing changes
    write_buffer_bytes_max: int = 65_536  # with more than this unsent, a connection is passed over
    slow_s_max: float = 30.0  # passed over for that long: closed
    resync_interval_s_min: float = 1.0  # a connection gets no more than a snapshot in this time
    snapshots_a_frame_max: int = 50
    connections_a_person_max: int = 20
    unsubscribed_s_max: float = 10.0


class Hub:
    """`clock` is the site's, in epoch seconds: what pages count their timers on. The hub's intervals are the loop's."""

    def __init__(self, board: Board, clock: Callable[[], float], limits: HubLimits) -> None:
        self.limits = limits
        self._board = board
        self._clock = clock
        self._floors: dict[frozenset[str] | None, Topic] = {}
        self._owns: dict[str, Topic] = {}
        self._of_person: dict[str, set[Client]] = {}
        self._by_silence: dict[Client, None] = {}  # all connections, the longest unserved first
        self._touched: set[Topic] = set()
        self._behind: set[Client] = set()  # owed something that they could not be given yet
        self._queues: dict[str, int] = {}  # queue → the frame it last changed in, the newest last
        self._frame = 1  # the one being made
        self._health_frame = -1  # none has been told yet
        self._health: list[dict[str, object]] | None = None
        self._is_told = False  # of the floor, or that it can't be read: before that an empty floor would look like one
        self._woken = asyncio.Event()
        self._served = asyncio.Event()  # nothing of what has been taken waits for a frame
        self._served.set()
        self._next_frame_at = 0.0
        self.frames_sent = 0
        self.closed_as_slow = 0

    @property
    def connections(self) -> int:
        return len(self._by_silence)

    def clients(self) -> list[Client]:
        return list(self._by_silence)

    # --- who looks ---------------------------------------------------------------------------------------------------

    def is_full_for(self, person: str) -> bool:
        return (
            self.connections >= self.limits.connections_max
            or len(self._of_person.get(person, ())) >= self.limits.connections_a_person_max
        )

    def join(self, client: Client, now: float) -> None:
        client.sent_at = now
        self._by_silence[client] = None
        self._of_person.setdefault(client.session.person.name, set()).add(client)

    def leave(self, client: Client) -> None:
        self._unsubscribe(client)
        self._by_silence.pop(client, None)
        self._behind.discard(client)
        of_person = self._of_person.get(client.session.person.name, set())
        of_person.discard(client)
        if not of_person:
            self._of_person.pop(client.session.person.name, None)

    def subscribe_floor(self, client: Client, units: frozenset[str] | None) -> None:
        """`units` None: all of them."""
        self._unsubscribe(client)  # first: with its last client a topic goes, this one too
        topic = self._floors.get(units)
        if topic is None:
            topic = self._floors[units] = Topic("floor", units, None, newest=self._frame - 1)
        self._subscribe(client, topic)

    def subscribe_own(self, client: Client, agent: str) -> None:
        self._unsubscribe(client)
        topic = self._owns.get(agent)
        if topic is None:
            topic = self._owns[agent] = Topic("me", None, agent, newest=self._frame - 1)
        self._subscribe(client, topic)

    def look_again(self, units_of: UnitsOf) -> None:
        """Units have been moved: whoever looks at a floor is shown what is theirs now, or told that it is not."""
        for client in self.clients():
            if client.topic is None or client.topic.agent is not None:
                continue
            try:
                units = units_of(client.session.person, client.asked)
            except NotAllowedError as error:
                client.close("Not allowed", str(error))
                continue
            if units != client.topic.units:
                self.subscribe_floor(client, units)

    def resync(self, client: Client) -> None:
        """The client asks for a snapshot; it gets one, but not more often than the limit says."""
        client.seen = None
        self._behind.add(client)
        self.wake()

    def _subscribe(self, client: Client, topic: Topic) -> None:
        client.topic = topic
        client.health_seen = -1
        topic.clients.add(client)
        self.resync(client)

    def _unsubscribe(self, client: Client) -> None:
        topic = client.topic
        if topic is None:
            return
        client.topic = None
        topic.clients.discard(client)
        if not topic.clients:
            self._touched.discard(topic)
            if topic.agent is None:
                self._floors.pop(topic.units, None)
            else:
                self._owns.pop(topic.agent, None)

    # --- what changed ------------------------------------------------------------------------------------------------

    def take(self, changes: Changes) -> None:
        self._is_told = True
        for agent, units in changes.agents.items():
            for topic in self._floors.values():
                if topic.units is None or not topic.units.isdisjoint(units):
                    self._touch(topic, agent)
            if agent in self._owns:
                self._touch(self._owns[agent], agent)
        for queue in changes.queues:
            _last(self._queues, queue, self._frame)
            self._touched.update(self._floors.values())
        for agent in changes.accounts:
            for client in self._owns[agent].clients if agent in self._owns else ():
                client.account_due = True
                self._behind.add(client)
            shown = self._board.agents.get(agent)
            for topic in self._floors.values():
                if shown is not None and topic.shows(shown):
                    _last(topic.accounts, agent, self._frame)
                    self._touched.add(topic)
        for agent in changes.places:
            for client in self._owns[agent].clients if agent in self._owns else ():
                client.places_due = True
                self._behind.add(client)
        if changes.agents or changes.queues or changes.accounts or changes.places:
            self.wake()

    def tell_health(self, sources: list[dict[str, object]]) -> None:
        self._is_told = True
        if sources == self._health:
            return
        self._health = sources
        self._health_frame = self._frame
        self._behind.update(client for client in self._by_silence if client.topic is not None)
        self.wake()

    def tell_site(self) -> None:
        """Another configuration: whoever looks asks for reasons, thresholds and units again."""
        for client in self._by_silence:
            if client.topic is not None:
                client.site_due = True
                self._behind.add(client)
        self.wake()

    def _touch(self, topic: Topic, agent: str) -> None:
        _last(topic.changed, agent, self._frame)
        self._touched.add(topic)

    # --- what is sent ------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        self._woken.set()
        self._served.clear()

    async def open_for_news(self) -> None:
        """Until what was taken has been sent and the next frame is due.

        Whoever brings news reads it then, all there is, and it leaves at once; read any sooner, the frame would go with
        what had come by then, and the rest would wait for the frame after it.
        """
        await self._served.wait()
        await asyncio.sleep(self._next_frame_at - asyncio.get_running_loop().time())

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.limits.idle_tick_s):
                    await self._woken.wait()
            self._woken.clear()
            self._next_frame_at = loop.time() + self.limits.frame_interval_s
            self.frame(loop.time())
            self._served.set()
            if self._behind:
                self.wake()
            await asyncio.sleep(self._next_frame_at - loop.time())

    def frame(self, now: float) -> None:
        """Serve everybody who is owed something; `now` is the loop's time."""
        cache: Cache = {}
        due = self._behind
        self._behind = set()
        for topic in self._touched:
            topic.newest = self._frame
            due |= topic.clients
        self._touched = set()
        snapshots_left = self.limits.snapshots_a_frame_max if self._is_told else 0
        for client in due:
            if client.seen is None:
                if snapshots_left and now >= client.snapshot_at + self.limits.resync_interval_s_min:
                    snapshots_left -= self._serve(client, now, cache)
                else:
                    self._behind.add(client)
            else:
                self._serve(client, now, cache)
        self._frame += 1
        self._keep_alive(now)

    def _serve(self, client: Client, now: float, cache: Cache) -> bool:
        """Give the client what it is owed, unless its buffer is full."""
        topic = client.topic
        if topic is None or client.line.is_closing():
            return False
        if client.line.buffered() > self.limits.write_buffer_bytes_max:
            self._pass_over(client, now)
            return False
        client.slow_since = None
        if client.seen is None:
            client.snapshot_at = now
            self._send(client, self._snapshot(topic, client, cache), now)
        elif client.seen < topic.newest:
            self._send(client, self._delta(topic, client.seen, client, cache), now)
        client.seen = topic.newest
        if client.health_seen < self._health_frame:
            client.health_seen = self._health_frame
            client.line.write(frames.health(client.codec, self._health or []))
        if client.account_due:
            client.account_due = False
            client.line.write(frames.account(client.codec))
        if client.places_due:
            client.places_due = False
            client.line.write(frames.places(client.codec))
        if client.site_due:
            client.site_due = False
            client.line.write(frames.site(client.codec))
        return True

    def _pass_over(self, client: Client, now: float) -> None:
        self._behind.add(client)
        if client.slow_since is None:
            client.slow_since = now
        elif now - client.slow_since > self.limits.slow_s_max:
            self.closed_as_slow += 1
            client.line.abort()

    def _send(self, client: Client, sealed: Sealed, now: float) -> None:
        client.seq += 1
        client.line.write(b"".join((sealed.before, client.codec.seq(client.seq), sealed.after)))
        client.sent_at = now
        self._by_silence.pop(client, None)
        self._by_silence[client] = None
        self.frames_sent += 1

    def _snapshot(self, topic: Topic, client: Client, cache: Cache) -> Sealed:
        key = (id(topic), -1, client.codec.subprotocol)
        if key not in cache:
            shown = topic.all_of(self._board)
            queues = self._board.queues.values() if topic.agent is None else ()
            cache[key] = frames.snapshot(client.codec, topic.name, self._clock(), shown, queues)
        return cache[key]

    def _delta(self, topic: Topic, seen: int, client: Client, cache: Cache) -> Sealed:
        key = (id(topic), seen, client.codec.subprotocol)
        if key not in cache:
            changed, gone = topic.since(seen, self._board)
            own = topic.agent is not None
            queues = [] if own else [self._board.queues[queue] for queue in _since(self._queues, seen)]
            accounts = list(_since(topic.accounts, seen))
            cache[key] = frames.delta(client.codec, own, self._clock(), changed, queues, gone, accounts)
        return cache[key]

    def _keep_alive(self, now: float) -> None:
        """An empty delta for those who have heard nothing for a while, and the door for those who may not stay."""
        empty: dict[str, Sealed] = {}
        while self._by_silence:
            client = next(iter(self._by_silence))
            if now < client.sent_at + self.limits.heartbeat_s:
                return
            self._by_silence.pop(client)
            self._by_silence[client] = None
            client.sent_at = now
            if client.topic is None:
                if now - client.joined_at > self.limits.unsubscribed_s_max:
                    client.close("No subscription", 'send {"op": "subscribe", "topic": "floor"} or "me"')
            elif client.seen is not None and client not in self._behind:
                codec = client.codec
                if codec.subprotocol not in empty:
                    empty[codec.subprotocol] = frames.delta(codec, False, self._clock())
                self._send(client, empty[codec.subprotocol], now)


def _last(changed: dict[str, int], name: str, frame: int) -> None:
    """It changed in this frame: the newest stand last."""
    changed.pop(name, None)
    changed[name] = frame


def _since(changed: dict[str, int], seen: int) -> Iterator[str]:
    return takewhile(lambda name: changed[name] > seen, reversed(changed))
