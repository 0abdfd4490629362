"""Orders: what a leader asks of the telephone switches about an agent, and what came of it (docs/time-bank.md 6). Pure.

A switch is no part of a transaction: an order is written down before it is asked, and its end when it has answered, for
each queue. What nobody can know is told as that.
"""

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import NamedTuple


class OrderKind(StrEnum):
    PAUSE = "pause"
    UNPAUSE = "unpause"
    SIGN_OUT = "sign out"


class Answered(StrEnum):
    """What became of it in one queue; the switch says so, or its silence."""

    DONE = "done"
    NOT_THERE = "not_there"  # the seat is no member there, or is not any more
    STATIC = "static"  # a member by configuration: nobody can take it out
    DENIED = "denied"  # the manager account lacks the right
    REFUSED = "refused"  # for what the switch says
    NOT_ASKED = "not_asked"  # it was not connected: nothing was done
    UNKNOWN = "unknown"  # it was asked, and has not answered


class OrderOutcome(StrEnum):
    """What became of all of it."""

    DONE = "done"
    PARTLY = "partly"
    NOT_THERE = "not_there"
    REFUSED = "refused"
    NOT_ASKED = "not_asked"
    UNKNOWN = "unknown"


class OrderAnswer(NamedTuple):
    """`queue` is empty where all of the seat is meant; `said` are the switch's own words, or why there are none."""

    pbx: str
    seat: str
    queue: str
    answered: Answered
    said: str


class Ended(NamedTuple):
    """An order by its act, and what became of it; in the order in which it was asked."""

    act: str
    agent: str
    what: OrderKind
    outcome: OrderOutcome
    answers: tuple[OrderAnswer, ...]

    def __str__(self) -> str:
        lines = [f"{self.agent}: {self.what}: {SAID[self.outcome]}"]
        return "\n".join([*lines, *(f"  {line}" for line in _lines(self.answers))])


SAID = {
    OrderOutcome.DONE: "done",
    OrderOutcome.PARTLY: "done in part",
    OrderOutcome.NOT_THERE: "there is nothing to do: the agent is signed in nowhere where it could be done",
    OrderOutcome.REFUSED: "the switch refused, and nothing was done",
    OrderOutcome.NOT_ASKED: "no switch could be asked, and nothing was done: see that ccd runs and is connected, "
    "ask again",
    OrderOutcome.UNKNOWN: "it was asked, and nobody knows what came of it: the board shows it once the switch is heard",
}
REMEDIES = {
    Answered.STATIC: "it is a member by configuration: pause it, or let it come and go by QueueAdd and QueueRemove "
    "instead of `member =>` in queues.conf",
    Answered.DENIED: "give the manager account `write = agent` in manager.conf, and reload the manager",
}


def outcome_of(answers: Collection[OrderAnswer]) -> OrderOutcome:
    found = {each.answered for each in answers}
    if Answered.UNKNOWN in found:
        return OrderOutcome.UNKNOWN
    if Answered.DONE in found:
        return OrderOutcome.DONE if found <= {Answered.DONE, Answered.NOT_THERE} else OrderOutcome.PARTLY
    if found <= {Answered.NOT_THERE}:
        return OrderOutcome.NOT_THERE
    return OrderOutcome.NOT_ASKED if found <= {Answered.NOT_ASKED, Answered.NOT_THERE} else OrderOutcome.REFUSED


def _lines(answers: Collection[OrderAnswer]) -> Iterator[str]:
    for each in answers:
        where = f"{each.seat} in {each.queue} on {each.pbx}" if each.queue else f"{each.seat} on {each.pbx}"
        said = f" ({each.said})" if each.said else ""
        remedy = f"; {REMEDIES[each.answered]}" if each.answered in REMEDIES else ""
        yield f"{where}: {each.answered.replace('_', ' ')}{said}{remedy}"
