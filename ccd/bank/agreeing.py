"""Whether the ledger holds what days were worth, and what stands in rows beside it: each posting has its row, and each
row its posting. Nothing is changed."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, func, or_, select

from ccd.bank.accounts import IDLE_ORIGIN, LEAVE, OVERDRAFT, SAVINGS, agent_owner, owning_agent
from ccd.bank.at_desk import facts_posted
from ccd.bank.difference import Posted
from ccd.bank.emergency_rows import emergency_of
from ccd.bank.facts import written_off_s
from ccd.bank.measured import Measured, settlement_key
from ccd.bank.proposal_rows import packet_decisions
from ccd.bank.proposals import ProposalState
from ccd.bank.withdrawal_rows import withdrawal_states, withdrawals
from ccd.bank.worth import Worth
from ccd.ledger.keys import revisions_of
from ccd.ledger.model import PostingState
from ccd.ledger.schema import SIDES, accounts, entries, owners, transactions
from ccd.org.acts import acts
from ccd.sql.rows import among

SETTLED = (SAVINGS, OVERDRAFT, LEAVE)  # what a day is posted by

Sums = Mapping[str, int]  # seconds by service, as they stand on an agent's accounts
Held = Mapping[tuple[str, date], Sums]


class Differs(NamedTuple):
    """What does not agree, by the agent or the key that it is about, and the day where it is about one."""

    whose: str
    day: date | None
    found: str


class PostedSum(NamedTuple):
    """A posting of something that stands in a row, too: what all its transfers came to, and how many they were."""

    key: str
    revision: int
    facts: str
    day: date
    seconds: int
    transfers: int


def held_for(
    connection: Connection,
    first: date,
    last: date,
    agents: Collection[str] = (),
    services: Collection[str] = SETTLED,
) -> Held:
    """What was posted for days by these services, by agent and day: of these agents, or of all."""
    found: dict[tuple[str, date], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for side, _, sign in SIDES:
        query = (
            select(owners.c.name, entries.c.day, entries.c.service, func.sum(entries.c.seconds))
            .join(accounts, accounts.c.id == side)
            .join(owners, owners.c.id == accounts.c.owner_id)
            .where(entries.c.day.between(first, last), entries.c.service.in_(services), accounts.c.floor.is_not(None))
            .group_by(owners.c.name, entries.c.day, entries.c.service)
        )
        if agents:
            query = query.where(among(connection, owners.c.name, [agent_owner(agent) for agent in agents]))
        for owner, day, service, seconds in connection.execute(query):
            found[owning_agent(owner), day][service] += sign * int(seconds)
    return found


def written_off_for(connection: Connection, days: Iterable[Measured]) -> dict[str, int]:
    """By agent, what settlements of the agent's day have written off."""
    agents = {settlement_key(one.agent, one.day): one.agent for one in days}
    kept = revisions_of(connection, agents)
    posted = {key: facts_posted(found) for key, found in kept.items()}
    return {agents[key]: off for key, facts in posted.items() if (off := written_off_s(facts))}


def differing(worth: Worth, sums: Sums, off_s: int) -> str:
    """How what is held differs from what the day was worth; empty where it does not."""
    held = Posted(sums.get(SAVINGS, 0), -sums.get(OVERDRAFT, 0), sums.get(LEAVE, 0), 0, off_s)
    if held.net_s == worth.net_s:
        return ""
    services = [f"{service} {sums[service]:+d}" for service in SETTLED if sums.get(service)]
    services += [f"written off {off_s}"] if off_s else []
    return f"is worth {worth.net_s:+d} s, and the ledger holds {held.net_s:+d} s ({', '.join(services) or 'nothing'})"


def without_rows(connection: Connection, first: date, last: date) -> Iterator[Differs]:
    """Of days off, red packets and overtime for these days: postings without a row, rows without a posting. What
    overtime comes to is reckoned elsewhere."""
    yield from _days_off(connection, first, last)
    yield from _packets(connection, first, last)
    yield from _overtime(connection, first, last)
    yield from _idle(connection, first, last)


def _days_off(connection: Connection, first: date, last: date) -> Iterator[Differs]:
    asked = select(withdrawals).where(withdrawals.c.day.between(first, last)).order_by(withdrawals.c.id)
    rows = {row.id: row for row in connection.execute(asked)}
    held: dict[str, dict[int, int]] = defaultdict(dict)  # by application and revision, the seconds
    holds: dict[str, bool] = {}
    states = select(withdrawal_states).join(withdrawals).where(withdrawals.c.day.between(first, last))
    for state in connection.execute(states.order_by(withdrawal_states.c.withdrawal, withdrawal_states.c.number)):
        holds[state.withdrawal] = state.hold is not None
        if state.hold is not None:
            as_asked = state.number == 1 or state.seconds is None
            said_s = rows[state.withdrawal].seconds if as_asked else state.seconds
            held[state.withdrawal].setdefault(state.hold, said_s)
    moved: dict[str, list[PostedSum]] = defaultdict(list)
    for one in _postings(connection, first, last, "hold/", "end/"):
        name = one.key.partition("/")[2]
        if name in rows:
            moved[one.key].append(one)
        else:
            yield Differs(one.key, one.day, f"moves {one.seconds} s, and there is no application {name}")
    for name, row in rows.items():
        found = {one.revision: one.seconds for one in moved[f"hold/{name}"]}
        for revision in sorted(held[name] | found.keys()):
            seconds, wanted = found.get(revision, 0), held[name].get(revision, 0)
            if seconds != wanted:
                yield Differs(f"hold/{name}", row.day, f"holds {seconds} s, and the application says {wanted} s")
        ended, wanted = len(moved[f"end/{name}"]), len(held[name]) - holds.get(name, False)
        if ended != wanted:
            yield Differs(f"end/{name}", row.day, f"was posted {ended} times, and the application ended {wanted} times")


def _packets(connection: Connection, first: date, last: date) -> Iterator[Differs]:
    confirmed = select(packet_decisions.c.proposal).where(packet_decisions.c.verdict == ProposalState.CONFIRMED.value)
    proposed = set(connection.scalars(confirmed))
    of_days = list(_postings(connection, first, last, "packet/"))
    for one in of_days:
        facts = json.loads(one.facts)
        said = (facts.get("seconds", 0) * facts.get("agents", 0), facts.get("agents", 0))
        if (one.seconds, one.transfers) != said:
            yield Differs(one.key, one.day, f"moves {one.seconds} s to {one.transfers} agents, and says {said[0]} s to"
                          f" {said[1]}")  # fmt: skip
        _, from_other, name = one.key.partition("packet/proposed/")
        if from_other and name not in proposed:
            yield Differs(one.key, one.day, f"was given, and nobody confirmed the proposal {name}")
    giving = select(acts.c.after).where(acts.c.kind == "give packet")
    given = {json.loads(str(after)).get("packet", "") for after in connection.scalars(giving)}
    wanted = {f"packet/{name}" for name in given if name} | {f"packet/proposed/{name}" for name in proposed}
    known = {one.key for one in of_days} | revisions_of(connection, wanted).keys()
    for key in sorted(wanted - known):
        yield Differs(key, None, "is said to have been given, and nothing was posted")


def _overtime(connection: Connection, first: date, last: date) -> Iterator[Differs]:
    for one in _postings(connection, first, last, "overtime/"):
        for paid in json.loads(one.facts).get("paid", ()):
            if emergency_of(connection, paid["emergency"]) is None:
                yield Differs(one.key, one.day, f"pays for {paid['emergency']}, and there is no such emergency")


def _idle(connection: Connection, first: date, last: date) -> Iterator[Differs]:
    """Leave of idle days, in revisions: the last says what is owed, and all together hold that."""
    held = held_for(connection, first, last, services=IDLE_ORIGIN.services)
    names = {f"idle/{agent}/{day.isoformat()}": (agent, day) for agent, day in held}
    kept = revisions_of(connection, names)
    for key, (agent, day) in sorted(names.items()):
        posted = [one.facts for one in kept.get(key, ()) if one.state is PostingState.POSTED]
        owed_s = int(json.loads(posted[-1])["owed"]) if posted else 0
        sums = held[agent, day]
        held_s = sums.get(IDLE_ORIGIN.leave, 0) - sums.get(IDLE_ORIGIN.credit, 0) + written_off_s(posted)
        if held_s != owed_s:
            yield Differs(agent, day, f"owes {owed_s} s of idle leave, and the ledger holds {held_s} s")


def _postings(connection: Connection, first: date, last: date, *words: str) -> Iterator[PostedSum]:
    """Those whose keys begin with one of the words, in their order."""
    kept = transactions.c
    query = (
        select(kept.key, kept.revision, kept.facts, func.min(entries.c.day), func.sum(entries.c.seconds), func.count())
        .join(entries, entries.c.transaction_id == kept.id)
        .where(or_(*(kept.key.startswith(word) for word in words)), entries.c.day.between(first, last))
        .group_by(kept.id, kept.key, kept.revision, kept.facts)
        .order_by(kept.id)
    )
    for key, revision, facts, day, seconds, transfers in connection.execute(query):
        yield PostedSum(key, revision, facts, day, int(seconds), transfers)
