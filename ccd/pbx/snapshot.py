"""Asterisk's answer to "who is in which queue", gathered block by block and placed in time.

The answer carries no time, and it overtakes events that still wait inside Asterisk. So it is placed at a stamp near it,
and what the events around it say about a seat in a queue goes before what its rows say:

* In mid-stream such pairs are named in `Snapshot.spoke`; the floor knows them better.
* After a (re)connect the floor knows nothing. The snapshot stands at the first stamp after login, the events since then
  are told after it, and rows of pairs that spoke are wound back to before their first word: who is added was no member,
  who is removed was one, who is paused was not, who is unpaused was. That is the least that their words mean, and of a
  pause it is a guess (nobody need be paused to be unpaused): those pairs are named in `Snapshot.spoke`, since whoever
  fills the gap from queue_log knows better. A row in which the pause is not as the last of them left it was written
  before, and is true as it stands.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import takewhile

from ccd.floor.days import SECOND
from ccd.floor.events import (
    AgentLogged,
    CallConnected,
    CallEnded,
    CallerJoined,
    CallerLeft,
    CallOffered,
    Device,
    DeviceChanged,
    Member,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    OfferEnded,
    PbxEvent,
    SeatEvent,
    Snapshot,
    Waiting,
)
from ccd.pbx.headers import Headers
from ccd.pbx.translate import Translator, WaitingRow

ROWS = (b"QueueParams", b"QueueMember", b"QueueEntry", b"QueueStatusComplete", b"Agents", b"AgentsComplete")
OF_A_MEMBER = (MemberRemoved, MemberPaused, DeviceChanged)  # who these are about was in the queue before
MEMBER_EVENTS = (MemberAdded, *OF_A_MEMBER, CallOffered, CallConnected, CallEnded, OfferEnded)


class Gathering:
    """One answer, from the request (or its first row) on."""

    def __init__(self, translator: Translator) -> None:
        translator.begin_rows()
        self.complete = False  # the queues' part has ended
        self.logins_told = False  # and the pool agents' part
        self.spoke: set[tuple[str, str]] = set()
        self.first_stamp: int | None = None  # of what came after the end, in µs
        self._translator = translator
        self._members: list[Member] = []
        self._waiting: list[WaitingRow] = []
        self._logins: set[str] = set()
        self._callers: dict[str, WaitingRow | None] = {}  # what events said meanwhile; None: the caller is gone
        self._logged: dict[str, bool] = {}
        self._blocks: list[bytes] = []

    def row(self, name: bytes, headers: Headers, block: bytes) -> None:
        self._blocks.append(block)
        if name == b"QueueMember":
            if member := self._translator.member_row(headers):
                self._members.append(member)
        elif name == b"QueueEntry":
            if waiting := self._translator.waiting_row(headers):
                self._waiting.append(waiting)
        elif name == b"QueueStatusComplete":
            self.complete = True
        elif name == b"Agents":
            if seat := self._translator.login_row(headers):
                self._logins.add(seat)
        elif name == b"AgentsComplete":
            self.logins_told = True

    def told(self, event: PbxEvent) -> None:
        """An event came while the answer was on its way, or so soon after it that the answer may have overtaken it."""
        if isinstance(event, MEMBER_EVENTS):
            self.spoke.add((event.seat, event.queue))
        elif self.first_stamp is not None:  # told after the snapshot
            return
        elif isinstance(event, AgentLogged):
            self._logged[event.seat] = event.logged_in
        elif isinstance(event, CallerJoined):
            self._callers[event.call] = WaitingRow(event.call, event.queue, 0)
        elif isinstance(event, CallerLeft):
            self._callers[event.call] = None

    @property
    def evidence(self) -> bytes:
        """The answer as received."""
        return b"\r\n\r\n".join(self._blocks)

    def snapshot(self, at: int, ref: int) -> Snapshot:
        """The answer in mid-stream, told after the events that came meanwhile."""
        self._translator.end_rows(self.spoke)
        waiting = [row for row in self._waiting if row.call not in self._callers]
        waiting += [row for row in self._callers.values() if row]
        return Snapshot(
            at=at,
            ref=ref,
            members=tuple(self._members),
            waiting=_since(waiting, at),
            logged_in=self._logged_in(self._logged),
            spoke=frozenset(self.spoke),
        )

    def first_snapshot(self, at: int, ref: int, held: Iterable[PbxEvent]) -> Snapshot:
        """The answer as it would have been at `at`, before the events that were held back since then."""
        self._translator.end_rows(self.spoke)
        rows = {(row.seat, row.queue): row for row in self._members}
        waiting = {row.call: row for row in self._waiting}
        logged: dict[str, bool] = {}
        words: dict[tuple[str, str], list[SeatEvent]] = {}
        for event in held:
            if isinstance(event, MEMBER_EVENTS):
                words.setdefault((event.seat, event.queue), []).append(event)
            elif isinstance(event, AgentLogged):
                logged.setdefault(event.seat, not event.logged_in)
            elif isinstance(event, CallerJoined):
                waiting.pop(event.call, None)
        before = {key: _before(rows.get(key), said) for key, said in words.items()}
        members = tuple(row for row in (rows | before).values() if row)
        guessed = frozenset(key for key, said in words.items() if before[key] and _is_guess(rows.get(key), said))
        return Snapshot(at, ref, members, _since(waiting.values(), at), self._logged_in(logged), guessed)

    def _logged_in(self, said: dict[str, bool]) -> frozenset[str] | None:
        if not self.logins_told:
            return None
        logins = (self._logins | {seat for seat, logged_in in said.items() if logged_in}) - {
            seat for seat, logged_in in said.items() if not logged_in
        }
        return frozenset(logins)


def _since(rows: Iterable[WaitingRow], at: int) -> tuple[Waiting, ...]:
    return tuple(Waiting(row.call, row.queue, at - row.wait_s * SECOND) for row in rows)


def _before(row: Member | None, words: list[SeatEvent]) -> Member | None:
    """What a pair was before its first words, given what it is after them; None: no member."""
    undone = _undone(row, words)
    membership = next((word for word in words if isinstance(word, (MemberAdded, *OF_A_MEMBER))), None)
    if isinstance(membership, MemberAdded):
        return None
    if row is None:
        if membership is None:  # a call that outlived its membership
            return None
        row = Member(membership.seat, membership.name, membership.queue, False, "", 0, Device.FREE, None, 0)
    if undone:
        row = replace(row, paused=not undone[0].paused, reason="", paused_since_s=0)
    for word in reversed(_until_added(words)):
        if isinstance(word, DeviceChanged):
            row = replace(row, device=Device.FREE)
        elif isinstance(word, (CallConnected, CallEnded)):
            row = replace(row, in_call=isinstance(word, CallEnded))
    return row


def _until_added(words: list[SeatEvent]) -> list[SeatEvent]:
    return list(takewhile(lambda word: not isinstance(word, MemberAdded), words))


def _is_guess(row: Member | None, words: list[SeatEvent]) -> bool:
    """Whether the pause of a pair before its first words is no more than the least that they mean."""
    return row is None or any(isinstance(word, MemberRemoved) for word in words) or bool(_undone(row, words))


def _undone(row: Member | None, words: list[SeatEvent]) -> list[MemberPaused]:
    """The pauses and unpauses that a row is wound back by: none where it was written before them."""
    until_added = _until_added(words)
    overtook = row is None or len(until_added) < len(words) or _says(row, words)
    return [word for word in until_added if isinstance(word, MemberPaused)] if overtook else []


def _says(row: Member, words: list[SeatEvent]) -> bool:
    """Whether the row shows the pause as the last of the words left it: then it may have been written after all."""
    last = next((word for word in reversed(words) if isinstance(word, MemberPaused)), None)
    return last is None or (row.paused, row.reason) == (last.paused, last.reason if last.paused else "")
