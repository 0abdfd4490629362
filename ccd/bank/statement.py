"""An agent's account and statement, each line with the facts of its arithmetic (docs/time-bank.md 7)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ccd.bank.accounts import AGENT_KINDS, BALANCE_KINDS, LEAVE, agent_owner
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.ledger.model import ALL, StatementLine, Transfer, Wanted
from ccd.ledger.sound import as_written


@dataclass(frozen=True, slots=True)
class AgentAccount:
    """Seconds by kind of account, all of AGENT_KINDS; `balance` is the sum of the first four."""

    kinds: Mapping[str, int]

    @property
    def balance_s(self) -> int:
        return sum(self.kinds[kind] for kind in BALANCE_KINDS)


@dataclass(frozen=True, slots=True)
class Line:
    """One transaction, in seconds. `amount_s` is its effect on the balance, `leave_s` that on personal leave. `text` is
    what a person said who posted it by hand, `by` who asked for it.

    `facts` of a settlement: revision, base, rate_ppm, allowance, protected, aux, unobserved, deposit, overdraft,
    covered, leave, before; seconds, `base` and `unobserved` with their microseconds.
    """

    transfer: str
    day: date
    recorded_at: int  # microseconds since the epoch
    service: str
    amount_s: int
    leave_s: int
    balance_after_s: int
    text: str
    facts: Mapping[str, Any]
    by: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "transfer": self.transfer,
            "day": self.day.isoformat(),
            "recorded_at": self.recorded_at / SECOND,
            "service": self.service,
            "amount": self.amount_s,
            "leave": self.leave_s,
            "balance_after": self.balance_after_s,
            "text": self.text,
            "by": self.by,
            "facts": dict(self.facts),
        }


@dataclass(frozen=True, slots=True)
class StatementPage:
    """Newest first; `before` asks for the page of older lines, `after` for that of newer ones, None where there are
    none."""

    lines: tuple[Line, ...]
    before: int | None
    after: int | None = None


async def agent_account(ledger: Ledger, agent: str) -> AgentAccount:
    """Zeros for an agent for whom nothing was ever settled."""
    return AgentAccount({**dict.fromkeys(AGENT_KINDS, 0), **await ledger.balances(agent_owner(agent))})


async def agent_statement(
    ledger: Ledger,
    agent: str,
    before: int | None = None,
    limit: int = 20,
    after: int | None = None,
    wanted: Wanted = ALL,
) -> StatementPage:
    statement = await ledger.statement(agent_owner(agent), before, limit, after, wanted)
    with as_written():
        lines = tuple(line_of(line) for line in statement.lines)
    return StatementPage(lines, statement.before, statement.after)


def line_of(line: StatementLine) -> Line:
    """The line's service is that of its first movement on the balance, else that of its first."""
    on_balance = [movement for movement in line.movements if movement.kind in BALANCE_KINDS]
    first = (on_balance or line.movements)[0]
    return Line(
        transfer=str(Transfer(line.transaction, first.leg)),
        day=line.day,
        recorded_at=line.recorded_at,
        service=first.service,
        amount_s=sum(movement.seconds for movement in on_balance),
        leave_s=sum(movement.seconds for movement in line.movements if movement.kind == LEAVE),
        balance_after_s=sum(line.after[kind] for kind in BALANCE_KINDS),
        text=line.text,
        by=line.asked_by,
        facts=facts_for_people(line.facts),
    )


def facts_for_people(text: str) -> dict[str, Any]:
    """Seconds instead of microseconds; the record of the measurement stays in the ledger, but for what was not seen."""
    facts: dict[str, Any] = json.loads(text)
    measured = facts.pop("measured", None)
    if measured is not None:
        facts["base"] = facts.pop("base_us") / SECOND
        facts["unobserved"] = measured["unobserved"] / SECOND
    return facts
