"""What is recorded of one agent, row by row (docs/time-bank.md 7).

Each category is one question of the database, so that what is counted and what is listed are the same rows. A line is
told as its row stands; of other agents whom it names as well nobody is told anything here.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from json import dumps
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Select,
    Table,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from ccd.bank.accounts import agent_owner
from ccd.bank.appeal_rows import appeal_ends, appeals
from ccd.bank.call_out_rows import call_answers, call_outs, strike_team
from ccd.bank.month_rows import attendance_results
from ccd.bank.overtime_entry_rows import overtime_approvals, overtime_entries
from ccd.bank.proposal_rows import packet_proposals
from ccd.bank.withdrawal_rows import withdrawal_states, withdrawals
from ccd.daemon.site import Site
from ccd.history.schema import day_records, segments, sources
from ccd.ledger.schema import accounts, entries, owners, transactions
from ccd.org.acts import READINGS, acts, done_by
from ccd.org.entitlement_rows import entitlements
from ccd.org.roster import AFTER_ALL
from ccd.org.ruling_rows import rulings
from ccd.org.schema import leaves, shifts
from ccd.web.schema import users

SELF, LEADERS, MANAGERS, HR, AUDITOR, MACHINE = "self", "leaders", "managers", "hr", "auditor", "machine"
KEPT_BESIDE = ("agent", "digest", "format", "sources", "agents")  # of a row: whose it is, and what is of no person

Place = Sequence[Any]  # the keys of the line that was told last


class Category(NamedTuple):
    """`rows` selects `at`, µs, then the `keys` that tell two rows apart, then what is told. None: it is kept, but not
    by agent, so that nobody can say how many there are."""

    name: str
    seen_by: tuple[str, ...]
    rows: Select[Any] | None = None
    keys: tuple[ColumnElement[Any], ...] = ()
    kept_days: int | None = None


class Sum(NamedTuple):
    category: Category
    rows: int | None
    first: int | None  # µs
    last: int | None


class RecordedLine(NamedTuple):
    at: int  # µs
    what: dict[str, Any]
    place: list[Any]


def sums(connection: Connection, site: Site, agent: str) -> list[Sum]:
    return [_sum(connection, one) for one in categories(connection, site, agent)]


def recorded_lines(connection: Connection, category: Category, after: Place | None, limit: int) -> list[RecordedLine]:
    """The newest first; behind the line whose place it is."""
    if category.rows is None:
        return []
    order = (category.rows.selected_columns["at"], *category.keys)
    wanted = category.rows.order_by(*(column.desc() for column in order)).limit(limit)
    if after is not None:
        here = [literal(_read(column, said), column.type) for column, said in zip(order, after, strict=True)]
        wanted = wanted.where(tuple_(*order) < tuple_(*here))
    return [_line(row, len(category.keys)) for row in connection.execute(wanted.add_columns(*_named(category.keys)))]


def _named(keys: Iterable[ColumnElement[Any]]) -> Iterator[ColumnElement[Any]]:
    return (key.label(f"key_{number}") for number, key in enumerate(keys))


def _line(row: Any, keys: int) -> RecordedLine:
    said = {name: _plain(value) for name, value in row._mapping.items()}
    place = [said["at"], *(said.pop(f"key_{number}") for number in range(keys))]
    return RecordedLine(said.pop("at"), said, place)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _read(column: ColumnElement[Any], said: Any) -> Any:
    """ValueError: no such place was told."""
    is_day = isinstance(column.type, Date)
    if isinstance(said, bool) or not isinstance(said, str if is_day else column.type.python_type):
        raise ValueError(f"{said!r} is no {column.type}")
    if isinstance(said, int):
        fits = said.bit_length() < (64 if isinstance(column.type, BigInteger) else 32)
    else:
        fits = b"\0" not in said.encode()  # what is no text of UTF-8, or has a NUL in it, is none of PostgreSQL's
    if not fits:
        raise ValueError(f"{said!r} is no {column.type} of a database")
    return date.fromisoformat(said) if is_day else said


def _sum(connection: Connection, category: Category) -> Sum:
    if category.rows is None:
        return Sum(category, None, None, None)
    at = category.rows.selected_columns["at"]
    counted = category.rows.with_only_columns(func.count(), func.min(at), func.max(at))
    rows, first, last = connection.execute(counted).one()
    return Sum(category, rows, first, last)


# --- what there is ---------------------------------------------------------------------------------------------------


def categories(connection: Connection, site: Site, agent: str) -> list[Category]:
    names = _names(connection, site, agent)
    stays = _stays(site, agent)
    units = sorted({unit for unit, _, _ in stays})
    own = (SELF, AUDITOR)
    led = (SELF, LEADERS, AUDITOR)
    decided = (SELF, MANAGERS, AUDITOR)
    return [
        _segments(connection, site, agent),
        Category("evidence", (MACHINE,), kept_days=site.settings.evidence.keep_days),
        Category("calls", (MACHINE,)),
        _of(day_records, "made_at", ("day", "revision"), agent, "day_records", led),
        _transfers(agent, own),
        _of(attendance_results, "at", ("book", "month", "number"), agent, "months", (SELF, HR, AUDITOR)),
        _of(shifts, "said_at", ("id",), agent, "shifts", (SELF, MANAGERS, HR, AUDITOR)),
        _of(leaves, "said_at", ("id",), agent, "leave", (SELF, MANAGERS, HR, AUDITOR)),
        _with_act(entitlements, entitlements.c.agent == agent, "entitlements", (SELF, HR, AUDITOR)),
        _with_act(rulings, _ruled(agent, stays), "rulings", decided),
        _appeals(agent, decided),
        _days_off(agent, decided),
        _proposals(agent, decided),
        _overtime(agent, decided),
        _of(call_outs, "called_at", ("emergency",), agent, "call_outs", decided),
        _of(call_answers, "at", ("id",), agent, "call_answers", decided),
        _of(strike_team, "at", ("id",), agent, "strike_team", decided),
        _acts("acts_by_me", done_by(names), own),
        _acts("acts_on_me", and_(_on(agent, units), ~done_by(names), ~_is_reading()), own),
        _acts("readings", and_(_read_of(agent, units), ~done_by(names), _is_reading()), own),
    ]  # fmt: skip


def _of(table: Table, at: str, keys: Sequence[str], agent: str, name: str, seen_by: tuple[str, ...]) -> Category:
    told = [column for column in table.c if column.name not in (*KEPT_BESIDE, at)]
    rows = select(table.c[at].label("at"), *told).where(table.c.agent == agent)
    return Category(name, seen_by, rows, tuple(table.c[key] for key in keys))


def _with_act(table: Table, whose: ColumnElement[bool], name: str, seen_by: tuple[str, ...]) -> Category:
    told = [column for column in table.c if column.name not in ("agent", "number")]
    rows = select(acts.c.at, acts.c.by, acts.c.why, *told).join_from(table, acts, acts.c.id == table.c.act).where(whose)
    return Category(name, seen_by, rows, (table.c.number,))


def _segments(connection: Connection, site: Site, agent: str) -> Category:
    """Of the seats that the roster gives to the agent, in the time that it does. Where somebody sits by name alone,
    whatever seat that is, they can't be found without looking through everybody's."""
    name, seen_by = "segments", (SELF, LEADERS, AUDITOR)
    if any(not entry.interface for entry in site.roster.entries if entry.agent == agent):
        return Category(name, seen_by)
    wanted = {entry.interface for entry in site.roster.entries if entry.agent == agent}
    pbxs = select(sources.c.pbx).scalar_subquery()
    known = connection.execute(
        select(segments.c.pbx, segments.c.seat, segments.c.name).distinct()
        .where(segments.c.pbx.in_(pbxs), segments.c.seat.in_(wanted))
    )  # fmt: skip
    own: list[ColumnElement[bool]] = [false()]
    for pbx, seat, member in known:
        here = (segments.c.pbx == pbx, segments.c.seat == seat, segments.c.name == member)
        own += [
            and_(*here, segments.c.start_at >= start, segments.c.start_at < end)
            for start, end in _held(site, agent, pbx, seat, member)
        ]
    columns = ("number", "pbx", "seat", "name", "end_at", "state", "member", "pause", "reason")
    rows = select(segments.c.start_at.label("at"), *(segments.c[each] for each in columns)).where(or_(*own))
    return Category(name, seen_by, rows, (segments.c.pbx, segments.c.number))


def _held(site: Site, agent: str, pbx: str, seat: str, member: str) -> Iterator[tuple[int, int]]:
    """From when until when, µs, a seat under a name is the agent's."""
    found = site.roster.lines(pbx, seat, member)
    borders = sorted({instant for entry in found for instant in (entry.start, entry.end)})
    for start, end in pairwise(borders):
        owner = site.roster.owner(pbx, seat, member, start)
        if owner is not None and owner.agent == agent:
            yield start, end


def _transfers(agent: str, seen_by: tuple[str, ...]) -> Category:
    own = select(accounts.c.id).join(owners).where(owners.c.name == agent_owner(agent)).scalar_subquery()
    told = (entries.c.transaction_id, entries.c.leg, entries.c.day, entries.c.service, entries.c.seconds)
    rows = (
        select(transactions.c.recorded_at.label("at"), *told, transactions.c.asked_by, transactions.c.text)
        .join_from(entries, transactions)
        .where(or_(entries.c.debit.in_(own), entries.c.credit.in_(own)))
    )
    return Category("transfers", seen_by, rows, (entries.c.transaction_id, entries.c.leg))


def _ruled(agent: str, stays: Iterable[tuple[str, int, int]]) -> ColumnElement[bool]:
    meets = [
        and_(rulings.c.unit == unit, rulings.c.start_at < end, rulings.c.end_at > start) for unit, start, end in stays
    ]
    return or_(rulings.c.agent == agent, *meets)


def _appeals(agent: str, seen_by: tuple[str, ...]) -> Category:
    told = (acts.c.why, appeals.c.act, appeals.c.day, appeals.c.transaction_id, appeals.c.leg, appeal_ends.c.state)
    rows = (
        select(acts.c.at, *told)
        .join_from(appeals, acts, acts.c.id == appeals.c.act)
        .outerjoin(appeal_ends, appeal_ends.c.appeal == appeals.c.act)
        .where(appeals.c.agent == agent)
    )
    return Category("appeals", seen_by, rows, (appeals.c.act,))


def _days_off(agent: str, seen_by: tuple[str, ...]) -> Category:
    """Each state that an application has had."""
    states = withdrawal_states.c
    told = (states.withdrawal, withdrawals.c.day, states.number, states.state, states.by, states.why)
    rows = (
        select(states.at, *told, func.coalesce(states.seconds, withdrawals.c.seconds).label("seconds"))
        .join_from(withdrawal_states, withdrawals)
        .where(withdrawals.c.agent == agent)
    )
    return Category("days_off", seen_by, rows, (states.withdrawal, states.number))


def _overtime(agent: str, seen_by: tuple[str, ...]) -> Category:
    """What was entered by hand, and how whoever was second decided."""
    told = [column for column in overtime_entries.c if column.name not in (*KEPT_BESIDE, "at")]
    said = overtime_approvals.c
    decided = (
        said.approves,
        said.by.label("decided_by"),
        said.at.label("decided_at"),
        said.why.label("decided_why"),
    )
    rows = (
        select(overtime_entries.c.at, *told, *decided)
        .join_from(overtime_entries, overtime_approvals, isouter=True)
        .where(overtime_entries.c.agent == agent)
    )
    return Category("overtime", seen_by, rows, (overtime_entries.c.id,))


def _proposals(agent: str, seen_by: tuple[str, ...]) -> Category:
    told = [column for column in packet_proposals.c if column.name not in (*KEPT_BESIDE, "number", "proposed_at")]
    named = packet_proposals.c.agents.contains(dumps(agent, ensure_ascii=False), autoescape=True)
    rows = select(packet_proposals.c.proposed_at.label("at"), *told).where(named)
    return Category("packet_proposals", seen_by, rows, (packet_proposals.c.number,))


# --- who did what ----------------------------------------------------------------------------------------------------


def _acts(name: str, which: ColumnElement[bool], seen_by: tuple[str, ...]) -> Category:
    rows = select(acts.c.at, acts.c.by, acts.c.kind, acts.c.subject, acts.c.why).where(which)
    return Category(name, seen_by, rows, (acts.c.number,))


def _is_reading() -> ColumnElement[bool]:
    return acts.c.kind.startswith(READINGS, autoescape=True)


def _on(agent: str, units: Collection[str]) -> ColumnElement[bool]:
    """On the agent, or on a unit where it names the agent."""
    of_it = acts.c.subject.in_((agent, *units))
    return and_(of_it, or_(acts.c.subject == agent, _names_in_it(agent)))


def _read_of(agent: str, units: Collection[str]) -> ColumnElement[bool]:
    """Readings of the agent, of a unit that the agent was in, and of all; where units were named, of one of them."""
    of_all = or_(~acts.c.after.contains('"units":'), _names_in_it("*"), _any_in_it(units))
    return and_(acts.c.subject.in_((agent, *units, "*")), or_(acts.c.subject != "*", of_all))


def _names_in_it(name: str) -> ColumnElement[bool]:
    return acts.c.after.contains(dumps(name, ensure_ascii=False), autoescape=True)


def _any_in_it(names: Iterable[str]) -> ColumnElement[bool]:
    return or_(false(), *(_names_in_it(name) for name in names))


def _names(connection: Connection, site: Site, agent: str) -> list[str]:
    """By which the person is known who is this agent."""
    logins = connection.scalars(select(users.c.name).where(users.c.agent == agent))
    return sorted({agent, *logins, *site.staff.names_of(agent)})


def _stays(site: Site, agent: str) -> list[tuple[str, int, int]]:
    """The units that the agent was in, and whatever has stood above them, each with from when until when, µs."""
    found: dict[tuple[str, int, int], None] = {}
    for stay in site.roster.stays(agent):
        start, end = max(0, stay.start or 0), AFTER_ALL if stay.end is None else stay.end
        first = site.units.days(stay.unit).at(start).day
        for day in (first, *site.units.borders(first, date.max)):
            found |= {(unit, start, end): None for unit in site.units.with_above(stay.unit, day)}
    return list(found)
