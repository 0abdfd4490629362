"""A floor to say things to: short words for the vocabulary, and the time lines that come of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ccd.floor.agents import AgentRules
from ccd.floor.crew import day_records
from ccd.floor.days import BusinessDays
from ccd.floor.events import (
    AgentLogged,
    CallConnected,
    CallEnded,
    CallerJoined,
    CallerLeft,
    CallOffered,
    Device,
    DeviceChanged,
    Heard,
    Lost,
    Member,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    OfferEnded,
    PbxEvent,
    Snapshot,
)
from ccd.floor.floor import Floor
from ccd.floor.records import DayRecord
from ccd.floor.rules import QueueRule, ReasonRule, Reasons, SeatRules
from ccd.floor.segments import Segment, Transition

S = 1_000_000
SEAT = "PJSIP/1001"
RULES = SeatRules(
    queues={"support": QueueRule(wrap_up_s=10), "idle": QueueRule(counts=False), "sales": QueueRule(wrap_up_s=0)}
)


def added(at: float, queue: str = "support", seat: str = SEAT, name: str = "Ann", **more: object) -> PbxEvent:
    facts = {"paused": False, "reason": "", "device": Device.FREE, "wrap_up_s": 0} | more
    return MemberAdded(int(at * S), 1, seat, name, queue, **facts)  # type: ignore[arg-type]  # a test's shorthand


def removed(at: float, queue: str = "support", seat: str = SEAT) -> PbxEvent:
    return MemberRemoved(int(at * S), 2, seat, "Ann", queue)


def paused(at: float, reason: str = "", queue: str = "support", seat: str = SEAT) -> PbxEvent:
    return MemberPaused(int(at * S), 3, seat, "Ann", queue, True, reason)


def unpaused(at: float, queue: str = "support", seat: str = SEAT) -> PbxEvent:
    return MemberPaused(int(at * S), 4, seat, "Ann", queue, False, "")


def device(at: float, state: Device, queue: str = "support", seat: str = SEAT, in_call: bool | None = None) -> PbxEvent:
    return DeviceChanged(int(at * S), 5, seat, "Ann", queue, state, in_call)


def offered(at: float, call: str = "c1", queue: str = "support", seat: str = SEAT) -> PbxEvent:
    return CallOffered(int(at * S), 6, seat, "Ann", queue, call)


def connected(at: float, call: str = "c1", queue: str = "support", seat: str = SEAT) -> PbxEvent:
    return CallConnected(int(at * S), 7, seat, "Ann", queue, call)


def ended(at: float, call: str | None = "c1", queue: str = "support", seat: str = SEAT) -> PbxEvent:
    return CallEnded(int(at * S), 8, seat, "Ann", queue, call)


def missed(at: float, call: str = "c1", queue: str = "support", seat: str = SEAT) -> PbxEvent:
    return OfferEnded(int(at * S), 9, seat, "Ann", queue, call, missed=True)


def joined(at: float, call: str = "c1", queue: str = "support") -> PbxEvent:
    return CallerJoined(int(at * S), 10, queue, call)


def left(at: float, call: str = "c1", queue: str = "support", abandoned: bool = False) -> PbxEvent:
    return CallerLeft(int(at * S), 10, queue, call, abandoned)


def logged(at: float, seat: str, logged_in: bool) -> PbxEvent:
    return AgentLogged(int(at * S), 11, seat, logged_in)


def heard(at: float) -> PbxEvent:
    return Heard(int(at * S))


def lost(at: float) -> PbxEvent:
    return Lost(int(at * S))


def member(queue: str = "support", seat: str = SEAT, name: str = "Ann", **more: object) -> Member:
    facts = {
        "paused": False, "reason": "", "paused_since_s": 0, "device": Device.FREE, "in_call": False, "wrap_up_s": 0,
    } | more  # fmt: skip
    return Member(seat, name, queue, **facts)  # type: ignore[arg-type]  # a test's shorthand


def snapshot(at: float, *members: Member, **more: object) -> PbxEvent:
    return Snapshot(int(at * S), 12, members, **more)  # type: ignore[arg-type]  # a test's shorthand


@dataclass
class Told:
    """What a floor made of a story."""

    floor: Floor
    transitions: list[Transition] = field(default_factory=list)

    def tell(self, *events: PbxEvent) -> "Told":
        for event in events:
            self.transitions += self.floor.apply(event)
        return self

    @property
    def segments(self) -> list[Segment]:
        closed = [transition.closed for transition in self.transitions if transition.closed]
        return closed + list(self.floor.state.open.values())

    def line(self, seat: str = SEAT) -> list[tuple[float, str]]:
        """The seat's time line from the first sign-in on: (second, state) where the state changes, for any length."""
        line: list[tuple[float, str]] = []
        for segment in sorted((s for s in self.segments if s.seat == seat), key=lambda s: s.number):
            if segment.start == segment.end:
                continue
            state = segment.view.state.name.lower()
            if (line and line[-1][1] != state) or (not line and state != "signed_out"):
                line.append((segment.start / S, state))
        return line


def tell(*events: PbxEvent, rules: SeatRules = RULES) -> Told:
    return Told(Floor(rules)).tell(*events)


def records(
    segments: Iterable[Segment],
    until: float,
    reasons: Mapping[str, ReasonRule] | None = None,
    days: BusinessDays | None = None,
    rules: SeatRules = RULES,
) -> list[DayRecord]:
    agent_rules = AgentRules(Reasons(reasons or {}), rules, days or BusinessDays("UTC"))
    return day_records(
        [("pbx", segment) for segment in segments], lambda *_: None, [], lambda _: agent_rules, int(until * S)
    )


def only_record(*events: PbxEvent, until: float, reasons: Mapping[str, ReasonRule] | None = None) -> DayRecord:
    (record,) = records(tell(*events).segments, until, reasons)
    return record
