"""The close of an attendance month (docs/time-bank.md 3.5). Whatever it dies of, it is done again.

What nobody has decided on is decided by rule, some agents at a time; then, in one transaction that keeps everybody else
from the month, it is looked once more whether anything was made leave since, attendance is given what it has of each
agent, what nobody used for too long expires, and the month is closed.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection

from ccd.bank.accounts import agent_owner
from ccd.bank.asking import Asking
from ccd.bank.attendance import AttendedDay, LoanFigures, Month, attendance_month, faults_of
from ccd.bank.expiry import Expiring, Expiry
from ccd.bank.loan import LoanOffer, secures
from ccd.bank.month_rows import Result, add_results, agents_owing, is_closed, result_told, results_of
from ccd.bank.offsetting import AgentAtClose, Loans
from ccd.bank.outbox import OutboxItem, OutboxKind, tell
from ccd.bank.policy import Policies
from ccd.errors import MonthOpenError
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import Close, Posting
from ccd.org.staff import WHOLE_PPM

AGENTS_AT_ONCE = 100
TRIES_MAX = 10  # at a month in which days are revised while it closes
CLOSES = "month close"  # the kind of act, which open pages are told of
AT_CLOSE = "as the month closed"

AtRest = Callable[[Connection], bool]


class Attended(NamedTuple):
    """An agent's month as it was measured so far: its days, those on which the roster has no place for the agent, those
    that are under appeal, the part of a full contract, in parts per million, and whether there are shifts to come."""

    agent: str
    unit: str
    days: tuple[AttendedDay, ...]
    absent_on: tuple[date, ...] = ()
    disputed: frozenset[date] = frozenset()
    contract_ppm: int = WHOLE_PPM
    has_more_shifts: bool = False


class Difference(NamedTuple):
    """What attendance was given of an agent's month, and what it would be given now."""

    given: Result | None
    now: Month


class MonthClose:
    """Of one site, whose book is closed as a whole."""

    def __init__(self, ledger: Ledger, policies: Policies, loans: Loans, expiry: Expiry, site: str) -> None:
        self._ledger, self._policies, self._loans, self._site = ledger, policies, loans, site
        self._expiry = expiry

    async def close(
        self, asking: Asking, month: str, attended: Sequence[Attended], at_rest: AtRest = lambda _: True
    ) -> dict[str, Result]:
        """What attendance has of each agent. Of a month that is closed it says the same again, and changes nothing.
        MonthOpenError where what was attended is not `at_rest`: something else was told of it since it was read."""
        if known := await self.given(month):
            return known
        undecided = [self.undecided(month, one) for one in attended]
        for _ in range(TRIES_MAX):
            for first in range(0, len(undecided), AGENTS_AT_ONCE):
                await self._ledger.at_desk(lambda desk: _check_rest(desk, month, at_rest), keep=False)
                await self._loans.settle(month, undecided[first : first + AGENTS_AT_ONCE])
            closed = await self._ledger.at_desk(
                lambda desk: self._close(desk, asking, month, attended, undecided, at_rest)
            )
            if closed is not None:
                return closed
        raise _goes_on(month)

    async def settle_appealed(self, month: str, attended: Sequence[Attended]) -> set[str]:
        """Offsets or hands over what waited for an appeal that is decided; whose accounts are others now."""
        return await self._loans.settle(month, [self.undecided(month, one) for one in attended])

    async def given(self, month: str, agent: str | None = None) -> dict[str, Result]:
        """What attendance was given last, by agent; empty while the month is open."""
        return await self._ledger.at_desk(
            lambda desk: results_of(desk.connection, self._site, month, agent), keep=False
        )

    async def owing(self, month: str) -> list[str]:
        """By name, whom attendance was given with something that waited for an appeal."""
        return await self._ledger.at_desk(lambda desk: agents_owing(desk.connection, self._site, month), keep=False)

    async def differences(self, month: str, attended: Sequence[Attended]) -> list[Difference]:
        """Of a closed month, by agent: what would be another now. Whether attendance was full stays as it was."""

        def work(desk: Desk) -> list[Difference]:
            given = results_of(desk.connection, self._site, month)
            if not given:
                raise MonthOpenError(
                    month, "is not closed: there is nothing to correct yet", "month-not-closed", month=month
                )
            desk.lock([], [agent_owner(one.agent) for one in attended])
            return [one for one in self._now(desk, month, attended, given) if _differs(one)]

        return await self._ledger.at_desk(work, keep=False)

    async def correct(
        self, asking: Asking, month: str, attended: Attended, why: str, reopens: bool = False
    ) -> Result | None:
        """Gives attendance the next number of an agent's month; None where nothing is another. Full attendance is
        another only where it `reopens`, as an appeal that was lodged in time can."""

        def work(desk: Desk) -> Result | None:
            desk.lock([], [agent_owner(attended.agent)])
            given = results_of(desk.connection, self._site, month, attended.agent)
            if not given and not is_closed(desk.connection, self._site, month):
                raise MonthOpenError(
                    month, "is not closed: there is nothing to correct yet", "month-not-closed", month=month
                )
            (one,) = self._now(desk, month, [attended], given, reopens)
            if not _differs(one):
                return None
            number = one.given.number + 1 if one.given else 1
            result = Result(one.now, number, asking.at, asking.by, why)
            add_results(desk.connection, self._site, month, [result])
            said = {"month": month, "number": number, "full": one.now.full}
            asking.noted(desk.connection, "month correct", attended.agent, said, why)
            tell(desk.connection, [result_told(self._site, month, result)])
            return result

        return await self._ledger.at_desk(work)

    def outlook(self, month: str, one: Attended, loan: LoanFigures) -> Month:
        """The agent's month as it stands: what was, and the rest of it taken to be kept."""
        policy = self._policies.policy_at(one.unit or None, self._last(month))
        faults = faults_of(
            one.days,
            one.absent_on,
            lambda day: self._policies.policy_at(day.unit, day.day),
            one.has_more_shifts and policy.schedules,
        )
        return attendance_month(one.agent, one.days, faults, loan, policy.full, one.contract_ppm)

    def forecast(self, month: str, one: Attended, offer: LoanOffer) -> Month:
        """The agent's month as it would be closed now, if that were offset of which nobody has said anything."""
        policy = self._policies.policy_at(one.unit or None, self._last(month))
        offset_s, taken_s = (sum(getattr(item, name) for item in offer.items) for name in ("offset_s", "taken_s"))
        open_s = offer.owed_s
        if offer.by_itself and secures(offer, self.undecided(month, one).faults, policy.full.leave_grace_s):
            offset_s, open_s = offset_s + open_s, 0
        return self.outlook(month, one, LoanFigures(offset_s, taken_s, open_s))

    async def expires(self, month: str, one: Attended) -> Expiring | None:
        """What of the agent's would expire if the month were closed as things stand; None where nothing ever does, or
        nothing any more: it is closed."""

        def work(desk: Desk) -> Expiring | None:
            left = self._loans.left_at_close(desk, month, [self.undecided(month, one)])
            if is_closed(desk.connection, self._site, month):
                return None
            return self._expiry.foreseen(desk, one.agent, month, left)

        return await self._ledger.at_desk(work, keep=False)

    # --- at the desk -------------------------------------------------------------------------------------------------

    def _close(
        self,
        desk: Desk,
        asking: Asking,
        month: str,
        attended: Sequence[Attended],
        undecided: Sequence[AgentAtClose],
        at_rest: AtRest,
    ) -> dict[str, Result] | None:
        owners = [agent_owner(one.agent) for one in attended]
        desk.lock([(self._site, month)], owners, closing=True)
        if known := results_of(desk.connection, self._site, month):
            return known
        _check_rest(desk, month, at_rest)
        if self._loans.open_items(desk, month, undecided):
            return None
        results = [
            Result(one.now, 1, asking.at, asking.by, AT_CLOSE) for one in self._now(desk, month, attended, {}, True)
        ]
        add_results(desk.connection, self._site, month, results)
        expired_s = self._expiry.post(desk, month, [one.agent for one in attended], asking.at)
        if desk.open_month(self._site, month) == month:
            closing = Posting(
                f"close/{self._site}/{month}", 1, self._site, self._last(month), (), asking.signed,
                text=AT_CLOSE, terms=(Close(),), counts_in=month,
            )  # fmt: skip
            desk.post([closing])[0].or_raise()
        full = sum(result.month.full for result in results)
        said = {"agents": len(results), "full": full, "expired": expired_s}
        asking.noted(desk.connection, CLOSES, month, said, AT_CLOSE)
        items = [result_told(self._site, month, result) for result in results]
        tell(desk.connection, [*items, self._all_told(month, asking.at, len(results), full)])
        return {result.month.agent: result for result in results}

    def _now(
        self,
        desk: Desk,
        month: str,
        attended: Sequence[Attended],
        given: Mapping[str, Result],
        reopens: bool = False,
    ) -> list[Difference]:
        loans = self._loans.loans(desk, month, [one.agent for one in attended])
        found = []
        for one in attended:
            now, before = self.outlook(month, one, loans[one.agent]), given.get(one.agent)
            if before is not None and not reopens:
                kept = before.month
                now = now._replace(full=kept.full, points_100=kept.points_100, faults=kept.faults)
            found.append(Difference(before, now))
        return found

    def _all_told(self, month: str, at: int, agents: int, full: int) -> OutboxItem:
        first, last = (day.isoformat() for day in self._loans.calendar.span(month))
        data = {
            "site": self._site,
            "month": month,
            "from": first,
            "to": last,
            "agents": agents,
            "full_attendance": full,
        }
        return OutboxItem(OutboxKind.CLOSED, f"{self._site}/{month}", at, data)

    def undecided(self, month: str, one: Attended) -> AgentAtClose:
        return AgentAtClose(one.agent, one.unit, len(self.outlook(month, one, LoanFigures()).faults), one.disputed)

    def _last(self, month: str) -> date:
        return self._loans.calendar.last_day(month)


def _check_rest(desk: Desk, month: str, at_rest: AtRest) -> None:
    if not at_rest(desk.connection):
        raise _goes_on(month)


def _goes_on(month: str) -> MonthOpenError:
    found = "goes on being revised: close it once that has come to rest"
    return MonthOpenError(month, found, "month-waits", month=month)


def _differs(one: Difference) -> bool:
    return one.given is None or one.given.month != one.now
