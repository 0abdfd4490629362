"""Appeals against lines of a statement (docs/time-bank.md 7). Pure."""

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from ccd.errors import AppealError
from ccd.ledger.model import Transfer
from ccd.org.agent_days import AgentDays
from ccd.org.people import Duty, Person
from ccd.org.rights import may_decide_appeal
from ccd.org.units import Units


class AppealState(StrEnum):
    OPEN = "open"
    UPHELD = "upheld"  # with a ruling
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"  # by the agent


class Appeal(NamedTuple):
    """Of an agent, against a transfer that is for a day; `unit` had that day when it was appealed. `ref` names it, and
    the act that it is; what was ruled, where it was upheld."""

    ref: str
    agent: str
    unit: str
    day: date
    transfer: Transfer
    state: AppealState = AppealState.OPEN
    ruling: str | None = None


def appealed_in(one: Appeal, days: AgentDays) -> str:
    """The unit that the roster has the day in by now. Where it has no such day any more, the one of before."""
    return days.unit(one.agent, one.day) or one.unit


def right_to_decide(person: Person, one: Appeal, units: Units, days: AgentDays, at: int) -> Duty | None:
    """The one rule of who decides an appeal, and is shown it and its line, at a moment, µs: whoever has the office
    where its day is by now, or above, and leads the appellant neither there, nor where it was, nor where they are."""
    unit = appealed_in(one, days)
    led_in = {unit, one.unit, *(own.unit for own in days.met(one.agent, at, at + 1))}
    return may_decide_appeal(person, units.with_above(unit, one.day), one.agent, led_in)


def check_lodged_in_time(agent: str, transfer: Transfer, recorded_on: date, today: date, appeal_days: int) -> None:
    """AppealError where it is too late; by the days of the agent's unit."""
    last = recorded_on + timedelta(days=appeal_days)
    if today > last:
        found = f"could appeal against {transfer} until {last}: it was recorded on {recorded_on}"
        raise AppealError(agent, found, "appeal-late", last=str(last))


def check_appeal_open(appeal: Appeal) -> None:
    if appeal.state is not AppealState.OPEN:
        raise AppealError(appeal.agent, f"has {appeal.ref} {appeal.state} already: it stays that", "appeal-stands")
