"""Random floors: what a switch might say of a few seats over some hours, in the floor's vocabulary.

A hidden truth goes on, step by step; most of it is told, some of it late, some of it not at all (gaps, reloads without
a word), and a snapshot tells what is true at its moment. All chance comes from one `random.Random`: a seed gives
the same floor for ever, and hypothesis' own kind of it lets a floor shrink.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from ccd.floor import events as said
from ccd.floor.events import Device
from tests.floor.hidden_truth import Row, Truth
from tests.floor.random_rules import random_rules
from tests.slow_rules import SECOND, Rules

QUEUES = ("support", "sales", "vip", "empty")
REASONS = ("", "toilet", "water", "meal", "training", "Auto-Pause", "recovery")
SEATS = ("PJSIP/1001", "Local/1002@agents/n", "Agent/1003", "SIP/1004", "Local/1005@agents/n", "Local/1006@agents")
NAMES = {"PJSIP/1001": ("Ann", "Ben"), "SIP/1004": ("Dora", "Ann")}  # hot desks; the others keep their name


@dataclass(frozen=True)
class RandomFloor:
    """What each PBX said, in the order in which it arrived; the site's choices; where the observation ends (µs)."""

    streams: dict[str, list[said.PbxEvent]]
    rules: Rules
    until: int


class Switch:
    """One PBX: takes steps, says most of them."""

    def __init__(self, chance: Random, now: int, pbx: str, steps: int, gaps_stay: bool) -> None:
        self.chance, self.now, self.pbx = chance, now, pbx
        self.said: list[said.PbxEvent] = []
        self.known_until = now  # everything before it has been said
        self.dumb = False
        self.only_log = gaps_stay and chance.random() < 0.3  # a queue_log: no telephones, no snapshots, restarts
        self.tells_in_call = chance.random() < 0.8
        self.calls_seen = 0
        self.waiting: dict[str, tuple[str, int]] = {}
        self.spoke: set[tuple[str, str]] = set()
        self.seats = [
            Truth(seat, NAMES.get(seat, (f"N{seat[6:10]}",))[0], chance.choice((0, 0, 0, 20)))
            for seat in SEATS
            if chance.random() < 0.7
        ] or [Truth("PJSIP/1001", "Ann", 0)]
        if chance.random() < 0.7:
            self.snapshot()
        for _ in range(steps):
            self.pass_time()
            self.step()
        if gaps_stay and chance.random() < 0.2:
            self.say(said.Lost(self.now))
            self.pass_time()

    # --- saying --------------------------------------------------------------------------------------------------

    def say(self, event: said.PbxEvent) -> None:
        unknown_to_log = self.only_log and isinstance(event, said.DeviceChanged | said.Snapshot)
        if not self.dumb and not unknown_to_log:
            self.said.append(event)

    def of(self, truth: Truth, queue: str) -> tuple[int, int, str, str, str]:
        """What an event of a seat begins with: now and then it is older than what was said of the seat before."""
        at = self.now
        if self.chance.random() < 0.1:
            at = max(self.known_until, at - self.chance.choice((1, 50, SECOND, 30 * SECOND)))
        if self.chance.random() < 0.3:
            self.now += self.chance.randint(1, 300)
        truth.last = self.now
        self.spoke.add((truth.seat, queue))
        return at, 0, truth.seat, truth.name, queue

    def pass_time(self) -> None:
        span = self.chance.choice((1, 100, SECOND, 20 * SECOND, 60 * SECOND, 600 * SECOND))
        if self.chance.random() < 0.02:
            span = 5 * 3600 * SECOND
        self.now += self.chance.randint(1, span)

    # --- steps ---------------------------------------------------------------------------------------------------

    def step(self) -> None:
        always: dict[Callable[[], object], int] = {
            self.add: 14, self.remove: 5, self.pause: 10, self.pause_everywhere: 6, self.unpause: 8, self.telephone: 8,
            self.log: 5, self.join: 6, self.offer: 14, self.connect: 12, self.complete: 10, self.ring_out: 4,
            self.abandon: 3, self.leave: 3, self.change_desk: 3, self.hear: 5, self.snapshot: 4,
        }  # fmt: skip
        told: dict[Callable[[], object], int] = {
            self.gap: 3, self.reload: 2, self.stale_snapshot: 2, self.oddity: 3, self.redirect: 8,
            self.lose_offer: 6,
        }  # fmt: skip
        steps = always if self.dumb else always | told
        self.chance.choices(list(steps), list(steps.values()))[0]()

    def someone(self) -> Truth:
        return self.chance.choice(self.seats)

    def free_device(self, truth: Truth) -> Device:
        return self.chance.choice((Device.FREE,) * 5 + (Device.UNREACHABLE, self.busy(truth)))

    def busy(self, truth: Truth) -> Device:
        return Device.MIRRORED if truth.seat.startswith("Local/") else Device.IN_USE

    def add(self) -> None:
        truth = self.someone()
        queue = self.chance.choice(QUEUES)
        if queue in truth.rows and self.chance.random() < 0.9:
            return
        paused = self.chance.random() < 0.2
        self.now += SECOND if self.dumb else 0  # as a pause does
        device = next((row.device for row in truth.rows.values()), self.free_device(truth))
        row = truth.rows[queue] = Row(paused, self.chance.choice(REASONS) if paused else "", self.now, device)
        self.say(said.MemberAdded(*self.of(truth, queue), row.paused, row.reason, row.device, truth.wrap_up_s))

    def remove(self) -> None:
        truth = self.someone()
        for queue in list(truth.rows):
            if self.chance.random() < 0.6:
                del truth.rows[queue]
                self.say(said.MemberRemoved(*self.of(truth, queue)))

    def pause(self, truth: Truth | None = None, queues: tuple[str, ...] = (), reason: str | None = None) -> None:
        truth = truth or self.someone()
        if not truth.rows:
            return
        reason = self.chance.choice(REASONS) if reason is None else reason
        self.now += SECOND if self.dumb else 0  # LastPause has whole seconds: which of two seats' came first must show
        for queue in queues or (self.chance.choice(list(truth.rows)),):
            row = truth.rows[queue]
            row.paused, row.reason, row.since = True, reason, self.now
            self.say(said.MemberPaused(*self.of(truth, queue), True, reason))

    def pause_everywhere(self) -> None:
        truth = self.someone()
        self.pause(truth, tuple(truth.rows))

    def unpause(self) -> None:
        truth = self.someone()
        for queue, row in truth.rows.items():
            if row.paused and self.chance.random() < 0.8:
                row.paused, row.reason = False, ""
                self.say(said.MemberPaused(*self.of(truth, queue), False, self.chance.choice(("", "toilet"))))

    def telephone(self) -> None:
        truth = self.someone()
        self.show(truth, self.chance.choice((self.free_device(truth), Device.RINGING)), self.chance.random() < 0.2)

    def show(self, truth: Truth, device: Device, in_one: bool = False) -> None:
        for queue in list(truth.rows)[:1] if in_one else truth.rows:
            truth.rows[queue].device = device
            in_call = self.in_call(truth, truth.rows[queue])
            self.say(said.DeviceChanged(*self.of(truth, queue), device, in_call))

    def in_call(self, truth: Truth, row: Row) -> bool | None:
        """What is told of it: of a `Local/` seat without `/n` never that there is none."""
        known = row.in_call or truth.seat.endswith("/n") or not truth.seat.startswith("Local/")
        return row.in_call if self.tells_in_call and known else None

    def log(self) -> None:
        for truth in self.seats:
            if truth.seat.startswith("Agent/"):
                truth.logged_in = not truth.logged_in
                at, ref, seat, _, _ = self.of(truth, "")
                self.say(said.AgentLogged(at, ref, seat, truth.logged_in))

    def change_desk(self) -> None:
        truth = self.someone()
        if truth.seat not in NAMES:
            return
        for queue in list(truth.rows):
            del truth.rows[queue]
            self.say(said.MemberRemoved(*self.of(truth, queue)))
        truth.name = self.chance.choice(NAMES[truth.seat])
        queue = self.chance.choice(QUEUES)
        truth.rows[queue] = Row(False, "", self.now, Device.FREE)
        self.say(said.MemberAdded(*self.of(truth, queue), False, "", Device.FREE, truth.wrap_up_s))

    # --- calls ---------------------------------------------------------------------------------------------------

    def join(self) -> str:
        self.calls_seen += 1
        call, queue = f"{self.pbx}.{self.calls_seen}", self.chance.choice(QUEUES)
        self.waiting[call] = (queue, self.now)
        self.say(said.CallerJoined(self.now, 0, queue, call))
        return call

    def offer(self) -> None:
        call = self.chance.choice([*self.waiting, self.join() if not self.waiting else next(iter(self.waiting))])
        queue = self.waiting[call][0]
        for truth in self.seats:
            if queue in truth.rows and self.chance.random() < 0.7:
                truth.offers[call] = queue
                self.say(said.CallOffered(*self.of(truth, queue), call))
                if self.chance.random() < 0.5:
                    self.show(truth, Device.MIRRORED if truth.seat.startswith("Local/") else Device.RINGING)

    def offered(self) -> tuple[Truth, str, str] | None:
        rung = [(truth, call, queue) for truth in self.seats for call, queue in truth.offers.items()]
        return self.chance.choice(rung) if rung else None

    def forget(self, call: str) -> None:
        self.waiting.pop(call, None)
        for truth in self.seats:
            truth.offers.pop(call, None)

    def connect(self) -> None:
        if not (found := self.offered()):
            return self.offer()
        truth, call, queue = found
        if self.chance.random() < 0.95:
            self.say(said.CallerLeft(self.now, 0, queue, call, abandoned=False))
            self.now += self.chance.choice((0, 57))
        self.forget(call)
        truth.calls[call] = queue
        if queue in truth.rows:
            truth.rows[queue].in_call = True
        self.say(said.CallConnected(*self.of(truth, queue), call, truth.wrap_up_s))
        if self.chance.random() < 0.7:
            self.show(truth, self.busy(truth))
        return None

    def complete(self) -> None:
        talking = [(truth, call, queue) for truth in self.seats for call, queue in truth.calls.items()]
        if not talking:
            return
        truth, call, queue = self.chance.choice(talking)
        oldest = call == next(c for c, q in truth.calls.items() if q == queue)
        named = self.chance.choices((call, None, "another"), (80, 10, 10))[0] if oldest else call
        del truth.calls[call]
        if queue in truth.rows:
            truth.rows[queue].in_call = queue in truth.calls.values()
        status_first = self.chance.random() < 0.2
        if status_first:
            self.show(truth, Device.FREE)
        self.say(said.CallEnded(*self.of(truth, queue), named))
        if not status_first and self.chance.random() < 0.8:
            self.show(truth, Device.FREE)

    def redirect(self) -> None:
        """Somebody else takes the call away, of which nothing is said; then somebody asks, again and again."""
        talking = [(truth, call) for truth in self.seats for call in truth.calls]
        if not talking:
            return self.connect()
        truth, call = self.chance.choice(talking)
        del truth.calls[call]
        for of, row in truth.rows.items():
            row.in_call = of in truth.calls.values()
        if self.chance.random() < 0.9:
            self.show(truth, Device.FREE)
        return self.ask_again_and_again(truth)

    def lose_offer(self) -> None:
        """The telephone is free before the caller leaves, and nobody says why; or not even that the caller left."""
        if not (found := self.offered()):
            return self.offer()
        truth, call, queue = found
        if self.chance.random() < 0.9:
            self.show(truth, Device.FREE)
        if self.chance.random() < 0.5:
            self.say(said.CallerLeft(self.now, 0, queue, call, abandoned=False))
        self.forget(call)
        if self.chance.random() < 0.5:
            self.pause(truth, tuple(truth.rows))
        return self.ask_again_and_again(truth)

    def ask_again_and_again(self, truth: Truth) -> None:
        for _ in range(self.chance.randint(1, 4)):
            self.pass_time()
            self.chance.choice((self.snapshot, self.snapshot, self.snapshot, self.stale_snapshot))()
            if self.chance.random() < 0.5:
                self.chance.choice((self.step, self.offer, self.connect, lambda: self.show(truth, Device.FREE)))()

    def ring_out(self) -> None:
        if found := self.offered():
            truth, call, queue = found
            del truth.offers[call]
            missed = self.chance.random() < 0.7
            self.say(said.OfferEnded(*self.of(truth, queue), call, missed))
            if missed and queue in truth.rows and self.chance.random() < 0.5:
                self.pause(truth, (queue,), "Auto-Pause")

    def abandon(self) -> None:
        if self.waiting:
            call = self.chance.choice(list(self.waiting))
            self.say(said.CallerLeft(self.now, 0, self.waiting[call][0], call, abandoned=True))
            self.forget(call)

    def leave(self) -> None:
        """The caller goes, and nobody says why: the seats' next free status ends the offers."""
        if found := self.offered():
            _, call, queue = found
            rung = [truth for truth in self.seats if call in truth.offers]
            self.say(said.CallerLeft(self.now, 0, queue, call, abandoned=False))
            self.forget(call)
            for truth in rung:
                if self.chance.random() < 0.8:
                    self.now += self.chance.randint(0, SECOND)
                    self.show(truth, self.chance.choice((Device.FREE, Device.FREE, Device.UNREACHABLE, Device.RINGING)))

    # --- all seats at once ---------------------------------------------------------------------------------------

    def hear(self) -> None:
        self.known_until = self.now
        self.say(said.Heard(self.now))

    def answer(self) -> tuple[tuple[said.Member, ...], tuple[said.Waiting, ...], frozenset[str]]:
        members = tuple(
            said.Member(
                truth.seat, truth.name, queue, row.paused, row.reason, row.since // SECOND if row.paused else 0,
                row.device, self.in_call(truth, row), truth.wrap_up_s,
            )
            for truth in self.seats
            for queue, row in truth.rows.items()
        )  # fmt: skip
        waiting = tuple(said.Waiting(call, queue, since) for call, (queue, since) in self.waiting.items())
        return members, waiting, frozenset(truth.seat for truth in self.seats if truth.logged_in)

    def snapshot(self) -> None:
        """In mid-stream, everything being as it was said."""
        self.say(said.Snapshot(self.now, 0, *self.answer()))
        self.known_until = self.now

    def stale_snapshot(self) -> None:
        """Events arrive while the answer is on its way: it does not know of them."""
        if not any(isinstance(event, said.Snapshot) for event in self.said):
            self.snapshot()  # at first sight an answer is wound back instead, and nothing speaks before it
        at, answer = self.now, self.answer()
        self.known_until, self.spoke = at, set()
        for _ in range(self.chance.randint(1, 2)):
            self.now += self.chance.randint(1, SECOND)
            self.chance.choice((self.pause, self.unpause, self.add, self.remove, self.telephone))()
        self.say(said.Snapshot(at, 0, *answer, spoke=frozenset(self.spoke)))
        self.known_until = self.now

    def reload(self) -> None:
        """Members come and go, or are paused, without a word; then somebody asks."""
        self.dumb = True
        self.chance.choice((self.add, self.remove, self.pause, self.unpause, self.telephone, self.log))()
        self.now += 1
        self.dumb = False
        self.pass_time()
        self.snapshot()

    def gap(self) -> None:
        self.known_until = self.now
        self.say(said.Lost(self.now))
        self.dumb = True
        for _ in range(self.chance.randint(0, 6)):
            self.pass_time()
            self.step()
        if self.only_log or self.chance.random() < 0.25:
            self.restart()
        self.dumb = False
        self.pass_time()
        self.snapshot()

    def restart(self) -> None:
        """Members and pauses come back; calls and callers don't, and reasons perhaps not."""
        self.waiting.clear()
        for truth in self.seats:
            truth.calls.clear()
            truth.offers.clear()
            truth.logged_in = False
            self.now += 2 * SECOND
            for row in truth.rows.values():
                row.in_call, row.since, row.device = False, self.now, Device.FREE
                row.reason = row.reason if self.chance.random() < 0.5 else ""

    def oddity(self) -> None:
        """What should not come, and does: a repeated event, one for a queue nobody is in, a call that is over."""
        truth = self.someone()
        queue = self.chance.choice(QUEUES)
        row = truth.rows.get(queue)
        if row is None:
            self.say(said.MemberPaused(*self.of(truth, queue), True, "toilet"))
            self.say(said.DeviceChanged(*self.of(truth, queue), Device.UNREACHABLE, None))
            self.say(said.MemberRemoved(*self.of(truth, queue)))
        else:
            self.say(said.MemberAdded(*self.of(truth, queue), row.paused, row.reason, row.device, truth.wrap_up_s))
            self.say(said.OfferEnded(*self.of(truth, queue), "nobody", True))
            if queue not in truth.calls.values():
                self.say(said.CallEnded(*self.of(truth, queue), "nobody"))
            for each in self.seats:
                if queue in each.rows:
                    each.rows[queue].in_call = False  # a QueueReset: calls go on, and the switch knows of none


def random_floor(chance: Random, steps: int = 40, *, gaps_stay: bool = False, moves: bool = False) -> RandomFloor:
    """`gaps_stay`: some switches are known from queue_log alone, some end in a gap. `moves`: a seat changes hands."""
    rules, begins = random_rules(chance, moves)
    switches = [Switch(chance, begins, pbx, steps, gaps_stay) for pbx in ("a", "b")[: chance.choice((1, 1, 1, 2))]]
    end = max(switch.now for switch in switches)
    until = end + chance.choice((0, 0, 1, SECOND, 3600 * SECOND))
    if chance.random() < 0.1:
        until = -(-until // (3600 * SECOND)) * 3600 * SECOND  # perhaps the very end of a day
    return RandomFloor({switch.pbx: switch.said for switch in switches}, rules, until)
