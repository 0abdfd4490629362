"""A connection as the hub sees it, and the topic it looks at."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from ccd.live import frames
from ccd.live.board import AgentShown, Board
from ccd.live.frames import Codec
from ccd.org.people import Session


class ClientLine(Protocol):
    """The way to a client: what is written is sent as fast as the client takes it; `buffered` bytes it has not yet."""

    def write(self, data: bytes) -> None: ...
    def buffered(self) -> int: ...
    def is_closing(self) -> bool: ...
    def close(self, reason: str) -> None: ...
    def abort(self) -> None: ...


@dataclass(slots=True, eq=False)
class Topic:
    """A floor (`units`, None for all of them) or one agent's own page (`agent`), and who looks at it.

    `changed` has the agents that changed since the topic is looked at, with the number of the frame in which they last
    did, the newest last; whoever is gone, or is shown here no more, is in it as well. `accounts` has
    those whose account is another, in the same way.
    """

    name: str
    units: frozenset[str] | None
    agent: str | None
    clients: "set[Client]" = field(default_factory=set)
    changed: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    newest: int = 0  # the frame of the last change

    def shows(self, shown: AgentShown) -> bool:
        return self.units is None or shown.unit in self.units

    def all_of(self, board: Board) -> Iterable[AgentShown]:
        if self.agent is not None:
            return [board.agents[self.agent]] if self.agent in board.agents else []
        return [shown for shown in board.agents.values() if self.shows(shown)]

    def since(self, seen: int, board: Board) -> tuple[list[AgentShown], list[str]]:
        """Who has changed since frame `seen`, and who is to be shown no more."""
        changed, gone = [], []
        for agent, frame in reversed(self.changed.items()):
            if frame <= seen:
                break
            shown = board.agents.get(agent)
            if shown is not None and self.shows(shown):
                changed.append(shown)
            else:
                gone.append(agent)
        return changed, gone


@dataclass(slots=True, eq=False)
class Client:
    session: Session
    codec: Codec
    line: ClientLine
    joined_at: float  # the loop's time
    topic: Topic | None = None
    asked: frozenset[str] | None = None  # the units that a floor was asked for by name; None: all of the person's own
    seq: int = 0  # of the last snapshot or delta sent
    seen: int | None = None  # the frame up to which it has been served; None: it is owed a snapshot
    sent_at: float = 0.0
    snapshot_at: float = float("-inf")
    slow_since: float | None = None
    health_seen: int = -1
    account_due: bool = False
    places_due: bool = False
    site_due: bool = False

    def close(self, title: str, detail: str) -> None:
        """Say why, then close."""
        self.line.write(frames.error(self.codec, title, detail))
        self.line.close(title)
