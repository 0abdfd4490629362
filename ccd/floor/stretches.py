"""What an agent was seen in, span by span: kept where a day is measured, so that shifts can be laid over it."""

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from ccd.floor.seats import SIGNED_OUT, State


class Judged(Enum):
    """How a pause was judged; NONE of what is no pause."""

    NONE = "none"
    AUX = "aux"
    EXEMPT = "exempt"

    __hash__ = object.__hash__  # one object each: the enumeration's own looks at the name, with every stretch


class Stretch(NamedTuple):
    """µs, half-open. An exempt pause that runs into its limit is two."""

    start: int
    end: int
    state: State
    judged: Judged


@dataclass(slots=True)
class Stretches:
    """In the order of time. Signed out is what lies between the stretches; `sign_outs` are the instants at which an
    agent left all queues, and whether that was told: a restart, a reload and a snapshot tell nothing."""

    spans: list[Stretch] = field(default_factory=list)
    sign_outs: list[tuple[int, bool]] = field(default_factory=list)

    def spent(self, start: int, span: int, state: State, judged: Judged = Judged.NONE) -> None:
        if span and state is not SIGNED_OUT:
            self.spans.append(Stretch(start, start + span, state, judged))
