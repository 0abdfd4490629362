"""The day record: what one agent's business day amounts to (docs/time-bank.md 2.3). All times in µs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from ccd.floor.seats import SIGNED_OUT, UNOBSERVED, State
from ccd.floor.values import value

UNREACHABLE = State.UNREACHABLE  # kept at hand, as those in ccd.floor.seats


class Counted(NamedTuple):
    """What the bank reckons with in a unit with schedules: of the shift, less its breaks, alone; and where somebody
    has ruled."""

    signed_in: int = 0
    exempt: int = 0
    unreachable: int = 0
    aux: int = 0
    unobserved: int = 0


class OnDuty(NamedTuple):
    """What a day was against its shifts (ccd.floor.on_duty). `worked_on_leave` is part of what was worked; the others
    lie beside it, each second of `scheduled` in one alone."""

    scheduled: int = 0
    late: int = 0
    early_leave: int = 0
    off_post: int = 0
    on_leave: int = 0
    excused: int = 0
    worked_on_leave: int = 0
    counted: Counted = Counted()


@value
class DayRecord:
    """`signed_in` is exactly `available` + `ringing` + `on_call` + `wrap_up` + `paused` + `unreachable`.

    `on_call` includes `other_call`; `paused` is by reason, and its sum is `aux` + `exempt`. `unobserved` is no part of
    it, and `partly_paused` runs beside the states. `duty` is there in a unit with schedules; in one without, `ruled` is
    what counts where somebody has ruled. The other figures stay what was measured.
    """

    agent: str
    unit: str | None
    day: date
    signed_in: int
    available: int
    ringing: int
    on_call: int
    other_call: int
    wrap_up: int
    paused: Mapping[str, int]
    partly_paused: int
    unreachable: int
    unobserved: int
    aux: int
    exempt: int
    sign_ins: int
    sign_outs: int
    pauses: int
    offered: int
    answered: int
    missed: int
    first_sign_in: int | None
    last_sign_out: int | None
    duty: OnDuty | None = None
    ruled: Counted | None = None

    def against(self, duty: OnDuty) -> "DayRecord":
        """The day, held against its shifts."""
        return DayRecord(  # spelled out: `dataclasses.replace` takes five times as long, of every day that is measured
            self.agent, self.unit, self.day, self.signed_in, self.available, self.ringing, self.on_call,
            self.other_call, self.wrap_up, self.paused, self.partly_paused, self.unreachable, self.unobserved,
            self.aux, self.exempt, self.sign_ins, self.sign_outs, self.pauses, self.offered, self.answered,
            self.missed, self.first_sign_in, self.last_sign_out, duty, self.ruled,
        )  # fmt: skip


@dataclass(slots=True)
class Tally:
    """A day record in the making."""

    in_state: list[int] = field(default_factory=lambda: [0] * len(State))
    paused: dict[str, int] = field(default_factory=dict)
    exempt_of: dict[str, int] = field(default_factory=dict)  # by reason, for the limits of a day
    partly_paused: int = 0
    aux: int = 0
    exempt: int = 0
    sign_ins: int = 0
    sign_outs: int = 0
    pauses: int = 0
    offered: int = 0
    answered: int = 0
    missed: int = 0
    first_sign_in: int | None = None
    last_sign_out: int | None = None

    def copy(self) -> "Tally":
        return Tally(
            self.in_state.copy(), self.paused.copy(), self.exempt_of.copy(), self.partly_paused, self.aux, self.exempt,
            self.sign_ins, self.sign_outs, self.pauses, self.offered, self.answered, self.missed,
            self.first_sign_in, self.last_sign_out,
        )  # fmt: skip

    def count_calls(self, offered: int, answered: int, missed: int) -> None:
        self.offered += offered
        self.answered += answered
        self.missed += missed

    @property
    def signed_in(self) -> int:
        return sum(self.in_state) - self.in_state[SIGNED_OUT] - self.in_state[UNOBSERVED]

    def base_of(self, signed_in: int) -> int:
        """docs/time-bank.md 2.4, before any cap; of a signed-in time that has been asked for already."""
        return max(0, signed_in - self.exempt - self.in_state[UNREACHABLE])

    def is_empty(self) -> bool:
        seen = self.signed_in or self.in_state[State.UNOBSERVED] or self.sign_ins or self.sign_outs or self.pauses
        return not (seen or self.offered or self.answered or self.missed)

    def record(self, agent: str, unit: str | None, day: date) -> DayRecord:
        spent = self.in_state
        return DayRecord(
            agent, unit, day, self.signed_in,
            available=spent[State.AVAILABLE],
            ringing=spent[State.RINGING],
            on_call=spent[State.ON_CALL] + spent[State.OTHER_CALL],
            other_call=spent[State.OTHER_CALL],
            wrap_up=spent[State.WRAP_UP],
            paused=dict(sorted(self.paused.items())),
            partly_paused=self.partly_paused,
            unreachable=spent[State.UNREACHABLE],
            unobserved=spent[State.UNOBSERVED],
            aux=self.aux, exempt=self.exempt,
            sign_ins=self.sign_ins, sign_outs=self.sign_outs, pauses=self.pauses,
            offered=self.offered, answered=self.answered, missed=self.missed,
            first_sign_in=self.first_sign_in, last_sign_out=self.last_sign_out,
        )  # fmt: skip
