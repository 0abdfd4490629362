"""Somebody at work: carries out a day's plan as far as the calls allow.

Whoever talks lets the pause wait until after the call, or presses the button at once, so that it begins when the call
ends. Nobody leaves a caller standing at the end of the shift, or hardly anybody.
"""

from collections.abc import Callable
from functools import partial
from random import Random

from ccd.floor.days import SECOND
from ccd.pbx.simulator.day_plan import DayPlan, Deed
from ccd.pbx.simulator.speech import FREE, IN_USE, RINGING, UNAVAILABLE
from ccd.pbx.simulator.staff import Colleague
from ccd.pbx.simulator.switch import Switch
from ccd.pbx.simulator.timeline import Timeline

BETWEEN_QUEUES_US = 250_000  # a client adds and removes a queue at a time
PAUSES_DURING_CALL = 0.35  # of those whose time for a pause comes during a call
LEAVES_DURING_CALL = 0.03
AUTO_PAUSE_S = (12, 100)
LATER_S = (120, 700)


class Worker:
    """One person's day on the switch. `freed` is called when the phone may take a call again."""

    def __init__(
        self,
        person: Colleague,
        plan: DayPlan,
        switch: Switch,
        timeline: Timeline,
        rng: Random,
        freed: Callable[[int], None],
    ) -> None:
        self.person = person
        self.handset = switch.handset(person.phone.interface)
        self._plan = plan
        self._switch = switch
        self._timeline = timeline
        self._rng = rng
        self._freed = freed
        self._paused_for: Deed | None = None
        self._starts_after_call = False  # the pause was set during a call, and lasts from its end
        self._waits: Deed | None = None  # for the end of a call
        self._leaves = False

    def begin(self) -> None:
        """Puts the day on the timeline."""
        self._timeline.at(self._plan.signs_in, self._sign_in)
        for deed in self._plan.deeds:
            self._timeline.at(deed.at, partial(self._do, deed))
        self._timeline.at(self._plan.signs_out, self._go_home)

    def call_over(self, at: int) -> None:
        """A talk, or an offer that came to nothing, has ended."""
        if self._leaves:
            self._timeline.at(at + self._some((1, 6)), self._go_home)
        elif self._waits is not None:
            deed, self._waits = self._waits, None
            self._timeline.at(at + self._some((1, 7)), partial(self._do, deed))
        elif self._paused_for is not None and self._starts_after_call:
            self._starts_after_call = False
            self._pause_runs(at, self._paused_for)

    def auto_paused(self, at: int) -> None:
        """The switch paused the phone, because a call rang out; it takes a moment to be noticed."""
        if self._paused_for is None:
            self._paused_for = Deed("pause", at, self._some(AUTO_PAUSE_S), "Auto-Pause")
            self._timeline.at(at + self._paused_for.length, partial(self._resume, self._paused_for))

    @property
    def _signed_in(self) -> bool:
        return bool(self.handset.memberships)

    def _some(self, span_s: tuple[float, float]) -> int:
        return int(self._rng.uniform(*span_s) * SECOND)

    def _sign_in(self, at: int) -> None:
        self._each_queue(at, self._add)

    def _add(self, queue: str, at: int) -> None:
        if at >= self._plan.signs_out:
            return  # was away until the end of the shift
        self._switch.add(at, self.person.phone, queue)
        self._freed(at)

    def _remove(self, queue: str, at: int) -> None:
        self._switch.remove(at, self.person.phone.interface, queue)

    def _each_queue(self, at: int, act: Callable[[str, int], None]) -> None:
        for n, queue in enumerate(self.person.queues):
            self._timeline.at(at + n * BETWEEN_QUEUES_US, partial(act, queue))

    def _go_home(self, at: int) -> None:
        handset = self.handset
        if handset.busy and not (handset.talk and self._rng.random() < LEAVES_DURING_CALL):
            self._leaves = True
            return
        self._paused_for = self._waits = None
        self._each_queue(at, self._remove)

    def _do(self, deed: Deed, at: int) -> None:
        """The time for a deed has come: now, later, or after the call."""
        if not self._signed_in or self._leaves or at >= self._plan.signs_out:
            return
        busy = self.handset.busy or self.handset.status != FREE
        if deed.kind == "pause":
            self._want_pause(deed, at, busy)
        elif busy or self._paused_for is not None:
            self._timeline.at(at + self._some(LATER_S), partial(self._do, deed))
        elif deed.kind == "outage":
            self._switch.device(at, self.handset, UNAVAILABLE)
            self._timeline.at(at + deed.length, self._phone_free)
        elif deed.kind == "private call":
            self._switch.device(at, self.handset, RINGING)
            self._timeline.at(at + 2 * SECOND, partial(self._private_call, deed))
        else:
            self._each_queue(at, self._remove)
            self._timeline.at(at + deed.length, self._sign_in)

    def _private_call(self, deed: Deed, at: int) -> None:
        self._switch.device(at, self.handset, IN_USE)
        self._timeline.at(at + deed.length, self._phone_free)

    def _phone_free(self, at: int) -> None:
        self._switch.device(at, self.handset, FREE)
        self._freed(at)

    def _want_pause(self, deed: Deed, at: int, busy: bool) -> None:
        if self._paused_for is not None or self._waits is not None:
            self._timeline.at(at + self._some(LATER_S), partial(self._do, deed))
        elif busy and not (self.handset.busy and self._rng.random() < PAUSES_DURING_CALL):
            if self.handset.busy:
                self._waits = deed
            else:
                self._timeline.at(at + self._some(LATER_S), partial(self._do, deed))
        else:
            self._paused_for = deed
            self._starts_after_call = busy
            self._switch.pause(at, self.person.phone.interface, None, paused=True, reason=deed.reason)
            if not busy:
                self._pause_runs(at, deed)

    def _pause_runs(self, at: int, deed: Deed) -> None:
        self._timeline.at(at + deed.length, partial(self._resume, deed))
        if deed.then:
            self._timeline.at(at + deed.length // 2, partial(self._change_reason, deed))

    def _change_reason(self, deed: Deed, at: int) -> None:
        if self._paused_for is deed:
            self._switch.pause(at, self.person.phone.interface, None, paused=True, reason=deed.then)

    def _resume(self, deed: Deed, at: int) -> None:
        if self._paused_for is not deed:
            return
        self._paused_for = None
        self._switch.pause(at, self.person.phone.interface, None, paused=False)
        self._freed(at)
