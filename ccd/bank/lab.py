"""The policy lab: an allowance out of a centre's own history, and accounts as another policy would have left them
(docs/time-bank.md 5). Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from operator import attrgetter
from statistics import quantiles
from typing import NamedTuple

from ccd.bank.accounts import BALANCE_KINDS, DAY_ORIGIN, EXPIRY, LEAVE, ORIGINS, RESERVED, House, agent_owner
from ccd.bank.difference import UNPOSTED, apply_legs, legs_of
from ccd.bank.measured import Measured, settlement_key
from ccd.bank.overdraft import taken, takes_all
from ccd.bank.policy import PPM, Policies
from ccd.bank.worth import worth_of
from ccd.errors import TooLittleHistoryError
from ccd.floor.days import SECOND
from ccd.ledger.model import Movement, StatementLine, key_spelled

AGENTS_MIN = 20
BASE_MIN_S = 8 * 3_600  # of a month: who was there for a day says nothing about a month
SHOWN = (10, 25, 50, 75, 90)  # percentiles
PROPOSED = 75
STEP_PPM = 1_000  # nobody keeps an allowance of 3.6842 % in mind
ORIGIN_OF = {service: origin for origin in ORIGINS for service in origin.services}


class Habit(NamedTuple):
    """What an agent used of a month: aux, and the base that it was used of, both in µs."""

    agent: str
    aux: int
    base: int


class ProposedRate(NamedTuple):
    """An allowance, and what it was taken from; ratios in parts per million."""

    rate_ppm: int
    percentiles: Mapping[int, int]
    agents: int
    agent_months: int


class TriedSums(NamedTuple):
    """Seconds of an agent: what the days tried brought and cost, and what is on the accounts in the end."""

    saved_s: int
    charged_s: int
    leave_s: int
    balance_s: int  # with what is reserved
    owed_s: int  # on the leave account

    @property
    def net_s(self) -> int:
        return self.balance_s - self.owed_s

    def plus(self, other: "TriedSums") -> "TriedSums":
        return TriedSums(*(one + another for one, another in zip(self, other, strict=True)))


class Tried(NamedTuple):
    """An agent's account as it is, and as it would be. `uncovered_s` was given out in truth and would not have been
    there: days off that the other policy would not have paid for."""

    agent: str
    now: TriedSums
    then: TriedSums
    uncovered_s: int


def proposed_rate(habits: Iterable[Habit]) -> ProposedRate:
    """The third quartile of agents' monthly aux ratios. TooLittleHistoryError below 20 agents."""
    known = [habit for habit in habits if habit.base >= BASE_MIN_S * SECOND]
    agents = {habit.agent for habit in known}
    if len(agents) < AGENTS_MIN:
        raise TooLittleHistoryError(len(agents), AGENTS_MIN, BASE_MIN_S // 3_600)
    cuts = quantiles((habit.aux * PPM // habit.base for habit in known), n=100, method="inclusive")
    found = {percent: round(cuts[percent - 1]) for percent in SHOWN}
    rate_ppm = max(STEP_PPM, round(found[PROPOSED] / STEP_PPM) * STEP_PPM)
    return ProposedRate(rate_ppm, found, len(agents), len(known))


def tried(agent: str, lines: Iterable[StatementLine], days: Sequence[Measured], policies: Policies) -> Tried:
    """Lives through an agent's whole statement, oldest line first, once more: a day among `days` is worth what it is
    by `policies`, whatever else was posted is posted as it was, as far as the account would have covered it."""
    life = _Life(agent, {settlement_key(agent, day.day): day for day in days}, policies)
    for line in lines:
        life.live(line)
    return life.told()


class _Life:
    def __init__(self, agent: str, days: Mapping[str, Measured], policies: Policies) -> None:
        self._agent, self._owner, self._policies = agent, agent_owner(agent), policies
        self._waiting = dict(sorted(days.items(), key=lambda item: item[1].day))
        self._tried = frozenset(days)
        self._house = House.of("")  # of no centre: what is on it does not matter here
        self._then: Counter[str] = Counter()
        self._owed_of: Counter[tuple[date, str]] = Counter()  # of what is owed then, by day and origin
        self._now: Mapping[str, int] = {}
        self._moved_now: Counter[str] = Counter()
        self._moved_then: Counter[str] = Counter()
        self._uncovered_s = 0
        # By a posting's key, as it is spelled: what it took then, and what of it was not covered.
        self._went: dict[str, tuple[Counter[str], int]] = {}
        self._takes: tuple[str, ...] = BALANCE_KINDS

    def live(self, line: StatementLine) -> None:
        self._now = line.after
        if line.key in self._tried:
            for movement in line.movements:
                self._moved_now[movement.service] += _worth_to_agent(movement.kind, movement.seconds)
            if line.key in self._waiting:
                self._settle_up_to(self._waiting[line.key].day)
            return
        self._post_as_it_was(line)

    def told(self) -> Tried:
        self._settle_up_to(date.max)
        now, then = (
            TriedSums(
                moved[DAY_ORIGIN.credit],
                -moved[DAY_ORIGIN.charge],
                -moved[DAY_ORIGIN.leave],
                sum(accounts.get(kind, 0) for kind in (*BALANCE_KINDS, RESERVED)),
                accounts.get(LEAVE, 0),
            )
            for moved, accounts in ((self._moved_now, self._now), (self._moved_then, self._then))
        )
        return Tried(self._agent, now, then, self._uncovered_s)

    def _settle_up_to(self, last: date) -> None:
        """In the order of days, as settlement goes."""
        for key in [key for key, day in self._waiting.items() if day.day <= last]:
            measured = self._waiting.pop(key)
            policy = self._policies.policy_at(measured.unit, measured.day)
            worth, self._takes = worth_of(measured, policy), takes_all(policy)
            legs = legs_of(worth, UNPOSTED, self._then, policy.overdraft_takes, self._owner, self._house)
            apply_legs(legs, self._owner, self._then)
            for leg in legs:
                gain = leg.credit.owner == self._owner
                kind = (leg.credit if gain else leg.debit).kind
                if kind == LEAVE:
                    self._owed_of[measured.day, DAY_ORIGIN.name] += leg.seconds if gain else -leg.seconds
                self._moved_then[leg.service] += _worth_to_agent(kind, leg.seconds if gain else -leg.seconds)

    def _post_as_it_was(self, line: StatementLine) -> None:
        """As far as the account would have covered it; what was taken so comes back as it was."""
        moves = sorted(line.movements, key=attrgetter("seconds"))
        losses = [move for move in moves if move.seconds < 0]
        if not losses and line.reference in self._went:
            took, uncovered_s = self._went.pop(line.reference)
            self._then.update(took)
            self._owe(line.day, [move for move in moves if move.kind == LEAVE], took[LEAVE])
            self._uncovered_s -= uncovered_s
            return
        before, uncovered_s = Counter(self._then), self._uncovered_s
        held_s = 0
        if any(move.service == EXPIRY for move in losses):
            self._expire(losses)
        elif any(move.kind == LEAVE for move in losses):
            self._set_against_leave(line.day, losses)
        else:
            held_s = self._take(losses)
        gains = [move for move in moves if move.seconds >= 0]
        self._owe(line.day, gains, sum(move.seconds for move in gains if move.kind == LEAVE))
        self._give(gains, held_s)
        if losses:
            took = before - self._then
            self._went[key_spelled(line.key, line.revision)] = took, self._uncovered_s - uncovered_s

    def _expire(self, losses: Iterable[Movement]) -> None:
        """What is not there does not, nor anything in its place."""
        for move in losses:
            self._then[move.kind] = max(0, self._then[move.kind] + move.seconds)

    def _take(self, losses: Iterable[Movement]) -> int:
        """What was given out, or held. How much there was to be held."""
        held_s = 0
        for move in losses:
            paid_s = self._pay(move.kind, -move.seconds)
            if self._is_own(move):
                held_s += paid_s
            else:
                self._uncovered_s += -move.seconds - paid_s
        return held_s

    def _set_against_leave(self, day: date, losses: Sequence[Movement]) -> None:
        """Leave that is not owed of the day is not offset, nor is what nobody would have paid for."""
        leave_s = -sum(move.seconds for move in losses if move.kind == LEAVE)
        owed_s = min(leave_s, self._then[LEAVE], max(0, self._owed_of[_item(day, losses)]))
        open_s, unpaid_s = owed_s, 0
        for move in losses:
            if move.kind != LEAVE:
                paid_s = self._pay(move.kind, min(-move.seconds, open_s))
                open_s -= paid_s
                unpaid_s += -move.seconds - paid_s
        gone_s = min(leave_s - unpaid_s, owed_s)
        self._then[LEAVE] -= gone_s
        self._owe(day, losses, -gone_s)

    def _owe(self, day: date, moves: Sequence[Movement], seconds: int) -> None:
        """So much more of the day, by the origin of what moves the leave."""
        if seconds:
            self._owed_of[_item(day, moves)] += seconds

    def _give(self, gains: Iterable[Movement], held_s: int) -> None:
        """What was not there to be held does not come back either."""
        for move in gains:
            came_s = move.seconds
            if self._is_own(move):
                came_s = min(came_s, held_s)
                held_s -= came_s
            self._then[move.kind] += came_s

    def _is_own(self, move: Movement) -> bool:
        """From one of the agent's accounts to another."""
        return move.other.owner == self._owner

    def _pay(self, kind: str, seconds: int) -> int:
        """From that account, and what is not there any more from the others: all of a balance can be spent. What was
        paid."""
        others = (other for other in self._takes if other != kind) if kind in BALANCE_KINDS else ()
        draws = taken(seconds, self._then, (kind, *others))
        for each, draw in draws:
            self._then[each] -= draw
        return sum(draw for _, draw in draws)


def _item(day: date, moves: Iterable[Movement]) -> tuple[date, str]:
    """Whose leave they move: of a service of nobody's, as by hand, the day's own."""
    service = next(move.service for move in moves if move.kind == LEAVE)
    return day, ORIGIN_OF.get(service, DAY_ORIGIN).name


def _worth_to_agent(kind: str, seconds: int) -> int:
    """Leave is owed: more of it is less."""
    return -seconds if kind == LEAVE else seconds
