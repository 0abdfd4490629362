"""A switch that never lies, and now and then says no end: what is really so beside what it says.

Every telephone shows what it does, every row of a snapshot is true at its moment. But of some calls, offers and callers
the end is never said, as a real Asterisk does when somebody takes the caller away (docs/adr/0008). What was lost, and
how often a snapshot has denied it since, is kept: a floor knows each lost one until the second denial, and not after.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from ccd.floor import events as said
from ccd.floor.events import Device
from tests.slow_rules import SECOND, Rules

QUEUES = ("support", "sales")
SEATS = ("PJSIP/1001", "PJSIP/1002", "Local/1003@agents/n")
DENIALS = 2  # end what was lost
RULES = Rules(wrap_up_s={"support": 10})


@dataclass
class Desk:
    """One seat as it really is; it has one telephone, which is in one call or rung by one caller."""

    seat: str
    paused: bool = False
    talks: tuple[str, str] | None = None  # call, queue
    rung: tuple[str, str] | None = None
    lost_calls: dict[str, int] = field(default_factory=dict)  # call → denials so far
    lost_offers: dict[str, int] = field(default_factory=dict)

    @property
    def device(self) -> Device:
        local = self.seat.startswith("Local/")
        if self.talks:
            return Device.MIRRORED if local else Device.IN_USE
        if self.rung:
            return Device.MIRRORED if local else Device.RINGING
        return Device.FREE


class HonestSwitch:
    """`step` says what comes next; `said` holds everything."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.now = 1_800_000_000 * SECOND
        self.said: list[said.PbxEvent] = []
        self.desks = [Desk(seat) for seat in SEATS]
        self.waiting: dict[str, tuple[str, int]] = {}
        self.lost_callers: dict[str, int] = {}  # call → snapshots since
        self._calls = 0
        self.said.append(said.Snapshot(self.now, 0, ()))
        for desk in self.desks:
            for queue in QUEUES:
                self.say(said.MemberAdded, desk, queue, False, "", Device.FREE, 0)

    def say(self, kind: Callable[..., said.PbxEvent], desk: Desk, queue: str, *rest: object) -> None:
        self.now += self.chance.randint(1, 200)
        self.said.append(kind(self.now, 0, desk.seat, desk.seat, queue, *rest))

    def step(self) -> None:
        self.now += self.chance.randint(1, 90 * SECOND)
        steps = {
            self.pause: 4, self.join: 4, self.ring: 8, self.connect: 8, self.end_call: 5, self.end_offer: 3,
            self.lose_call: 3, self.lose_offer: 3, self.lose_caller: 2, self.snapshot: 6,
        }  # fmt: skip
        self.chance.choices(list(steps), list(steps.values()))[0]()

    def pause(self) -> None:
        desk = self.chance.choice(self.desks)
        desk.paused = not desk.paused
        for queue in QUEUES:
            self.say(said.MemberPaused, desk, queue, desk.paused, "toilet" if desk.paused else "")

    def join(self) -> None:
        self._calls += 1
        call, queue = f"c{self._calls}", self.chance.choice(QUEUES)
        self.waiting[call] = (queue, self.now)
        self.said.append(said.CallerJoined(self.now, 0, queue, call))

    def ring(self) -> None:
        free = [desk for desk in self.desks if not (desk.talks or desk.rung or desk.paused)]
        rung = {desk.rung[0] for desk in self.desks if desk.rung}
        callers = [call for call in self.waiting if call not in rung]
        if free and callers:
            desk, call = self.chance.choice(free), self.chance.choice(callers)
            desk.rung = (call, self.waiting[call][0])
            self.say(said.CallOffered, desk, desk.rung[1], call)
            self.show(desk)

    def show(self, desk: Desk) -> None:
        for queue in QUEUES:
            self.say(said.DeviceChanged, desk, queue, desk.device, bool(desk.talks and desk.talks[1] == queue))

    def who(self, fits: Callable[[Desk], object]) -> Desk | None:
        found = [desk for desk in self.desks if fits(desk)]
        return self.chance.choice(found) if found else None

    def connect(self) -> None:
        if (desk := self.who(lambda desk: desk.rung)) and desk.rung:
            call, queue = desk.rung
            self.said.append(said.CallerLeft(self.now, 0, queue, call, abandoned=False))
            del self.waiting[call]
            desk.talks, desk.rung = desk.rung, None
            self.say(said.CallConnected, desk, queue, call, 0)
            self.show(desk)

    def end_call(self) -> None:
        if (desk := self.who(lambda desk: desk.talks)) and desk.talks:
            (call, queue), desk.talks = desk.talks, None
            self.say(said.CallEnded, desk, queue, call)
            self.show(desk)

    def end_offer(self) -> None:
        if (desk := self.who(lambda desk: desk.rung)) and desk.rung:
            (call, queue), desk.rung = desk.rung, None
            self.say(said.OfferEnded, desk, queue, call, True)
            self.show(desk)

    # --- what nobody says --------------------------------------------------------------------------------------------

    def lose_call(self) -> None:
        if (desk := self.who(lambda desk: desk.talks)) and desk.talks:
            desk.lost_calls[desk.talks[0]] = 0
            desk.talks = None
            self.show(desk)

    def lose_offer(self) -> None:
        """Nor that the caller has left."""
        if (desk := self.who(lambda desk: desk.rung)) and desk.rung:
            desk.lost_offers[desk.rung[0]] = self.lost_callers[desk.rung[0]] = 0
            del self.waiting[desk.rung[0]]
            desk.rung = None
            self.show(desk)

    def lose_caller(self) -> None:
        rung = {desk.rung[0] for desk in self.desks if desk.rung}
        if callers := [call for call in self.waiting if call not in rung]:
            call = self.chance.choice(callers)
            self.lost_callers[call] = 0
            del self.waiting[call]

    def snapshot(self) -> None:
        members = tuple(
            said.Member(
                desk.seat, desk.seat, queue, desk.paused, "toilet" if desk.paused else "", 0, desk.device,
                bool(desk.talks and desk.talks[1] == queue), 0,
            )
            for desk in self.desks
            for queue in QUEUES
        )  # fmt: skip
        waiting = tuple(said.Waiting(call, queue, since) for call, (queue, since) in self.waiting.items())
        self.said.append(said.Snapshot(self.now, 0, members, waiting))
        for desk in self.desks:
            if desk.device is Device.FREE:
                for lost in (desk.lost_calls, desk.lost_offers):
                    for call in list(lost):
                        lost[call] += 1
                        if lost[call] == DENIALS:
                            del lost[call]
