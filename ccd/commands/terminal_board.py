"""What the live channel says, as tables for a terminal: states are told by sign and word, and by colour."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

SIGNS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "on_call": ("☎", "green"),
        "ringing": ("♪", "cyan"),
        "wrap_up": ("✎", "blue"),
        "available": ("●", "bright_green"),
        "unobserved": ("?", "bright_black"),
        "paused": ("⏸", "yellow"),
        "unreachable": ("✕", "red"),
        "signed_out": ("○", "bright_black"),
    }
)
SOURCE_COLOURS: Final[Mapping[str, str]] = MappingProxyType({"live": "green", "catching_up": "yellow", "lost": "red"})


SILENT_S_MAX = 7.0  # the server says something every 5 s at least


class TerminalBoard:
    """`hear` each message; `shown` is the floor now. `clock` is this machine's, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._agents: dict[str, dict[str, Any]] = {}
        self._queues: dict[str, dict[str, Any]] = {}
        self._sources: list[dict[str, Any]] = []
        self._seq = 0
        self._ahead_s = 0.0  # of the server's clock
        self._heard_at = clock()
        self._is_lost = False
        self.has_seen_the_floor = False
        self.has_heard_of_sources = False

    def hear(self, message: dict[str, Any]) -> bool:
        """False: something was missed, ask for a snapshot."""
        self._heard_at, self._is_lost = self._clock(), False
        match message["op"]:
            case "health":
                self._sources = message["sources"]
                self.has_heard_of_sources = True
            case "snapshot":
                self._agents = {agent["agent"]: agent for agent in message["agents"]}
                self._queues = {queue["queue"]: queue for queue in message["queues"]}
                self._take_number(message)
                self.has_seen_the_floor = True
            case "delta" if message["seq"] == self._seq + 1:
                self._agents |= {agent["agent"]: agent for agent in message["changed"]}
                for agent in message["gone"]:
                    self._agents.pop(agent, None)
                self._queues |= {queue["queue"]: queue for queue in message["queues"]}
                self._take_number(message)
            case "delta":
                return False
        return True

    def is_lost(self) -> None:
        """The connection is gone; what is shown grows old."""
        self._is_lost = True

    def shown(self) -> RenderableType:
        # Times that went on without news would show what nobody has seen.
        now = (self._heard_at if self._is_stale() else self._clock()) + self._ahead_s
        table = Table("", "agent", "name", "unit", "state", "for", "reason", "aux", "allowance", box=None)
        for agent in sorted(self._agents.values(), key=lambda one: (one["state"] == "signed_out", one["since"])):
            sign, colour = SIGNS.get(agent["state"], ("", ""))
            row = (sign, agent["agent"], agent["name"], agent["unit"], agent["state"].replace("_", " "))
            aux = agent["aux"] + (max(0.0, now - agent["aux_from"]) if agent["aux_from"] is not None else 0.0)
            over = "red" if aux > agent["allowance"] else ""
            table.add_row(
                *(Text(part, colour) for part in row),
                Text(_for(agent["since"], now), colour), Text(agent["reason"]),
                Text(spelled(aux), over), Text(spelled(agent["allowance"])),
            )  # fmt: skip
        return Group(Panel(self._header(now)), table)

    def _header(self, now: float) -> RenderableType:
        states = Counter(agent["state"] for agent in self._agents.values())
        counts = [
            Text(f"{sign} {states[state]} {state.replace('_', ' ')}", colour)
            for state, (sign, colour) in SIGNS.items()
            if states[state]
        ]
        waiting = sum(queue["waiting"] for queue in self._queues.values())
        oldest = min((q["oldest_since"] for q in self._queues.values() if q["waiting"]), default=None)
        longest = f", the longest for {spelled(now - oldest)}" if oldest is not None else ""
        return Group(self._health(now), Columns(counts, padding=(0, 3)), Text(f"{waiting} calls waiting{longest}"))

    def _health(self, now: float) -> Text:
        if self._is_stale():
            return Text(f"stale for {spelled(self._clock() - self._heard_at)}: no connection", "red")
        line = Text()
        for source in self._sources:
            since = "" if source["state"] == "live" else f" for {spelled(now - source['since'])}"
            said = f"{source['pbx']}: {source['state'].replace('_', ' ')}{since}  "
            line.append(said, SOURCE_COLOURS.get(source["state"], ""))
        return line

    def _take_number(self, message: dict[str, Any]) -> None:
        self._seq = message["seq"]
        self._ahead_s = message["now"] - self._clock()

    def _is_stale(self) -> bool:
        return self._is_lost or self._clock() - self._heard_at > SILENT_S_MAX


def _for(since: float, now: float) -> str:
    """How long; 0 is the time of who has never been seen."""
    return spelled(now - since) if since else "–"


def spelled(seconds: float) -> str:
    """7:05, 1:02:03."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
