"""Overtime: time in emergencies, measured or entered, with its interest (docs/time-bank.md 3.2). Pure.

Reckoned for an agent and a business day, over all emergencies that the agent takes part in and that reach into the day:
where they overlap the highest level pays, and no second is paid twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from ccd.bank.policy import PPM, Policy
from ccd.floor.days import SECOND
from ccd.floor.expected import Counts, Ruled
from ccd.floor.records import UNREACHABLE
from ccd.floor.seats import UNOBSERVED, State
from ccd.floor.spans import Lasting, Span, length_us, less, meets, span_of, spans_within, union
from ccd.floor.stretches import Stretch

NOT_WORKED = frozenset((State.PAUSED, UNREACHABLE, UNOBSERVED, State.SIGNED_OUT))
WORKED: Final[Counts] = "available"  # of what a ruling says, all else is no overtime


class Emergency(NamedTuple):
    """Of a unit and those below it. `interest_ppm` and `round_up_s` are those of the policy when it was opened."""

    id: str
    unit: str
    level: str
    interest_ppm: int
    round_up_s: int
    start: int  # µs
    end: int  # by now: of one that runs, when it ends by itself
    opened_at: int


class Paid(NamedTuple):
    """For one emergency, in seconds; of the principal `entered_s` were not measured but said."""

    principal_s: int
    interest_s: int
    entered_s: int = 0

    @property
    def total_s(self) -> int:
        return self.principal_s + self.interest_s


class Growing(NamedTuple):
    """While an emergency runs and the agent works in it: what it comes to grows from `since` until `until`, µs, if
    nothing else happens. `since` is up to where the switches were heard."""

    emergency: str
    since: int
    until: int


def paid(
    emergencies: Iterable[Emergency],
    day: Lasting,
    shifts: Sequence[Lasting],
    worked: Sequence[Span],
    entered_s: Mapping[str, int],
) -> dict[str, Paid]:
    """By emergency, of an agent's day; those that pay nothing are left out. `worked` is what was measured, `entered_s`
    what somebody has said, by emergency.

    Either is time that was worked while the emergency lasted, outside of the shifts, whichever emergency pays it: what
    was entered tops up what was measured then, and what was entered of others over the same hours.
    """
    in_order = sorted(emergencies, key=_first_paid)
    spans = _payable(in_order, day, shifts)
    measured = _measured(spans, worked)
    measured_s = {name: length_us(own) // SECOND for name, own in measured.items()}
    covered = [part for name, own in measured.items() for part in _first(own, measured_s[name])]
    added_s = _topped_up(spans, covered, entered_s)
    sums = ((one, measured_s[one.id] + added_s[one.id]) for one in in_order)
    return {one.id: Paid(sum_s, interest_s(one, sum_s), added_s[one.id]) for one, sum_s in sums if sum_s}


def measured_us(
    emergencies: Iterable[Emergency], day: Lasting, shifts: Sequence[Lasting], worked: Sequence[Span]
) -> dict[str, int]:
    """By emergency, how much was measured of an agent's day; no instant counts in two."""
    spans = _payable(sorted(emergencies, key=_first_paid), day, shifts)
    return {name: length_us(own) for name, own in _measured(spans, worked).items()}


def _payable(in_order: Iterable[Emergency], day: Lasting, shifts: Sequence[Lasting]) -> dict[str, list[Span]]:
    """By emergency, what of it lies in an agent's day, outside of the shifts."""
    return {one.id: less(spans_within([one], day), shifts) for one in in_order}


def _measured(spans: Mapping[str, Sequence[Span]], worked: Sequence[Span]) -> dict[str, list[Span]]:
    """By emergency, in the order in which they pay, what each pays."""
    found, taken = {}, list[Span]()
    for name, lasting in spans.items():
        found[name] = less(_common(worked, lasting), taken)
        taken += found[name]
    return found


def _topped_up(
    spans: Mapping[str, Sequence[Span]], covered: Sequence[Span], entered_s: Mapping[str, int]
) -> dict[str, int]:
    """What each emergency pays beyond what was measured, in the order in which they pay. Nobody has said when it was:
    it is taken to have been while others last as well, the next to pay before any, as long as was entered of each."""
    found, known = dict.fromkeys(spans, 0), list(covered)
    left = [name for name in spans if entered_s.get(name)]
    while left:
        wanted_s = {each: _wanted_s(spans[each], known, entered_s[each]) for each in left}
        name, *left = left
        free = less(spans[name], known)
        for other in reversed(left):
            both = _first(_common(free, spans[other]), wanted_s[other])
            free = [*both, *less(free, both)]
        found[name] = min(wanted_s[name], length_us(free) // SECOND)
        known += _first(free, found[name])
    return found


def _wanted_s(lasting: Sequence[Span], known: Sequence[Span], entered_s: int) -> int:
    """What of an entry is not known yet, as far as the emergency lasted."""
    said_s = min(entered_s, length_us(lasting) // SECOND)
    return max(0, said_s - length_us(_common(known, lasting)) // SECOND)


def _common(spans: Iterable[Span], others: Sequence[Span]) -> list[Span]:
    """What lies in both; the others do not overlap."""
    return [part for span in spans for part in spans_within(others, span)]


def _first(spans: Iterable[Span], seconds: int) -> list[Span]:
    """So many seconds of them, in their order."""
    found, left_us = list[Span](), seconds * SECOND
    for span in spans:
        part = Span(span.start, min(span.end, span.start + left_us))
        left_us -= part.end - part.start
        found += [part] if part.start < part.end else []
    return found


def growing(
    emergencies: Iterable[Emergency],
    shifts: Sequence[Lasting],
    line: Sequence[Stretch],
    heard_at: int,
    ruled: Sequence[Ruled] = (),
) -> Growing | None:
    """Which emergency pays what is worked from `heard_at` on; None where the agent does not work in one then."""
    in_order = sorted(emergencies, key=_first_paid)
    running = next((one for one in in_order if one.start <= heard_at < one.end), None)
    seen = bool(line) and line[-1].end >= heard_at
    works = seen and line[-1].state not in NOT_WORKED
    says = next((each for each in ruled if each.start <= heard_at < each.end and (seen or not each.of_unit)), None)
    if says is not None:
        works = says.counts == WORKED
    if running is None or not works or any(each.start <= heard_at < each.end for each in shifts):
        return None
    before = in_order[: in_order.index(running)]
    others = [*(each.start for each in shifts), *(each.start for each in before), *(each.start for each in ruled)]
    others += [says.end] if says else []
    return Growing(running.id, heard_at, min([running.end, *(start for start in others if start > heard_at)]))


def rulings_that_count(
    emergencies: Iterable[Emergency], day: Lasting, shifts: Sequence[Lasting], ruled: Iterable[Ruled]
) -> tuple[str, ...]:
    """Those that say something of what the emergencies could pay on a day: in them, outside of the shifts."""
    own = less(spans_within(emergencies, day), shifts)
    met = (each.ref for each in ruled if any(meets(span, each) for span in own))
    return tuple(dict.fromkeys(met))


def interest_s(emergency: Emergency, principal_s: int) -> int:
    interest = emergency.interest_ppm * principal_s // PPM
    step = emergency.round_up_s
    return interest + (-(principal_s + interest) % step if step and principal_s else 0)


def _first_paid(one: Emergency) -> tuple[int, int, str]:
    return -one.interest_ppm, one.opened_at, one.id


def worked_in(line: Sequence[Stretch], until: int, ruled: Iterable[Ruled] = ()) -> list[Span]:
    """What of a day counts as overtime, up to where it was heard: signed in, and neither paused nor unreachable; or
    as it is ruled. What is ruled of a unit is ruled of who was signed in or unobserved."""
    worked = [span_of(each) for each in line if each.state not in NOT_WORKED]
    for each in ruled:
        about = Span(each.start, min(each.end, until))
        reached = spans_within(line, about) if each.of_unit else [about]
        worked = less(worked, reached)
        if each.counts == WORKED:
            worked += reached
    return union(worked)


def signed_in_at(line: Iterable[Stretch], since: int, until: int) -> int | None:
    """The first instant from `since` on, and before `until`, at which the agent was signed in; in the order of time."""
    for each in line:
        if each.end > since and each.start < until and each.state is not UNOBSERVED:
            return max(each.start, since)
    return None


def came_in_time(called_at: int, comes: bool | None, signed_in_at: int | None, wait_s: int) -> bool | None:
    """Whether who was called out was there within the time, µs. None of who declined, or neither answered nor came: of
    these no report says anything."""
    if comes is False or (comes is None and signed_in_at is None):
        return None
    return signed_in_at is not None and signed_in_at <= called_at + wait_s * SECOND


class MuchOvertime(NamedTuple):
    """More than is good, on a day or in a calendar month, and how much is enough, in seconds."""

    within: Literal["day", "month"]
    seconds: int
    enough_s: int

    def __str__(self) -> str:
        when = "on one day" if self.within == "day" else "in one month"
        return f"{self.seconds} s of overtime {when}, in all units; {self.enough_s} s are enough"


def overtime_warnings(day_s: int, month_s: int, policy: Policy, share_ppm: int = PPM) -> list[MuchOvertime]:
    """Where an agent has worked more overtime than is good: nobody is refused for it. For who works part of the time
    less is."""
    day = MuchOvertime("day", day_s, policy.of_a_day(policy.overtime.warn_day_s, share_ppm))
    month = MuchOvertime("month", month_s, policy.overtime.warn_month_s * share_ppm // PPM)
    return [one for one in (day, month) if one.seconds > one.enough_s]
