"""The callers: when they come, how long they wait and talk, and which phone is rung for them."""

import math
from collections.abc import Mapping
from functools import partial
from random import Random

from ccd.floor.days import SECOND
from ccd.pbx.simulator.queues import QueueKind
from ccd.pbx.simulator.speech import Caller, CallLeg
from ccd.pbx.simulator.switch import Handset, Switch
from ccd.pbx.simulator.timeline import Timeline
from ccd.pbx.simulator.worker import Worker

SLOT_S = 900  # the arrival curve's steps
# How much of the time of those on shift the calls of an hour would take, from 08:00 on
BUSY = (0.40, 0.66, 0.80, 0.76, 0.52, 0.54, 0.66, 0.78, 0.72, 0.60, 0.64, 0.78, 0.62)
OPENS_S, CLOSES_S = 8 * 3600 + 1800, 20 * 3600 + 3000
WORKS_SHARE = 0.88  # of those on shift: the others eat, or are paused
TALK_S_MIN, TALK_S_MAX = 12, 1500
PATIENCE_S_MEDIAN, PATIENCE_SIGMA, PATIENCE_S_MIN = 75, 0.7, 6
RING_S_MEDIAN, RING_SIGMA = 3.2, 0.4
MISSES = 0.005  # of a phone whose owner is not known
STATUS_FIRST = 0.25  # of the connects: 2 of 8 in the capture
AGENT_HANGS_UP = 0.4
BARE = 0.01  # of the calls that the caller ended


class Traffic:
    """One day's callers. `on_shift` says how many work mainly in a queue in a slot of the day."""

    def __init__(
        self,
        switch: Switch,
        timeline: Timeline,
        rng: Random,
        midnight: int,
        on_shift: Mapping[tuple[str, int], int],
        workers: Mapping[str, Worker],
    ) -> None:
        self._switch = switch
        self._timeline = timeline
        self._rng = rng
        self._midnight = midnight
        self._on_shift = on_shift
        self._workers = workers

    def begin(self) -> None:
        """The first caller of each queue is under way."""
        for name in self._switch.queues:
            self._expect_caller(name, self._midnight + OPENS_S * SECOND)

    def look(self, at: int) -> None:
        """Whoever waits is offered to whoever is idle, in every queue."""
        for name in self._switch.queues:
            self._timeline.at(at, partial(self._match, name))

    def freed(self, handset: Handset, at: int) -> None:
        """The phone takes calls again: whoever waits in its queues is offered to it in a moment."""
        self._switch.place(handset, at)
        for name in handset.memberships:
            if self._switch.queues[name].unoffered:
                self._timeline.at(at + self._some(0.05, 0.9), partial(self._match, name))

    def _some(self, low_s: float, high_s: float) -> int:
        return int(self._rng.uniform(low_s, high_s) * SECOND)

    def _lognormal(self, median_s: float, sigma: float) -> float:
        return median_s * math.exp(self._rng.gauss(0, sigma))

    def _expect_caller(self, name: str, at: int) -> None:
        """Puts the queue's next caller on the timeline: a Poisson process whose rate changes from slot to slot."""
        while at < self._midnight + CLOSES_S * SECOND:
            slot_ends = at + SLOT_S * SECOND - (at - self._midnight) % (SLOT_S * SECOND)
            rate = self._callers_per_s(self._switch.queues[name].kind, at)
            comes = at + int(self._rng.expovariate(rate) * SECOND) if rate else slot_ends
            if comes < slot_ends:
                self._timeline.at(comes, partial(self._arrive, name))
                return
            at = slot_ends

    def _callers_per_s(self, kind: QueueKind, at: int) -> float:
        slot = (at - self._midnight) // (SLOT_S * SECOND)
        hour = slot * SLOT_S // 3600
        busy = BUSY[hour - 8] if 0 <= hour - 8 < len(BUSY) else 0.0
        handling_s = kind.talk_s_median * math.exp(kind.talk_sigma**2 / 2) + kind.wrap_up_s + RING_S_MEDIAN
        return busy * WORKS_SHARE * self._on_shift.get((kind.name, slot), 0) / handling_s

    def _arrive(self, name: str, at: int) -> None:
        number = f"1{self._rng.choice(('38', '39', '86', '50', '77'))}{self._rng.randrange(10**8):08d}"
        caller = self._switch.join(at, name, number)
        patience_s = max(PATIENCE_S_MIN, self._lognormal(PATIENCE_S_MEDIAN, PATIENCE_SIGMA))
        self._timeline.at(at + int(patience_s * SECOND), partial(self._lose_patience, caller))
        self._match(name, at)
        self._expect_caller(name, at)

    def _match(self, name: str, at: int) -> None:
        while (offer := self._switch.next_offer(name)) is not None:
            caller, handset = offer
            leg = self._switch.ring(at, caller, handset)
            worker = self._workers.get(handset.interface)
            kind = self._switch.queues[name].kind
            ring_s = self._lognormal(RING_S_MEDIAN, RING_SIGMA)
            if ring_s >= kind.ring_s_max or self._rng.random() < (worker.person.misses if worker else MISSES):
                self._timeline.at(leg.began + kind.ring_s_max * SECOND, partial(self._ring_out, handset, leg))
            else:
                self._timeline.at(leg.began + int(ring_s * SECOND), partial(self._answer, handset, leg))

    def _rings(self, handset: Handset, leg: CallLeg) -> bool:
        return handset.offer is not None and handset.offer[1] is leg

    def _ring_out(self, handset: Handset, leg: CallLeg, at: int) -> None:
        if not self._rings(handset, leg) or handset.offer is None:
            return
        kind = self._switch.queues[handset.offer[0].queue].kind
        self._switch.ring_out(at, handset)
        worker = self._workers.get(handset.interface)
        if worker is not None:
            worker.call_over(at)
            if kind.auto_pause != "no":
                worker.auto_paused(at)
        self.freed(handset, at)
        self._timeline.at(at + int(kind.retry_s * SECOND), partial(self._match, kind.name))

    def _answer(self, handset: Handset, leg: CallLeg, at: int) -> None:
        if not self._rings(handset, leg) or handset.offer is None:
            return
        kind = self._switch.queues[handset.offer[0].queue].kind
        self._switch.answer(at, handset, status_first=self._rng.random() < STATUS_FIRST)
        talk_s = min(max(self._lognormal(kind.talk_s_median, kind.talk_sigma), TALK_S_MIN), TALK_S_MAX)
        self._timeline.at(at + int(talk_s * SECOND), partial(self._end_call, handset))

    def _end_call(self, handset: Handset, at: int) -> None:
        if self._rng.random() < AGENT_HANGS_UP:
            self._switch.end_call(at, handset, "agent")
        else:
            self._switch.end_call(at, handset, "caller", bare=self._rng.random() < BARE)
        self._timeline.at(handset.wraps_until, partial(self.freed, handset))
        worker = self._workers.get(handset.interface)
        if worker is not None:
            worker.call_over(at)

    def _lose_patience(self, caller: Caller, at: int) -> None:
        if caller.uniqueid not in self._switch.queues[caller.queue].callers:
            return
        handset = self._rung_for(caller)
        self._switch.give_up(at, caller, handset)
        if handset is not None:
            worker = self._workers.get(handset.interface)
            if worker is not None:
                worker.call_over(at)
            self.freed(handset, at)

    def _rung_for(self, caller: Caller) -> Handset | None:
        """The phone that rings for the caller. Looked for only when somebody gives up, so no index is kept."""
        if caller.uniqueid in self._switch.queues[caller.queue].unoffered:
            return None
        return next((h for h in self._switch.handsets.values() if h.offer and h.offer[0] is caller), None)
