"""The floor as this process knows it from Redis: agents, queues and sources, each as it is shown. Pure.

An agent is shown in two ways: on the own page as the switch has it, and on a floor with personal reasons as "personal"
(docs/time-bank.md 2.3, 7). Both are packed once, however many look at them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ccd.live.batch import pack, unpack
from ccd.live.store import StreamEntry, Whole

PERSONAL = "personal"


class AgentHead(msgspec.Struct):
    """What of an agent decides where and how it is shown; the rest is only passed on."""

    agent: str
    unit: str
    reason: str


_head = msgspec.msgpack.Decoder(AgentHead)


@dataclass(slots=True)
class AgentShown:
    """An agent as msgpack, for the own page and for floors; as JSON where somebody has asked for it.

    One object an agent, for good: a new one with each change would be looked through by the garbage collector.
    """

    unit: str
    own: bytes
    floor: bytes
    own_json: bytes | None = None
    floor_json: bytes | None = None

    def turn(self, unit: str, own: bytes, floor: bytes) -> None:
        self.unit, self.own, self.floor, self.own_json, self.floor_json = unit, own, floor, None, None


@dataclass(slots=True)
class Changes:
    """What is to be shown anew: agents with the units that see the change, the one they left included."""

    agents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    queues: set[str] = field(default_factory=set)
    sources: bool = False
    accounts: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def seen_in(self, agent: str, unit: str) -> None:
        units = self.agents.get(agent, ())
        if unit not in units:
            self.agents[agent] = (*units, unit)


class Board:
    def __init__(self, is_personal: Callable[[str], bool]) -> None:
        self._is_personal = is_personal
        self.agents: dict[str, AgentShown] = {}
        self.queues: dict[str, dict[str, Any]] = {}
        self.sources: dict[str, dict[str, Any]] = {}

    def load(self, whole: Whole) -> Changes:
        """Take the whole state in place of what was known; what is the same in both is no change."""
        changes = Changes()
        named = {self._agent(data, changes) for data in whole.agents}
        for agent in [agent for agent in self.agents if agent not in named]:
            self._gone(agent, changes)
        queues = {one["queue"] for one in map(unpack, whole.queues)}
        self._queues(whole.queues, changes)
        for queue in self.queues.keys() - queues:  # nobody has called it since the state was written
            self.queues[queue] = {"queue": queue, "waiting": 0, "oldest_since": None}
            changes.queues.add(queue)
        self.sources = {}
        self._sources(whole.sources)
        changes.sources = True
        return changes

    def apply(self, entry: StreamEntry, changes: Changes) -> None:
        for data in entry.agents:
            self._agent(data, changes)
        for agent in entry.gone:
            self._gone(agent, changes)
        self._queues(entry.queues, changes)
        if entry.sources:
            self._sources(entry.sources)
            changes.sources = True
        changes.accounts += entry.accounts
        changes.places += entry.places

    def look_again(self) -> Changes:
        """Another reason may be personal now than when each agent was taken: who is shown otherwise on floors."""
        changes = Changes()
        for agent, known in self.agents.items():
            floor = self._on_floors(known.own, _head.decode(known.own).reason)
            if floor != known.floor:
                known.turn(known.unit, known.own, floor)
                changes.seen_in(agent, known.unit)
        return changes

    def _agent(self, data: bytes, changes: Changes) -> str:
        """Take one agent's state; gives whose it is."""
        head = _head.decode(data)
        agent, unit = head.agent, head.unit
        known = self.agents.get(agent)
        if known is None:
            self.agents[agent] = AgentShown(unit, data, self._on_floors(data, head.reason))
        elif known.own == data:
            return agent
        else:
            changes.seen_in(agent, known.unit)
            known.turn(unit, data, self._on_floors(data, head.reason))
        changes.seen_in(agent, unit)
        return agent

    def _on_floors(self, data: bytes, reason: str) -> bytes:
        return pack(unpack(data) | {"reason": PERSONAL}) if self._is_personal(reason) else data

    def _gone(self, agent: str, changes: Changes) -> None:
        known = self.agents.pop(agent, None)
        if known is not None:
            changes.seen_in(agent, known.unit)

    def _queues(self, queues: Iterable[bytes], changes: Changes) -> None:
        for said in map(unpack, queues):
            if self.queues.get(said["queue"]) != said:
                self.queues[said["queue"]] = said
                changes.queues.add(said["queue"])

    def _sources(self, sources: Iterable[bytes]) -> None:
        self.sources |= {said["pbx"]: said for said in map(unpack, sources)}
