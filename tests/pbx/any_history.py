"""A random history of a switch: what was true, what AMI told of it with gaps, and the queue_log that was written.

Two members, two queues and a few callers, who do what Asterisk lets them. Their telephones ring and are in use with a
queue's calls, and now and then with a call of their own, or are gone. The clock goes on by less than a second often, so
that much falls into one of queue_log's seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random

from ccd.floor.events import (
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
    Waiting,
)
from tests.floor.floors import S

NAMES = {"PJSIP/1": "Ann", "PJSIP/2": "Ben"}
QUEUES = ("support", "sales")
BEGINS = 10_000 * S
CALLERS_MAX = 3


class Members(Enum):
    """What a restart makes of those who were in a queue."""

    KEPT = "with their pauses"
    GONE = "in none"
    UNPAUSED = "as the configuration has them"


@dataclass
class Caller:
    queue: str
    came: int
    seat: str = ""  # that rings, or talks
    rung: int = 0
    talks: bool = False


class History:
    def __init__(self, chance: Random, members: Members, restarts: bool, steps: int = 50) -> None:
        self.chance, self.members, self.restarts = chance, members, restarts
        self.true: list[PbxEvent] = []
        self.told: list[PbxEvent] = []  # by AMI
        self.log: list[str] = []
        self.at = BEGINS
        self._pauses: dict[tuple[str, str], str | None] = {}  # by seat and queue: the reason, None where in no pause
        self._paused_s: dict[tuple[str, str], int] = {}  # since when they are in that pause
        self._callers: dict[str, Caller] = {}
        self._own = dict.fromkeys(NAMES, Device.FREE)  # what the telephones do beside queues' calls
        self._came = 0
        self._listens = False
        self._heard = 0
        self._writes("NONE", "NONE", "NONE", "QUEUESTART")
        for seat in NAMES:
            self._goes_on()
            self._joins(seat, QUEUES[0])
        self._is_heard_again()
        for _ in range(steps):
            self._goes_on()
            self._step()
        if not self._listens:
            self._is_heard_again()
        self.at += 70 * S
        self._says(Heard(self.at))
        self._writes("NONE", QUEUES[0], "NONE", "ENTERQUEUE", "", "1", "1")  # up to here the log has all

    def _goes_on(self) -> None:
        furthest = self.chance.choice((400_000, 3 * S, 40 * S))
        self.at += self.chance.randrange(1, furthest)

    def _step(self) -> None:
        chance = self.chance.random()
        if self._listens and chance < 0.12:
            self._is_lost()
        elif not self._listens and chance < 0.15:
            self._is_heard_again()
        elif self.restarts and chance < 0.25 and (not self._listens or chance < 0.15):
            self._restarts()
        else:
            acts = (self._member_acts, self._member_pauses, self._telephone_acts, self._call_goes_on)
            self.chance.choices(acts, (2, 2, 1, 4))[0]()
        if self._listens and self.chance.random() < 0.4:
            self._heard = self.at
            self.told.append(Heard(self.at))

    # --- what is heard of it -----------------------------------------------------------------------------------------

    def _says(self, *events: PbxEvent) -> None:
        self.true += events
        if self._listens:
            self.told += events
            self._heard = self.at

    def _writes(self, call: str, queue: str, agent: str, verb: str, *data: object) -> None:
        self.log.append("|".join(map(str, (self.at // S, call, queue, agent, verb, *data))))

    def _is_lost(self) -> None:
        if self._listens:
            self.told.append(Lost(self._heard))
        self._listens = False

    def _is_heard_again(self) -> None:
        self.told.append(self._answer())
        self._listens, self._heard = True, self.at

    def _answer(self) -> Snapshot:
        talking = {(caller.seat, caller.queue) for caller in self._callers.values() if caller.talks}
        rows = tuple(
            Member(
                seat, NAMES[seat], queue, reason is not None, reason or "",
                0 if reason is None else self._paused_s[seat, queue],
                self._telephone(seat), (seat, queue) in talking, 0,
            )
            for (seat, queue), reason in self._pauses.items()
        )  # fmt: skip
        waiting = tuple(
            Waiting(call, caller.queue, caller.came) for call, caller in self._callers.items() if not caller.talks
        )
        return Snapshot(self.at, 0, rows, waiting)

    def _telephone(self, seat: str) -> Device:
        for caller in self._callers.values():
            if caller.seat == seat:
                return Device.IN_USE if caller.talks else Device.RINGING
        return self._own[seat]

    def _says_of_telephone(self, seat: str) -> None:
        talking = {caller.queue for caller in self._callers.values() if caller.seat == seat and caller.talks}
        for queue in [queue for name, queue in self._pauses if name == seat]:
            told = DeviceChanged(self.at, 0, seat, NAMES[seat], queue, self._telephone(seat), queue in talking)
            self._says(told)

    # --- what happens ------------------------------------------------------------------------------------------------

    def _restarts(self) -> None:
        self._is_lost()
        self.true.append(Lost(self.at))
        self._goes_on()
        if self.members is Members.GONE:
            self._pauses.clear()
        elif self.members is Members.UNPAUSED:
            self._pauses = dict.fromkeys(self._pauses)
        self._callers.clear()
        self.true.append(self._answer())
        self._writes("NONE", "NONE", "NONE", "QUEUESTART")

    def _member_acts(self) -> None:
        seat, queue = self.chance.choice([*NAMES]), self.chance.choice(QUEUES)
        if (seat, queue) not in self._pauses:
            self._joins(seat, queue)
        elif not any(caller.seat == seat for caller in self._callers.values()):
            del self._pauses[seat, queue]
            self._writes("NONE", queue, seat, "REMOVEMEMBER")
            self._says(MemberRemoved(self.at, 0, seat, NAMES[seat], queue))

    def _joins(self, seat: str, queue: str) -> None:
        self._pauses[seat, queue] = None
        self._writes("NONE", queue, seat, "ADDMEMBER", "")
        self._says(MemberAdded(self.at, 0, seat, NAMES[seat], queue, False, "", self._telephone(seat), 0))

    def _member_pauses(self) -> None:
        """In all queues, as a telephone's key does, or in one."""
        seat = self.chance.choice([*NAMES])
        own = [queue for name, queue in self._pauses if name == seat]
        if self.at // S in [self._paused_s.get((seat, queue)) for queue in own]:
            return  # of two in a second, an answer does not tell which came last
        reason = self.chance.choice((None, None, "toilet", "meal"))
        for queue in own if self.chance.random() < 0.6 else own[:1]:
            if self._pauses[seat, queue] != reason:
                self._pauses[seat, queue] = reason
                self._paused_s[seat, queue] = self.at // S
                self._writes("NONE", queue, NAMES[seat], "UNPAUSE" if reason is None else "PAUSE", reason or "")
                self._says(MemberPaused(self.at, 0, seat, NAMES[seat], queue, reason is not None, reason or ""))

    def _telephone_acts(self) -> None:
        seat = self.chance.choice([*NAMES])
        if any(caller.seat == seat for caller in self._callers.values()):
            return
        self._own[seat] = self.chance.choice((Device.FREE, Device.FREE, Device.IN_USE, Device.UNREACHABLE))
        self._says_of_telephone(seat)

    def _call_goes_on(self) -> None:
        call = self.chance.choice([*self._callers, ""])
        if not call:
            if len(self._callers) < CALLERS_MAX:
                self._comes(self.chance.choice(QUEUES))
            return
        caller = self._callers[call]
        if caller.talks:
            del self._callers[call]
            self._writes(call, caller.queue, NAMES[caller.seat], "COMPLETEAGENT", 1, 1, 1)
            self._says(CallEnded(self.at, 0, caller.seat, NAMES[caller.seat], caller.queue, call))
            self._says_of_telephone(caller.seat)
        elif not caller.seat:
            self._is_offered(call, caller)
        elif self.chance.random() < 0.7:
            self._is_taken(call, caller)
        else:
            self._is_missed(call, caller)

    def _comes(self, queue: str) -> None:
        self._came += 1
        call = f"c{self._came}"
        self._callers[call] = Caller(queue, self.at)
        self._writes(call, queue, "NONE", "ENTERQUEUE", "", 1, 1)
        self._says(CallerJoined(self.at, 0, queue, call))

    def _is_offered(self, call: str, caller: Caller) -> None:
        free = [
            seat
            for seat in NAMES
            if self._telephone(seat) is Device.FREE and self._pauses.get((seat, caller.queue), "no") is None
        ]
        if not free:
            del self._callers[call]
            self._writes(call, caller.queue, "NONE", "ABANDON", 1, 1, 1)
            self._says(CallerLeft(self.at, 0, caller.queue, call, abandoned=True))
            return
        caller.seat, caller.rung = self.chance.choice(free), self.at
        self._says(CallOffered(self.at, 0, caller.seat, NAMES[caller.seat], caller.queue, call))
        self._says_of_telephone(caller.seat)

    def _is_taken(self, call: str, caller: Caller) -> None:
        caller.talks = True
        self._writes(call, caller.queue, NAMES[caller.seat], "CONNECT", 1, "x", (self.at - caller.rung) // S)
        self._says(
            CallerLeft(self.at, 0, caller.queue, call, abandoned=False),
            CallConnected(self.at, 0, caller.seat, NAMES[caller.seat], caller.queue, call),
        )
        self._says_of_telephone(caller.seat)

    def _is_missed(self, call: str, caller: Caller) -> None:
        self._writes(call, caller.queue, NAMES[caller.seat], "RINGNOANSWER", (self.at - caller.rung) // 1_000)
        self._says(OfferEnded(self.at, 0, caller.seat, NAMES[caller.seat], caller.queue, call, missed=True))
        seat, caller.seat = caller.seat, ""
        self._says_of_telephone(seat)

    def lines(self) -> Sequence[bytes]:
        return [line.encode() for line in self.log]
