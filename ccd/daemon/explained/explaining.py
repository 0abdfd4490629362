"""Explanations, read together from the ledger, the bank's rows, the history and the evidence (docs/time-bank.md 7)."""

import asyncio
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.accounts import owning_agent
from ccd.daemon.explained.behind import Behind, behind
from ccd.daemon.site import Current, Site
from ccd.errors import UnknownTransferError
from ccd.floor.expected import Expected
from ccd.floor.on_duty import What
from ccd.floor.rules import ALWAYS
from ccd.floor.seats import STATE_WORDS
from ccd.floor.segments import Segment
from ccd.history.day_rows import revision_of
from ccd.history.made_of import MadeOf, Seats, made_of
from ccd.history.reading import reading
from ccd.history.reckoned_against import expected_read
from ccd.ledger.audit import TransactionRow
from ccd.ledger.model import NUMBER_MAX, Moved, Transfer
from ccd.ledger.recorded import accounts_of, recorded_as
from ccd.org import order_rows
from ccd.org.acts import Act, act_with_id, concerning
from ccd.org.ruling_rows import reversal_of_ruling
from ccd.org.rulings import Ruling
from ccd.pbx.evidence import pbx_folder
from ccd.pbx.evidence_file import REF_NUMBERS, day_path
from ccd.pbx.evidence_index import evidence_hash, found
from ccd.reports.explained import DayBehind, Explained, PostedAs, Quote, SegmentSeen, SpanExplained, explained_as_json
from ccd.web.explain_api import Explaining

PLAIN = frozenset((What.WORKED, What.BREAK))  # what is left out where not everything is asked for

Line = tuple[str, Segment]  # of a PBX
Ref = tuple[str, int]  # PBX, evidence number


class PostedTransfer(NamedTuple):
    """A transfer with its transaction: `moves` are those of the transaction on the accounts of the same agent."""

    posted: PostedAs
    agent: str
    moves: tuple[Moved, ...]
    takes_back: Transfer | None


async def explained(engine: AsyncEngine, site: Site, transfer: Transfer, everything: bool = False) -> Explained:
    """Of all spans of the day those that the figures are made of, or `everything`. UnknownTransferError."""
    async with reading(engine) as connection:
        return await _explained(connection, site, transfer, everything)


async def agent_of(engine: AsyncEngine, transfer: Transfer) -> str:
    """Whose account it moved; empty where it is no agent's. UnknownTransferError."""
    async with reading(engine) as connection:
        return (await _found(connection, transfer)).agent


async def _explained(connection: AsyncConnection, site: Site, transfer: Transfer, everything: bool) -> Explained:
    what = await _found(connection, transfer)
    taken_back = None
    if what.takes_back is not None:
        taken_back = await _explained(connection, site, what.takes_back, everything)
        because = Behind((f"It takes back transfer {what.takes_back}, by {what.posted.asked_by}.",))
    else:
        because = await behind(connection, what.posted)
    day, words = None, because.words
    if because.revision is not None and what.agent:
        day = await _day(connection, site, what.agent, what.moves[0].day, because.revision, everything)
        words += () if day else ("The day is not settled yet: its record follows.",)
    unit = day.record.unit if day else site.roster.unit(what.agent, what.posted.recorded_at)
    if day is not None:
        reversed_ = await _ruled_no_more(connection, day) if because.revision else []
        words += tuple(f"It was reckoned by ruling {each.reverses} before, which was reversed." for each in reversed_)
        ids = [ref for each in reversed_ for ref in (str(each.reverses), each.ref)]
        because = because._replace(act_ids=(*because.act_ids, *await _done_about(connection, site, day), *ids))
    whose = {what.agent, *site.all_units}  # of other agents nobody is told anything here
    of = {what.agent, what.posted.facts.get("unit", ""), *(str(row["unit"]) for row in because.rows if "unit" in row)}
    acts = await connection.run_sync(lambda plain: tuple(_acts(plain, because, whose, of)))
    return Explained(
        transfer, what.posted, what.agent, what.moves, site.units.timezone(unit or ""), words, day,
        because.rows, acts, taken_back,
    )  # fmt: skip


async def _done_about(connection: AsyncConnection, site: Site, day: DayBehind) -> list[str]:
    """The acts that rule on the day, and those that asked the switch for something on it; where a leader had the agent
    signed out, also in what lies before it of its shifts."""
    span, expected = site.units.days(day.record.unit or "").of_date(day.record.day), day.expected or Expected()
    since = min([span.start, *(shift.start for shift in expected.shifts if expected.sent_off)])
    asked = await connection.run_sync(order_rows.acts_between, day.record.agent, since, span.end)
    return [each.ref for each in expected.ruled] + asked


async def _ruled_no_more(connection: AsyncConnection, day: DayBehind) -> list[Ruling]:
    """The reversals of what the revision before was reckoned by, and this one is not."""
    before = await revision_of(connection, day.record.agent, day.record.day, day.revision - 1)
    if day.revision == 1 or before is None or not before.stored.expected:
        return []
    now = {each.ref for each in (day.expected or Expected()).ruled}
    gone = {each.ref: None for each in expected_read(before.stored.expected).ruled if each.ref not in now}
    found = [await connection.run_sync(reversal_of_ruling, ref) for ref in gone]
    return [each for each in found if each is not None]


async def _found(connection: AsyncConnection, transfer: Transfer) -> PostedTransfer:
    within = 0 < transfer.transaction <= NUMBER_MAX
    kept = await recorded_as(connection, [transfer.transaction]) if within else []
    entries = {entry.leg: entry for entry in kept[0][1]} if kept else {}
    if transfer.leg not in entries:
        raise UnknownTransferError(transfer)
    names = await accounts_of(connection, entries.values())
    moves = {
        leg: Moved(entry.day, entry.service, names[entry.debit], names[entry.credit], entry.seconds)
        for leg, entry in sorted(entries.items())
    }
    asked = moves[transfer.leg]
    owner = next((own.owner for own in (asked.credit, asked.debit) if owning_agent(own.owner)), "")
    own = (
        tuple(move for move in moves.values() if owner in (move.debit.owner, move.credit.owner)) if owner else (asked,)
    )
    reverses = entries[transfer.leg].reverses
    taken_back = Transfer(*reverses) if reverses else None
    return PostedTransfer(_posted(kept[0][0]), owning_agent(owner), own, taken_back)


def _posted(row: TransactionRow) -> PostedAs:
    return PostedAs(
        row.id, row.key, row.revision, row.book, row.month, row.recorded_at, row.asked_by, row.reference, row.text,
        json.loads(row.facts),
    )  # fmt: skip


def _acts(connection: Connection, because: Behind, whose: Collection[str], of: Collection[str]) -> Iterator[Act]:
    """`of` are the agent and the units that it happened in."""
    ids = dict.fromkeys(because.act_ids)  # a ruling of several parts of the day is one act
    found = [act for act in map(partial(act_with_id, connection), ids) if act is not None]
    for word, name in because.acts:
        found += concerning(connection, word, name, of)
    yield from (act for act in found if act.subject in whose)


def explaining(current: Current, engine: AsyncEngine) -> Explaining:
    """As the pages' server asks for it."""

    async def told(transfer: Transfer, everything: bool) -> dict[str, Any]:
        return explained_as_json(await explained(engine, current.site, transfer, everything))

    return Explaining(lambda transfer: agent_of(engine, transfer), told)


# --- the day ---------------------------------------------------------------------------------------------------------


async def _day(
    connection: AsyncConnection, site: Site, agent: str, day: date, revision: int, everything: bool
) -> DayBehind | None:
    """`revision` 0 is the newest. None where the day was not measured."""
    made = await made_of(connection, site.measuring, _seats(site, agent), agent, day, revision or None)
    if made is None:
        return None
    runs = list(_signed_in(made.segments))
    parts = [part for part in made.parts if everything or part.what not in PLAIN]
    within = [[each for each in made.segments if _meets(each[1], part.start, part.end)] for part in parts]
    wanted = {(pbx, ref) for pbx, segment in (*runs, *(each for some in within for each in some))
              for ref in (segment.opened_by, segment.closed_by) if ref}  # fmt: skip
    said = await asyncio.to_thread(_said, site.settings.evidence.directory, wanted)
    stored = made.revision.stored
    whose, since = stored.judged_by.policy_of or "all units", stored.judged_by.policy_from
    policy = f"the policy of {whose}{'' if since == ALWAYS else f' since {since}'}"
    return DayBehind(
        stored.record, stored.revision, made.revision.newest, stored.made_at, policy, stored.judged_by.reasons_from,
        made.expected,
        tuple(_seen(run, said, "signed in") for run in runs),
        tuple(
            SpanExplained(part, tuple(_seen(each, said) for each in some))
            for part, some in zip(parts, within, strict=True)
        ),
        tuple(_doubts(made)),
    )  # fmt: skip


def _seats(site: Site, agent: str) -> Seats:
    names = frozenset(line.member_name for line in site.roster.of_agent(agent) if not line.interface)
    return Seats(site.roster.interfaces(agent), names)


def _signed_in(segments: Iterable[Line]) -> Iterator[Line]:
    """From each sign-in of a seat to its sign-out, as one segment."""
    runs: dict[tuple[str, str], Segment] = {}
    for pbx, segment in segments:
        key = (pbx, segment.seat)
        run = runs.get(key)
        if run is not None and not (segment.view.member and run.end == segment.start):
            yield pbx, runs.pop(key)
            run = None
        if segment.view.member:
            runs[key] = segment if run is None else _longer(run, segment)
    yield from ((pbx, run) for (pbx, _), run in runs.items())


def _longer(run: Segment, by: Segment) -> Segment:
    return Segment(
        run.seat, run.number, run.start, by.end, run.view, run.told, 0, 0, 0, run.opened_by, by.closed_by
    )  # fmt: skip


def _meets(segment: Segment, start: int, end: int) -> bool:
    """One without length, too, at the instant that it has."""
    return segment.start < end and (segment.end is None or segment.end > start or segment.start >= start)


def _seen(line: Line, said: Mapping[Ref, Quote], state: str = "") -> SegmentSeen:
    pbx, segment = line
    began, ended = said.get((pbx, segment.opened_by)), said.get((pbx, segment.closed_by))
    view = segment.view
    reason = "" if state else view.reason
    return SegmentSeen(
        pbx, segment.seat, segment.number, segment.start, segment.end, state or STATE_WORDS[view.state], reason,
        began, None if segment.end is None else ended,
    )  # fmt: skip


def _doubts(made: MadeOf) -> Iterator[str]:
    if not made.revision.intact:
        yield "The record is not what its hash was made of: somebody changed it after it was written."
    if not made.agrees and made.revision.stored.revision == made.revision.newest:
        month = made.revision.stored.record.day.isoformat()[:7]
        yield f"Measured now, the day comes to something else: `ccd resettle {month}` says what."


# --- what the switch said --------------------------------------------------------------------------------------------


def _said(directory: Path, refs: Iterable[Ref]) -> dict[Ref, Quote]:
    by_pbx: dict[str, list[int]] = {}
    for pbx, ref in refs:
        by_pbx.setdefault(pbx, []).append(ref)
    said: dict[Ref, Quote] = {}
    for pbx, wanted in by_pbx.items():
        folder = pbx_folder(directory, pbx)
        blocks = found(folder, wanted)
        for ref in wanted:
            block = blocks.get(ref)
            text = "" if block is None else block.decode("utf-8", "replace")
            said[pbx, ref] = Quote(pbx, ref, text, _missing(folder, ref) if block is None else "")
    return said


def _missing(folder: Path, ref: int) -> str:
    path = day_path(folder, ref // REF_NUMBERS)
    if path.exists():
        return f"not among what {path.name} holds: it was lost before it was written"
    if digest := evidence_hash(folder, ref // REF_NUMBERS):
        return f"purged with {path.name}, whose SHA-256 was {digest}"
    return f"{path.name} is not there, nor its hash"
