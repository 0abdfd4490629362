"""Appeals against lines of a statement (docs/time-bank.md 7). Pure."""

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from ccd.errors import AppealError
from ccd.ledger.model import Transfer


class State(StrEnum):
    OPEN = "open"
    UPHELD = "upheld"  # with a ruling
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"  # by the agent


class Appeal(NamedTuple):
    """Of an agent, against a transfer that is for a day of a unit. `ref` names it, and the act that it is; what was
    ruled, where it was upheld."""

    ref: str
    agent: str
    unit: str
    day: date
    transfer: Transfer
    state: State = State.OPEN
    ruling: str | None = None


def check_in_time(agent: str, transfer: Transfer, recorded_on: date, today: date, appeal_days: int) -> None:
    """AppealError where it is too late; by the days of the agent's unit."""
    last = recorded_on + timedelta(days=appeal_days)
    if today > last:
        raise AppealError(agent, f"could appeal against {transfer} until {last}: it was recorded on {recorded_on}")


def check_open(appeal: Appeal) -> None:
    if appeal.state is not State.OPEN:
        raise AppealError(appeal.agent, f"has {appeal.ref} {appeal.state} already: it stays that")
