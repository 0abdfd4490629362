"""Appeals against lines of a statement (docs/time-bank.md 7). Pure."""

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from ccd.errors import AppealError
from ccd.ledger.model import Transfer


class AppealState(StrEnum):
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
    state: AppealState = AppealState.OPEN
    ruling: str | None = None


def check_lodged_in_time(agent: str, transfer: Transfer, recorded_on: date, today: date, appeal_days: int) -> None:
    """AppealError where it is too late; by the days of the agent's unit."""
    last = recorded_on + timedelta(days=appeal_days)
    if today > last:
        found = f"could appeal against {transfer} until {last}: it was recorded on {recorded_on}"
        raise AppealError(agent, found, "appeal-late", last=str(last))


def check_appeal_open(appeal: Appeal) -> None:
    if appeal.state is not AppealState.OPEN:
        raise AppealError(appeal.agent, f"has {appeal.ref} {appeal.state} already: it stays that", "appeal-stands")
