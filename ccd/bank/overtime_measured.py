"""What of an agent's overtime of a day was measured, and not entered by hand, as the ledger was last told it: where
policy counts it, it is base of that day (docs/time-bank.md 2.4)."""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import product
from urllib.parse import quote

from sqlalchemy import Connection

from ccd.bank.at_desk import facts_posted
from ccd.ledger.keys import revisions_of


def overtime_key(agent: str, day: date) -> str:
    return f"overtime/{quote(agent, safe='')}/{day.isoformat()}"


def measured_overtime_s(facts: Sequence[str]) -> int:
    """By the newest of all facts that were posted of a day; what somebody has posted under its key by hand says nothing
    of that."""
    said = json.loads(facts[-1]) if facts and facts[-1] else {}
    return sum(int(each.get("principal", 0)) - int(each.get("entered", 0)) for each in said.get("paid", ()))


def paid_in(
    connection: Connection, emergency: str, agents: Iterable[str], days: Iterable[date]
) -> set[tuple[str, date]]:
    """On which of these days which of the agents have something of an emergency, as it was posted last."""
    keys = {overtime_key(agent, day): (agent, day) for agent, day in product(agents, days)}
    found = set()
    for key, kept in revisions_of(connection, keys).items():
        facts = facts_posted(kept)
        said = json.loads(facts[-1]) if facts and facts[-1] else {}
        if any(each.get("emergency") == emergency for each in said.get("paid", ())):
            found.add(keys[key])
    return found


def overtime_measured_on(connection: Connection, agents: Iterable[str], day: date) -> dict[str, int]:
    """In seconds, by agent; of who has none nothing."""
    keys = {overtime_key(agent, day): agent for agent in agents}
    kept = revisions_of(connection, keys)
    return {keys[key]: seconds for key, each in kept.items() if (seconds := measured_overtime_s(facts_posted(each)))}
