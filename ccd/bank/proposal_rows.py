"""Proposals as they are kept. Append-only: what was decided is a row of its own."""

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Select,
    Table,
    Text,
    func,
    insert,
    select,
)

from ccd.bank.proposals import Proposal, ProposalState
from ccd.sql.metadata import Exact, RowNumber, metadata
from ccd.sql.rows import insert_rows

packet_proposals = Table(
    "packet_proposals",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("id", Exact, nullable=False, unique=True),  # SOURCE/NAME
    Column("source", Exact, nullable=False),
    Column("name", Exact, nullable=False),
    Column("unit", Exact, nullable=False),
    Column("agents", Text, nullable=False),  # ["1001","1002"]
    Column("seconds", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("proposed_at", BigInteger, nullable=False),  # microseconds since the epoch
    CheckConstraint("seconds > 0", name="proposes_something"),
)

packet_decisions = Table(
    "packet_decisions",
    metadata,
    Column("proposal", Exact, ForeignKey(packet_proposals.c.id), primary_key=True),
    Column("verdict", Text, nullable=False),
    Column("at", BigInteger, nullable=False),  # microseconds since the epoch
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    CheckConstraint("verdict IN ('confirmed', 'declined')", name="known_verdict"),
)


def add(connection: Connection, one: Proposal) -> Proposal:
    """As it is kept: with its number."""
    row = {
        "id": one.id, "source": one.source, "name": one.name, "unit": one.unit,
        "agents": json.dumps(one.agents, ensure_ascii=False), "seconds": one.seconds, "kind": one.kind,
        "reason": one.reason, "proposed_at": one.proposed_at,
    }  # fmt: skip
    asked = insert(packet_proposals).values(row).returning(packet_proposals.c.number)
    return one._replace(number=connection.execute(asked).scalar_one())


def decide(connection: Connection, name: str, verdict: ProposalState, at: int, by: str, why: str) -> None:
    columns = ("proposal", "verdict", "at", "by", "why")
    insert_rows(connection, packet_decisions, columns, [(name, verdict.value, at, by, why)])


def with_id(connection: Connection, name: str) -> Proposal | None:
    found = _read(connection, _all().where(packet_proposals.c.id == name))
    return found[0] if found else None


def count_open(connection: Connection, source: str) -> int:
    waits = packet_decisions.c.proposal.is_(None)
    query = select(func.count()).select_from(packet_proposals.outerjoin(packet_decisions))
    return connection.scalar(query.where(packet_proposals.c.source == source, waits)) or 0


def newest(connection: Connection, last: int | None, decided: bool) -> list[Proposal]:
    """The last ones (None: all that there are), the newest first: all, or those alone that wait for somebody."""
    query = _all().order_by(packet_proposals.c.number.desc()).limit(last)
    return _read(connection, query if decided else query.where(packet_decisions.c.proposal.is_(None)))


def _all() -> Select[Any]:
    said = packet_proposals.c
    columns = (said.source, said.name, said.unit, said.agents, said.seconds, said.kind, said.reason, said.proposed_at)
    decided = packet_decisions.c
    return select(said.number, *columns, decided.verdict, decided.by, decided.why).outerjoin(packet_decisions)


def _read(connection: Connection, query: Select[Any]) -> list[Proposal]:
    found = []
    for number, source, name, unit, agents, seconds, kind, reason, at, verdict, by, why in connection.execute(query):
        one = Proposal(source, name, unit, tuple(json.loads(agents)), seconds, kind, reason, at, number=number)
        found.append(one if verdict is None else one._replace(verdict=ProposalState(verdict), decided_by=by, why=why))
    return found
