"""A floor under load: as many agents and as many events a second as wanted, for benchmarks and soak tests.

Nobody lives here: phone after phone is rung, answers, hangs up, is paused and unpaused, so that every event of a busy
floor comes in a steady mixture and seats are in all states at once.
"""

from collections.abc import Iterator

from ccd.floor.days import SECOND
from ccd.pbx.simulator.ami_text import blocks
from ccd.pbx.simulator.queues import QUEUES
from ccd.pbx.simulator.speech import Speech
from ccd.pbx.simulator.staff import Colleague, staff
from ccd.pbx.simulator.switch import Switch

REASONS = ("toilet", "water", "ticket", "transaction", "meal")
STRIDE = 7_919  # a prime: neighbours on the roster are not neighbours in time
PHASES = 15  # neighbours in time begin a turn after one another, so that any span of the load is the same mixture


class Load:
    """Events from `start` (µs) on; the sign-ins lie before it, a microsecond apart."""

    def __init__(self, agents: int, events_per_s: float, start: int, seed: int = 1) -> None:
        self.people = staff(agents, seed)
        self.switch = Switch(QUEUES)
        self._per_s = events_per_s
        self._start = start
        self._steps = 0
        self._events = 0
        at = start - SECOND
        for person in self.people:
            for queue in person.queues:
                self.switch.add(at, person.phone, queue)
        self._signed_in: list[Speech] | None = self.switch.heard()

    def run_until(self, until: int) -> list[Speech]:
        """What is said up to `until` (µs); the first time the sign-ins as well."""
        said, self._signed_in = self._signed_in or [], None
        while (at := self.next_at()) <= until:
            self._step(at)
            heard = self.switch.heard()
            self._events += len(heard)
            said += heard
        return said

    def next_at(self) -> int:
        return self._start + int(self._events / self._per_s * SECOND)

    def acted(self, at: int) -> None:
        """A client's action is told like the load's own events, and counts for none of them."""

    def is_quiet(self) -> bool:
        return False

    def _step(self, at: int) -> None:
        count = len(self.people)
        turn, place = divmod(self._steps, count)
        stride = STRIDE if count % STRIDE else 1
        person = self.people[place * stride % count]
        self._steps += 1
        turn -= place % PHASES
        if turn < 0:
            return
        handset = self.switch.handset(person.phone.interface)
        interface, queue = person.phone.interface, person.queues[0]
        membership = handset.memberships.get(queue)
        if handset.talk is not None:
            self.switch.end_call(at, handset, "caller" if turn % 2 else "agent")
        elif handset.offer is not None:
            self.switch.answer(at, handset, status_first=turn % 4 == 0)
        elif membership is None:
            self.switch.add(at, person.phone, queue)  # a client had it removed
        elif membership.paused:
            self.switch.pause(at, interface, None, paused=False)
        elif (turn // 3 + place) % 3:
            caller = self.switch.join(at, queue, f"138{self._steps % 10**8:08d}")
            self.switch.ring(at, caller, handset)
        else:
            self.switch.pause(at, interface, None, paused=True, reason=_reason(person, turn))


def _reason(person: Colleague, turn: int) -> str:
    return REASONS[(int(person.agent) + turn) % len(REASONS)]


def load_stream(
    agents: int, events_per_s: float, seconds: float, start: int = 1_795_482_000 * SECOND
) -> Iterator[bytes]:
    """AMI bytes, an event each: `agents` sign-ins a queue, then `events_per_s` × `seconds` events, all stamped."""
    load = Load(agents, events_per_s, start)
    yield from (blocks((speech,)) for speech in load.run_until(start - 1))
    left = int(events_per_s * seconds)
    while left > 0:
        said = load.run_until(load.next_at())[:left]
        left -= len(said)
        yield from (blocks((speech,)) for speech in said)
