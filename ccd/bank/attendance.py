"""Full attendance, 全勤 (docs/time-bank.md 3.5): what of a month stands against it, each with its reason. Pure."""

from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from ccd.bank.loan import is_busy
from ccd.bank.policy import PPM, FullTerms, Policy

HUNDREDTHS = 100


class FaultKind(StrEnum):
    """Why full attendance is lost."""

    LATE = "late"
    EARLY = "early_leave"
    OFF_POST = "off_post"
    ABSENT = "absent"  # a whole shift, and no leave told of it
    BUSY_LEAVE = "busy_leave"
    LEAVE = "leave"  # owed, and not offset
    NOT_HERE = "not_here"  # joined in mid-month, or left
    NO_SHIFTS = "no_shifts"  # where no schedules are kept nobody can tell


class AttendanceFault(NamedTuple):
    """`day` None: of the month as a whole."""

    what: FaultKind
    day: date | None
    seconds: int = 0


class AttendedDay(NamedTuple):
    """What a day's record says of the shift, in seconds; `leave_s` is leave of the kinds that can be offset, as far as
    the agent was away."""

    day: date
    unit: str
    scheduled_s: int
    late_s: int
    early_s: int
    off_post_s: int
    on_leave_s: int
    leave_s: int
    signed_in_s: int


class Month(NamedTuple):
    """An agent's attendance month. `points_100` are hundredths of a point. `unit` is that of the last day."""

    agent: str
    unit: str
    full: bool
    points_100: int
    faults: tuple[AttendanceFault, ...]
    scheduled_s: int
    signed_in_s: int
    late_s: int
    early_s: int
    off_post_s: int
    on_leave_s: int
    offset_s: int
    taken_s: int
    owed_s: int  # of which nobody knows yet, as what is under appeal


class LoanFigures(NamedTuple):
    """What of the month was offset, taken over by attendance, and is neither yet, in seconds."""

    offset_s: int = 0
    taken_s: int = 0
    open_s: int = 0


FIGURES = Month._fields[Month._fields.index("scheduled_s") :]


def faults_of(
    days: Sequence[AttendedDay],
    absent_on: Sequence[date],
    policy_of: Callable[[AttendedDay], Policy],
    has_more_shifts: bool = False,
) -> list[AttendanceFault]:
    """Those of the days, but for what is owed. `absent_on` are the month's days on which the roster has no place for
    the agent; `has_more_shifts`: on those that are to come."""
    faults = [AttendanceFault(FaultKind.NOT_HERE, absent_on[0])] if absent_on else []
    if not has_more_shifts and not any(one.scheduled_s for one in days):
        return [*faults, AttendanceFault(FaultKind.NO_SHIFTS, None)]
    for one in sorted(days):
        policy = policy_of(one)
        loan, full = policy.loan, policy.full
        if one.off_post_s and one.off_post_s == one.scheduled_s:
            faults.append(AttendanceFault(FaultKind.ABSENT, one.day, one.off_post_s))
        elif one.off_post_s > full.off_post_grace_s:
            faults.append(AttendanceFault(FaultKind.OFF_POST, one.day, one.off_post_s))
        if one.late_s > full.late_grace_s:
            faults.append(AttendanceFault(FaultKind.LATE, one.day, one.late_s))
        if one.early_s > full.early_grace_s:
            faults.append(AttendanceFault(FaultKind.EARLY, one.day, one.early_s))
        if one.leave_s and is_busy(one.day, loan):
            faults.append(AttendanceFault(FaultKind.BUSY_LEAVE, one.day, one.leave_s))
    return faults


def attendance_month(
    agent: str,
    days: Sequence[AttendedDay],
    faults: Sequence[AttendanceFault],
    loan: LoanFigures,
    full: FullTerms,
    contract_ppm: int,
) -> Month:
    """With what is left of the loan as the last fault. Who works part of the time has that part of the points."""
    left_s = loan.taken_s + loan.open_s
    all_faults = [*faults, *([AttendanceFault(FaultKind.LEAVE, None, left_s)] if left_s > full.leave_grace_s else ())]
    points = 0 if all_faults else full.points * HUNDREDTHS * contract_ppm // PPM
    return Month(
        agent,
        max(days).unit if days else "",
        not all_faults,
        points,
        tuple(all_faults),
        sum(one.scheduled_s for one in days),
        sum(one.signed_in_s for one in days),
        sum(one.late_s for one in days),
        sum(one.early_s for one in days),
        sum(one.off_post_s for one in days),
        sum(one.on_leave_s for one in days),
        *loan,
    )
