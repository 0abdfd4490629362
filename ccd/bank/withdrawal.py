"""Withdrawals: saved time that is spent as days off (docs/time-bank.md 3.6). Pure.

What is asked for is held at once, and with it the place: one posting reserves the agent's seconds, and draws one on the
quota of the unit and on that of each unit above that has one; and where that is in hours too, the seconds on these. A
unit that allocates by rule holds the seconds alone, until its deadline.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from ccd.bank.accounts import RESERVED, House, agent_owner
from ccd.bank.cap import CapWanted
from ccd.bank.facts import as_facts
from ccd.bank.overdraft import takes_all
from ccd.bank.policy import Policy
from ccd.bank.quota import Places
from ccd.errors import WithdrawalError
from ccd.floor.days import SECOND
from ccd.floor.expected import Shift, all_work_us, work_within_us
from ccd.floor.spans import Lasting, Span, spans_within
from ccd.ledger.model import SECONDS_MAX, Account, Draw, Late, Posting, Reserve, Resolve
from ccd.org.agent_days import AgentDays

SERVICE = "withdrawal"


class ApplicationState(StrEnum):
    """Of an application for one day."""

    APPLIED = "applied"  # seconds and place are held, and somebody has to decide
    WAITING = "waiting"  # the quota is full, and nothing is held
    APPROVED = "approved"
    REFUSED = "refused"
    CANCELLED = "cancelled"  # by the agent
    WITHDRAWN = "withdrawn"  # by the unit
    TAKEN = "taken"  # the day has come and gone


HOLDING = (ApplicationState.APPLIED, ApplicationState.APPROVED)
OPEN = (*HOLDING, ApplicationState.WAITING)
NEXT: Final[Mapping[ApplicationState, tuple[ApplicationState, ...]]] = MappingProxyType(
    {
        ApplicationState.APPLIED: (
            ApplicationState.APPROVED,
            ApplicationState.WAITING,
            ApplicationState.REFUSED,
            ApplicationState.CANCELLED,
            ApplicationState.WITHDRAWN,
        ),
        ApplicationState.WAITING: (
            ApplicationState.APPLIED,
            ApplicationState.APPROVED,
            ApplicationState.REFUSED,
            ApplicationState.CANCELLED,
        ),
        ApplicationState.APPROVED: (ApplicationState.TAKEN, ApplicationState.CANCELLED, ApplicationState.WITHDRAWN),
    }
)


class Hold(NamedTuple):
    """The revision of the posting that holds the seconds, the units on whose quotas it drew, and of these those whose
    quota is in hours too. Of no unit: it waits for the deadline at which places are allocated."""

    revision: int
    units: tuple[str, ...]
    in_hours: tuple[str, ...] = ()

    @classmethod
    def on(cls, places: Mapping[str, Places], revision: int) -> "Hold":
        return cls(revision, tuple(places), tuple(unit for unit, of in places.items() if of.seconds is not None))


class Application(NamedTuple):
    """One agent's, for one day of a unit, in seconds, after `number` changes of state. What is held, where something
    is. `start` and `end` say which part of the day it is, µs, where somebody has said it, or it is the `whole` day;
    `run` is the name of the several days that it was applied for with. `missing_s` more are planned than could be held.
    """

    id: str
    agent: str
    unit: str
    day: date
    seconds: int
    applied_at: int  # microseconds since the epoch
    state: ApplicationState
    number: int
    hold: Hold | None
    start: int | None = None
    end: int | None = None
    run: str = ""
    whole: bool = False
    missing_s: int = 0
    asked_of: str = ""  # the unit in which it was applied for

    @property
    def moved_to(self) -> str | None:
        """The unit, where it is another by now."""
        return self.unit if self.asked_of not in ("", self.unit) else None

    @property
    def awaits_allocation(self) -> bool:
        return self.state is ApplicationState.APPLIED and self.hold is not None and not self.hold.units

    @property
    def awaits_approval(self) -> bool:
        """It has a place, and nobody has approved it, be it that nobody has to."""
        return self.state is ApplicationState.APPLIED and not self.awaits_allocation


def unit_by_now(one: Application, days: AgentDays, day: date | None = None) -> str:
    """In which its agent is on the day that it is for, or on another: there it is decided on, also before a move has
    been noticed. Of whom the roster says nothing then, the one that it is of."""
    return days.unit(one.agent, day or one.day) or one.unit


class PartOfDay(NamedTuple):
    """Of a day: so many seconds, or from when to when, µs."""

    seconds: int | None = None
    start: int | None = None
    end: int | None = None


WHOLE = PartOfDay()


class Run(NamedTuple):
    """Several days that are applied for together; the places of some of them are still to be allocated, or of none."""

    name: str
    is_allocated_later: bool


def check_application(agent: str, day: date, unit: str | None, part: PartOfDay, today: date) -> None:
    """WithdrawalError where no balance and no quota could make it right."""
    if unit is None:
        raise WithdrawalError(
            agent, f"is in no unit on {day}: ask whoever keeps the roster", "day-off-no-unit", day=str(day)
        )
    if day <= today:
        raise WithdrawalError(
            agent,
            f"asks for {day}, and today is {today}: apply for a day that is to come",
            "day-off-past",
            day=str(day),
        )
    if part.seconds is not None and not 0 < part.seconds <= SECONDS_MAX:
        raise WithdrawalError(
            agent, f"asks for {part.seconds} s: ask for 1 to {SECONDS_MAX} s", "too-much-time", most_s=SECONDS_MAX
        )
    if part.start is not None and part.end is not None and not part.start < part.end:
        raise WithdrawalError(agent, "asks for a part of the day that ends before it begins", "day-off-backwards")


def check_next(application: Application, state: ApplicationState) -> None:
    allowed = NEXT.get(application.state, ())
    if state not in allowed:
        can = f"it can become {', '.join(allowed)}" if allowed else "it stays that"
        raise WithdrawalError(application.agent, f"has {application.id} {application.state}: {can}", "day-off-stands")


def check_cancelled_in_time(application: Application, today: date, cancel_days_before: int) -> None:
    """What was approved can be cancelled until so many days before."""
    last = application.day - timedelta(days=cancel_days_before)
    if application.state is ApplicationState.APPROVED and today > last:
        raise WithdrawalError(
            application.agent,
            f"could cancel {application.id} until {last}: ask the unit to take it back",
            "day-off-cancel-late",
            last=str(last),
        )


def check_approved_in_time(application: Application, today: date) -> None:
    """What nobody decided on goes back when the day is over, whenever the day comes to be closed."""
    if today > application.day:
        raise WithdrawalError(
            application.agent,
            f"was to be told of {application.id} by the end of {application.day}: what is held goes back",
            "day-off-over",
        )


def check_taken_back_in_time(application: Application, today: date) -> None:
    """Who was promised a day that is over has had it, whenever it comes to be closed."""
    if application.state is ApplicationState.APPROVED and today > application.day:
        raise WithdrawalError(
            application.agent,
            f"has had {application.id}: {application.day} is over, and what was not worked of it is spent",
            "day-off-stands",
        )


def holding_posting(application: Application, hold: Hold, policy: Policy, by: str, book: str) -> Posting:
    return Posting(
        hold_key(application), hold.revision, book, application.day, (), by, facts=_facts(application),
        terms=(_reserve(application, policy), *draws(application, hold)),
    )  # fmt: skip


def _reserve(application: Application, policy: Policy) -> Reserve:
    owner = agent_owner(application.agent)
    accounts = tuple(Account(owner, kind) for kind in takes_all(policy))
    return Reserve(accounts, Account(owner, RESERVED), application.seconds, SERVICE)


def placing(application: Application, hold: Hold, by: str, book: str) -> Posting:
    """What is held already gets its place, as it was allocated."""
    return Posting(
        f"place/{application.id}", application.number, book, application.day, (), by, facts=_facts(application),
        terms=tuple(draws(application, hold)),
    )  # fmt: skip


def draws(application: Application, hold: Hold, way: int = 1) -> Iterator[Draw]:
    """On the quotas; with -1, what gives it back."""
    for unit in hold.units:
        yield Draw(quota_cap(unit, application.day), way)
    for unit in hold.in_hours:
        yield Draw(hours_cap_name(unit, application.day), way * application.seconds)


def moving_place(one: Application, now: Application, by: str, book: str) -> Posting:
    """What is held stays, and its place goes from the quotas on which it was drawn to those on which `now` draws; of
    those that are both nothing moves."""
    assert one.hold is not None, "it holds something"
    assert now.hold is not None, "and goes on to"
    old, new = [*draws(one, one.hold, -1)], [*draws(now, now.hold)]
    same = {each.cap for each in old} & {each.cap for each in new}
    terms = tuple(each for each in (*old, *new) if each.cap not in same)
    return Posting(f"place/{one.id}", one.number, book, one.day, (), by, facts=_facts(now), terms=terms)


def ending(one: Application, spent_s: int | None, house: House, by: str, book: str, running: str) -> Posting:
    """Ends what is held. `spent_s` are spent, and the rest goes back; None: the day is not taken, and the place goes
    back as well. `running` is the month in which it counts where that of the day is closed."""
    assert one.hold is not None, "it holds something"
    to = house.withdrawn if spent_s else None
    resolve = Resolve((hold_key(one), one.hold.revision), SERVICE, spent_s or 0, to)
    back = draws(one, one.hold, -1) if spent_s is None else ()
    return Posting(
        f"end/{one.id}", one.number, book, one.day, (), by, facts=_facts(one),
        terms=(resolve, *back, Late(running)),
    )  # fmt: skip


def replacing(
    one: Application, now: Application, policy: Policy, by: str, book: str, running: str
) -> tuple[Posting, Posting]:
    """What was held goes back, and `now` holds what it says instead; the place stays, and of quotas in hours the
    difference is drawn, or given back; of those that `now` does not draw on any more, all."""
    assert one.hold is not None, "it holds something"
    assert now.hold is not None, "and goes on to"
    back, goes_on = Resolve((hold_key(one), one.hold.revision), SERVICE), now.hold.in_hours
    more = {unit: (now.seconds if unit in goes_on else 0) - one.seconds for unit in one.hold.in_hours}
    drawn = (Draw(hours_cap_name(unit, one.day), seconds) for unit, seconds in more.items())
    return (
        Posting(f"end/{one.id}", one.number, book, one.day, (), by, facts=_facts(one), terms=(back, Late(running))),
        Posting(
            hold_key(now), now.hold.revision, book, now.day, (), by, facts=_facts(now),
            terms=(_reserve(now, policy), *drawn),
        ),
    )  # fmt: skip


def hold_key(application: Application) -> str:
    return f"hold/{application.id}"


def spent_s(application: Application, worked_s: int, planned_s: int) -> int:
    """What was worked all the same, or was leave, is not spent: whatever is more than the rest of what was planned for
    the day."""
    rest_s = max(0, planned_s - application.seconds)
    return max(0, application.seconds - max(0, worked_s - rest_s))


def planned_s(one: Application, begun: Iterable[Shift]) -> int | None:
    """What the shifts that begin on the day say that the application is for. None where they do not say it: of so many
    seconds nobody has said which, and a day without a shift may have none because it is a day off."""
    if one.start is not None and one.end is not None:
        return work_within_us(begun, Span(one.start, one.end)) // SECOND or None
    return all_work_us(begun) // SECOND or None if one.whole else None


def planned_shifts(one: Application, begun: Sequence[Shift], day: Iterable[Lasting]) -> tuple[Shift, ...]:
    """Of the shifts that begin on the day what the application may be for: all, or what lies in the part from when to
    when; without any, that part, or what there is of the `day`."""
    if one.start is None or one.end is None:
        return tuple(begun) or tuple(Shift(each.start, each.end) for each in day)
    part = Span(one.start, one.end)
    cut = (
        Shift(*each, tuple(spans_within(shift.breaks, each))) for shift in begun for each in spans_within([shift], part)
    )
    return tuple(cut) if begun else (Shift(*part),)


def quota_caps_wanted(places: Mapping[str, Places], day: date) -> dict[str, CapWanted]:
    """The limits of the caps, by their names, from the places of each unit."""
    wanted = {}
    for unit, (agents, seconds) in places.items():
        wanted[quota_cap(unit, day)] = CapWanted(agents, {"agents": agents})
        if seconds is not None:
            wanted[hours_cap_name(unit, day)] = CapWanted(seconds, {"seconds": seconds})
    return wanted


def quota_cap(unit: str, day: date) -> str:
    return f"quota/{unit}/{day.isoformat()}"


def hours_cap_name(unit: str, day: date) -> str:
    return f"{quota_cap(unit, day)}/seconds"


def _facts(application: Application) -> str:
    return as_facts({"unit": application.unit, "agent": application.agent})
