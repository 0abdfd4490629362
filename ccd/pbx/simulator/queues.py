"""The simulated queues: how they are set up, how their calls are, and what Asterisk counts of them."""

from dataclasses import dataclass, field
from typing import Literal

from ccd.pbx.simulator.speech import Caller, PhoneInQueue


@dataclass(frozen=True, slots=True)
class QueueKind:
    """A queue as queues.conf has it, and the calls that come to it."""

    name: str
    wrap_up_s: int
    # A call that rings out pauses the member: in this queue ("yes"), in all of its queues.
    auto_pause: Literal["no", "yes", "all"]
    talk_s_median: float
    talk_sigma: float  # of the logarithm
    ring_s_max: int = 15
    retry_s: float = 1.0
    service_level_s: int = 30


QUEUES = (
    QueueKind("support", wrap_up_s=20, auto_pause="all", talk_s_median=165, talk_sigma=0.6),
    QueueKind("sales", wrap_up_s=30, auto_pause="all", talk_s_median=200, talk_sigma=0.55),
    QueueKind("broadband", wrap_up_s=25, auto_pause="no", talk_s_median=230, talk_sigma=0.65),
)


@dataclass(slots=True)
class Queue:
    """One queue now. Dicts stand for ordered sets: callers by their place, idle phones by how long they are idle."""

    kind: QueueKind
    members: dict[str, PhoneInQueue] = field(default_factory=dict)
    callers: dict[str, Caller] = field(default_factory=dict)  # everyone who waits, those that ring a phone included
    unoffered: dict[str, Caller] = field(default_factory=dict)
    idle: dict[str, None] = field(default_factory=dict)
    completed: int = 0
    completed_in_level: int = 0
    abandoned: int = 0
    hold_s: int = 0
    talk_s: int = 0

    def position(self, caller: Caller) -> int:
        """The caller's place in the queue, from 1."""
        return next(place for place, uniqueid in enumerate(self.callers, 1) if uniqueid == caller.uniqueid)

    def count_hold(self, held_s: int) -> None:
        """Asterisk's running average: three parts old, one part new."""
        self.hold_s = (3 * self.hold_s + held_s) // 4 if self.hold_s else held_s

    def count_talk(self, held_s: int, talked_s: int) -> None:
        """The same for the talk of a call that is over, and the service level."""
        self.talk_s = (3 * self.talk_s + talked_s) // 4 if self.talk_s else talked_s
        self.completed += 1
        self.completed_in_level += held_s <= self.kind.service_level_s

    def service_level(self) -> float:
        """Per cent of the completed calls that were answered in time."""
        return 100 * self.completed_in_level / self.completed if self.completed else 0.0

    def service_level_of_offered(self) -> float:
        """The same of all calls, the abandoned ones included."""
        offered = self.completed + self.abandoned
        return 100 * self.completed_in_level / offered if offered else 0.0
