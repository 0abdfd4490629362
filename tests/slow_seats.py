"""A slow, obvious calculator of seats' time lines, the lower half of tests/slow_calculator.py (docs/time-bank.md 2.1).

It shares nothing with `ccd` but the vocabulary of events. For every seat and every n it works out from scratch what
the seat's first n events mean, and a state is the first row of the table that holds. Nothing is carried along that
could be worked out anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ccd.floor import events as said
from ccd.floor.events import Device
from tests.slow_rules import SECOND, Rules

BUSY = (Device.IN_USE, Device.MIRRORED, Device.RINGING)


@dataclass(frozen=True)
class Item:
    """What a seat hears: an event, at the time at which it applies to this seat, and its number in the PBX's stream."""

    at: int
    number: int
    event: said.PbxEvent
    alters: bool = True  # False: a snapshot in mid-stream that says what was known


@dataclass
class Row:
    paused: bool
    reason: str
    paused_at: int  # µs, or the whole second that a snapshot tells
    newest: tuple[int, int, int]  # orders a seat's pauses: the second it was set in, what said so, which of its rows
    device: Device
    wrap_up_s: int


@dataclass
class Call:
    call: str
    queue: str
    wrap_up_s: int  # the member's own, as the connect told it
    uncertain: bool = False  # it outlived a gap, or was seen by the snapshot after one


@dataclass
class Facts:
    """All that is known of a seat after some of its items."""

    seat: str
    name: str = ""
    rows: dict[str, Row] = field(default_factory=dict)
    offers: dict[str, tuple[str, bool]] = field(default_factory=dict)  # call: queue, has the caller left it
    calls: list[Call] = field(default_factory=list)
    wrap_ups: list[tuple[int, int]] = field(default_factory=list)  # from, to
    logged_in: bool = False
    gap: tuple[int, bool] | None = None  # since when, and whether unseen since then: nobody knows what it does
    in_doubt: set[str] | None = None  # in a gap, once it spoke: its queues of before of which nothing was said since
    silent: int | None = None  # since when queue_log is followed, while nobody knows what the telephone does
    unobserved: list[tuple[int, int, str]] = field(default_factory=list)  # from, to, under which name
    confirmed: int | None = None
    asked: bool = False  # a snapshot has told of it, be it that it is nowhere
    # Which of its calls and offers a snapshot denied, and until when it was certain what the seat did.
    doubts: dict[tuple[str, str], int] = field(default_factory=dict)
    told: int = 0  # when something was told of it last that nobody takes back

    def counting(self, rules: Rules) -> list[Row]:
        if self.seat.startswith("Agent/") and not self.logged_in:
            return []
        return [row for queue, row in self.rows.items() if queue not in rules.not_counting]

    def signed_in(self, rules: Rules) -> bool:
        return bool(self.calls or self.counting(rules))

    def wrap_up_ended(self, at: int) -> int:
        ends = [end for _, end in self.wrap_ups]
        return max(ends) if ends and max(ends) <= at else 0


def facts(seat: str, items: Sequence[Item], rules: Rules) -> Facts:
    known = Facts(seat)
    for item in items:
        meant, calls = meaning(known, rules), len(known.calls)
        understand(known, item, rules)
        counted = isinstance(item.event, said.CallOffered) or len(known.calls) > calls
        if meaning(known, rules) != meant or counted or getattr(item.event, "missed", False):
            known.told = item.at
        if not isinstance(item.event, said.Lost | said.CallerLeft) or item.alters:
            known.confirmed = max(item.at, known.confirmed or item.at)
        known.asked = known.asked or isinstance(item.event, said.Snapshot)
    return known


def understand(known: Facts, item: Item, rules: Rules) -> None:
    if known.gap and getattr(item.event, "seat", "") == known.seat:
        speak_in_gap(known, item.event, rules)
    name = known.name
    own = getattr(item.event, "seat", "") == known.seat
    if known.silent is not None and (own or isinstance(item.event, said.Lost | said.Found | said.Snapshot)):
        known.unobserved.append((known.silent, item.at, name))
        known.silent = None
    take(known, item, rules)
    if known.gap and known.in_doubt is not None:
        look_in_gap(known, item.at, name)


def take(known: Facts, item: Item, rules: Rules) -> None:
    match item.event:
        case said.MemberAdded() | said.MemberPaused() as e:
            see_pause(known, item, e)
        case said.MemberRemoved() as e:
            known.rows.pop(e.queue, None)
        case said.DeviceChanged() as e:
            if e.queue in known.rows:
                known.rows[e.queue].device = e.device
            of_queue = [call for call in known.calls if call.queue == e.queue]
            if e.device not in BUSY:
                stop_ringing(known, item.at, [call for call, (_, left) in known.offers.items() if left])
            if e.device not in BUSY and e.in_call is False:
                hang_up(known, item.at, [call for call in of_queue if call.uncertain], rules)
            if e.in_call and len(of_queue) == 1:
                known.doubts.pop(("call", of_queue[0].call), None)
        case said.CallOffered() as e:
            known.name = e.name or known.name
            known.doubts.pop(("offer", e.call), None)
            known.offers[e.call] = (e.queue, False)
            known.wrap_ups.clear()
        case said.CallConnected() as e:
            stop_ringing(known, item.at, [e.call])
            if e.seat == known.seat:
                known.doubts.pop(("call", e.call), None)
            if e.seat == known.seat and e.call not in [call.call for call in known.calls]:
                known.name = e.name or known.name
                known.calls.append(Call(e.call, e.queue, e.wrap_up_s))
        case said.CallEnded() as e:
            of_queue = [call for call in known.calls if call.queue == e.queue]
            meant = [call for call in known.calls if call.call == e.call] if e.call else of_queue
            uncertain = [call for call in of_queue if call.uncertain]
            hang_up(known, item.at, (meant or uncertain or of_queue)[:1], rules)
        case said.OfferEnded() as e:
            stop_ringing(known, item.at, [e.call])
        case said.CallerLeft() as e if e.abandoned:
            stop_ringing(known, item.at, [e.call])
        case said.CallerLeft() as e:
            known.offers[e.call] = (known.offers[e.call][0], True)
        case said.AgentLogged() as e:
            known.logged_in = e.logged_in
        case said.Found():
            put_down(known, item.at, rules)
        case said.Lost():
            known.gap = known.gap if known.gap and known.gap[1] else (item.at, known.signed_in(rules))
            known.in_doubt = None
        case said.Snapshot() as e if known.gap or not (known.name or known.asked):
            observe_again(known, item, e, rules)
        case said.Snapshot() as e:
            hold_against(known, item, e, rules)


def speak_in_gap(known: Facts, event: said.PbxEvent, rules: Rules) -> None:
    """Only queue_log has gaps in which somebody speaks: restarts. No call outlives one, and of each queue that the seat
    was in nobody knows before it is spoken of. Whom it rings is not paused there."""
    if known.in_doubt is None:
        known.offers, known.calls, known.wrap_ups, known.doubts = {}, [], [], {}
        known.in_doubt = known.rows.keys() - rules.not_counting
    match event:
        case said.MemberAdded() | said.MemberPaused() | said.MemberRemoved():
            known.in_doubt.discard(event.queue)
        case said.CallOffered() | said.CallConnected() if event.queue in known.in_doubt:
            known.in_doubt.discard(event.queue)
            known.rows[event.queue] = replace(known.rows[event.queue], paused=False, reason="")
        case said.AgentLogged(logged_in=False):
            known.in_doubt.clear()


def look_in_gap(known: Facts, at: int, name: str) -> None:
    """`name`: under which it was until now."""
    assert known.gap
    since, was_unseen = known.gap
    unseen = bool(known.in_doubt) and not known.calls and not known.offers
    if was_unseen and not (unseen and known.name == name):
        known.unobserved.append((since, at, name))
    if (unseen, known.name) != (was_unseen, name):
        known.gap = (at, unseen)


def put_down(known: Facts, at: int, rules: Rules) -> None:
    """queue_log tells of no telephone: nobody knows how long it does what it did, where the seat was in that state."""
    was = state(known, at, rules)
    known.gap, known.in_doubt = None, None
    known.rows = {queue: replace(row, device=Device.FREE) for queue, row in known.rows.items()}
    if state(known, at, rules) != was:
        known.silent = at


def see_pause(known: Facts, item: Item, e: said.MemberAdded | said.MemberPaused) -> None:
    old, reason = known.rows.get(e.queue), e.reason if e.paused else ""
    if old is None and isinstance(e, said.MemberPaused):
        return
    known.name = e.name or known.name
    row = Row(e.paused, reason, item.at, (item.at // SECOND, item.number, 0), Device.FREE, 0)
    if isinstance(e, said.MemberPaused):
        assert old
        known.rows[e.queue] = replace(row, device=old.device, wrap_up_s=old.wrap_up_s)
    elif old and (old.paused, old.reason) == (e.paused, reason):
        known.rows[e.queue] = replace(old, device=e.device, wrap_up_s=e.wrap_up_s)
    else:
        known.rows[e.queue] = replace(row, device=e.device, wrap_up_s=e.wrap_up_s)


def hang_up(known: Facts, at: int, calls: Sequence[Call], rules: Rules) -> None:
    for call in calls:
        own = known.rows[call.queue].wrap_up_s if call.queue in known.rows else 0
        wrap_up_s = own or call.wrap_up_s or rules.wrap_up_s.get(call.queue, 0)
        known.wrap_ups.append((at, at + wrap_up_s * SECOND))
        forget(known, "call", call.call, at)
        known.calls.remove(call)


def stop_ringing(known: Facts, at: int, calls: Sequence[str]) -> None:
    for call in calls:
        if call in known.offers:
            forget(known, "offer", call, at)
            del known.offers[call]


def forget(known: Facts, kind: str, call: str, at: int) -> None:
    """It ended by a word of its own: until then the seat talked, or rang, whatever the others are worth."""
    known.doubts.pop((kind, call), None)
    known.doubts = {key: at if key[0] == kind else since for key, since in known.doubts.items()}


def rows_of(known: Facts, snapshot: said.Snapshot) -> list[said.Member]:
    """What the answer says of the seat, without the queues that spoke of it meanwhile."""
    return [m for m in snapshot.members if m.seat == known.seat and (m.seat, m.queue) not in snapshot.spoke]


def take_rows(known: Facts, item: Item, snapshot: said.Snapshot) -> None:
    rows = {queue: row for queue, row in known.rows.items() if (known.seat, queue) in snapshot.spoke}
    for n, m in enumerate(rows_of(known, snapshot)):
        row = Row(m.paused, "", m.paused_since_s * SECOND, (m.paused_since_s, item.number, n), m.device, m.wrap_up_s)
        old = known.rows.get(m.queue)
        reason = m.reason or (old.reason if old else "")  # a restart loses reasons: the one that is known stays
        if m.paused and old and old.paused and old.reason == reason:
            row = replace(old, device=m.device, wrap_up_s=m.wrap_up_s)
        rows[m.queue] = replace(row, reason=reason if m.paused else "")
    known.rows = rows
    known.name = next((m.name for m in snapshot.members if m.seat == known.seat and m.name), known.name)
    if snapshot.logged_in is not None and known.seat.startswith("Agent/"):
        known.logged_in = known.seat in snapshot.logged_in


def observe_again(known: Facts, item: Item, snapshot: said.Snapshot, rules: Rules) -> None:
    """The first snapshot after a gap, or the first of all: nothing speaks before it, and a guess is all there is."""
    name, snapshot = known.name, replace(snapshot, spoke=frozenset())
    rows, observed = rows_of(known, snapshot), known.signed_in(rules)
    take_rows(known, item, snapshot)
    in_call = {m.queue for m in rows if m.in_call or (m.in_call is None and m.device in BUSY)}
    hang_up(known, item.at, [call for call in known.calls if call.queue not in in_call], rules)
    known.calls = [replace(call, uncertain=True) for call in known.calls]
    for m in rows:
        if m.in_call and m.queue not in [call.queue for call in known.calls]:
            known.calls.append(Call("", m.queue, 0, uncertain=True))
    waiting, busy = ({w.call for w in snapshot.waiting}, any(m.device in BUSY for m in rows))
    known.offers = {call: offer for call, offer in known.offers.items() if busy and call in waiting}
    if known.gap:
        since, signed_in = known.gap
        if signed_in or (known.signed_in(rules) and not observed):
            known.unobserved.append((since, item.at, name if signed_in else known.name))
    known.gap, known.in_doubt, known.doubts = None, None, {}


def hold_against(known: Facts, item: Item, snapshot: said.Snapshot, rules: Rules) -> None:
    """A snapshot in mid-stream. A seat with a call is on it, whatever else was changed unseen; unless none is known."""
    before, name = level([known], rules), known.name
    calls, offers = list(known.calls), dict(known.offers)
    confirmed = max(known.confirmed or 0, known.wrap_up_ended(item.at))
    take_rows(known, item, snapshot)
    denied, seen = denied_by(known, snapshot), seen_by(known, snapshot)
    certain = {key: known.doubts.get(key, confirmed) for key in denied}
    over = denied & {*known.doubts, *(("call", call.call) for call in known.calls if call.uncertain)}
    known.calls = [call for call in known.calls if ("call", call.call) not in over]
    known.offers = {call: offer for call, offer in known.offers.items() if ("offer", call) not in over}
    known.doubts = {key: at for key, at in (known.doubts | certain).items() if key not in over | seen}
    talked_no_more = bool(calls) and not known.calls
    rang_no_more = bool(offers) and not calls and before != "out" and not known.offers
    if talked_no_more or rang_no_more:
        kind = "call" if talked_no_more else "offer"
        since = max(known.told, *(at for key, at in certain.items() if key in over and key[0] == kind))
        known.unobserved.append((since, item.at, name))
    elif level([known], rules) != before and not known.calls:
        known.unobserved.append((confirmed, item.at, known.name if before == "out" else name))


def denied_by(known: Facts, snapshot: said.Snapshot) -> set[tuple[str, str]]:
    """The seat's calls and offers that cannot be if the answer is the whole truth; none if the seat spoke meanwhile."""
    rows = [m for m in snapshot.members if m.seat == known.seat]
    quiet = not {m.device for m in rows} & set(BUSY) and known.seat not in {seat for seat, _ in snapshot.spoke}
    waiting = {caller.call for caller in snapshot.waiting}
    denied = {("offer", call) for call in known.offers if quiet and call not in waiting}
    if quiet and {m.in_call for m in rows} == {False}:
        denied |= {("call", call.call) for call in known.calls}
    return denied


def seen_by(known: Facts, snapshot: said.Snapshot) -> set[tuple[str, str]]:
    """Those that the answer speaks of, and can mean no other."""
    if known.seat in {seat for seat, _ in snapshot.spoke}:
        return set()
    talking = [m.queue for m in snapshot.members if m.seat == known.seat and m.in_call]
    queues = [call.queue for call in known.calls]
    seen = {("call", call.call) for call in known.calls if call.queue in talking and queues.count(call.queue) == 1}
    return seen | {("offer", caller.call) for caller in snapshot.waiting if caller.call in known.offers}


def meaning(known: Facts, rules: Rules) -> tuple[object, ...]:
    """What is told of a seat on a call, or rung: who is on it, how far it is paused, since when and for what reason."""
    newest = max((row for row in known.counting(rules) if row.paused), key=lambda row: row.newest, default=None)
    pause = (newest.paused_at, newest.reason) if newest else None
    does = "talks" if known.calls else "rings" if known.offers else ""
    return does, known.name, level([known], rules), pause


def level(known: Iterable[Facts], rules: Rules) -> str:
    """How far seats are paused, by membership and pause alone: out (of every queue), none, some, all."""
    paused = [row.paused for each in known for row in each.counting(rules)]
    return "out" if not paused else "all" if all(paused) else "some" if any(paused) else "none"


def state(known: Facts, moment: float, rules: Rules) -> str:
    """The first row of the table in docs/time-bank.md 2.1 that holds."""
    rows = known.counting(rules)
    paused = [row.paused for row in rows]
    in_use = any(row.device is Device.IN_USE for row in rows)
    table = (
        ("on_call", bool(known.calls)),
        ("signed_out", not rows),
        ("ringing", bool(known.offers)),
        ("other_call", in_use and rules.other_call_while_paused == "on_call"),
        ("paused", all(paused) if rules.paused_in == "all" else any(paused)),
        ("unreachable", all(row.device is Device.UNREACHABLE for row in rows)),
        ("other_call", in_use),
        ("ringing", any(row.device is Device.RINGING for row in rows)),
        ("wrap_up", any(start < moment < end for start, end in known.wrap_ups)),
        ("available", True),
    )
    return next(name for name, holds in table if holds)
