"""What docs/time-bank.md makes of what was said and measured, reckoned beside the bank: from rows that are facts, from
the plan and the leave that a test has told itself, and by none of the bank's own rules."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.accounts import owning_agent
from ccd.bank.attendance_calendar import span
from ccd.bank.emergency_rows import emergencies, emergency_ends
from ccd.bank.month_rows import attendance_results
from ccd.bank.overtime_entry_rows import overtime_approvals, overtime_entries
from ccd.bank.withdrawal_rows import withdrawal_states, withdrawals
from ccd.floor.days import dates
from ccd.history.schema import day_records
from ccd.ledger.schema import accounts, entries, owners, transactions
from ccd.org.entitlement_rows import entitlements
from ccd.settings import Policy
from tests.cases.world import World
from tests.floor.floors import S

PPM, A_DAY = 1_000_000, timedelta(days=1)
LEVELS_PPM = {"I": 300_000, "II": 450_000, "III": 600_000}
OF_THE_DAY = ("savings", "overdraft", "leave")
OF_A_DAY_OFF = ("withdrawal", "worked", "worked_leave")
OF_OVERTIME = ("overtime", "interest", "overtime_leave")
OF_OFFSETS = ("offset", "idle_offset", "overtime_offset", "worked_offset")
TABLES: tuple[Table, ...] = (
    accounts, attendance_results, day_records, emergencies, emergency_ends, entitlements, entries, owners,
    overtime_approvals, overtime_entries, transactions, withdrawal_states, withdrawals,
)  # fmt: skip

AgentDay = tuple[str, date]
Times = tuple[int, int]  # a span, µs
Entered = defaultdict[tuple[str, str, date], dict[int, int]]  # by emergency, agent and day


class Moved(NamedTuple):
    """What a transfer has brought to an account of an agent's, or taken from it."""

    agent: str
    kind: str
    day: date
    service: str
    seconds: int


class Reckoned:
    """One state of a world."""

    def __init__(self, world: World, rows: Mapping[str, list[Any]]) -> None:
        self.world, self.rows = world, rows
        self.records: dict[AgentDay, Any] = {(row.agent, row.day): row for row in rows["day_records"]}  # the newest

    @classmethod
    async def of(cls, connection: AsyncConnection, world: World) -> "Reckoned":
        rows = {}
        for table in TABLES:
            in_order = select(table).order_by(*table.primary_key.columns)
            rows[table.name] = list((await connection.execute(in_order)).all())
        return cls(world, rows)

    def hold(self, given: set[tuple[str, str]]) -> None:
        """`given` are the agents and months of which attendance was told before; those that it was told of since are
        added."""
        self.days_are_worth_what_they_say()
        self.days_off_cost_what_they_should()
        self.overtime_is_what_was_worked_or_counts()
        self.offsets_change_no_net()
        self.points_go_by_the_share(given)

    # --- days ---------------------------------------------------------------------------------------------------------

    def days_are_worth_what_they_say(self) -> None:
        """2.4, by the share of a contract and the entitlement that were said of each day last."""
        held = self._net(OF_THE_DAY)
        held.subtract(self._written_off("settle"))
        worth = {key: self._worth_s(row) for key, row in self.records.items()}
        assert _some(held) == _some(worth)

    def _worth_s(self, row: Any) -> int:
        if row.unit is None:
            return 0
        said, policy = json.loads(row.expected or "{}"), self._policy(row.unit, row.day)
        counted = "counted_" if "shifts" in said or "ruled" in said else ""
        names = ("signed_in", "exempt", "unreachable", "aux", "unobserved")
        signed_in, exempt, unreachable, aux, unobserved = (getattr(row, f"{counted}{name}_us") for name in names)
        base, most = max(0, signed_in - exempt - unreachable), signed_in + unobserved
        if not policy.schedules:
            shorter = policy.part_time == "shorter_days"
            most = policy.base_s_max * S * (self._share_ppm(row.agent, row.day) if shorter else PPM) // PPM
            if not (row.answered or row.pauses or row.sign_ins or row.sign_outs):
                base = sum(end - start for start, end, how, _ in said.get("ruled", ()) if how in ("available", "aux"))
        overtime = self._overtime_in_base_s(row.agent, row.day) * S if policy.schedules else 0
        base, most, aux_s = min(base, most) + overtime, most + overtime, aux // S
        rate_ppm, minimum_s = self._entitled(row.agent, row.day)
        rate_ppm, minimum_s = max(policy.rate_ppm, rate_ppm), max(policy.allowance_min_s, minimum_s)
        spared_s = max(rate_ppm * min(base + unobserved, most) // (PPM * S), minimum_s)
        worth_s: int = max(0, policy.rate_ppm * base // (PPM * S) - aux_s) - max(0, aux_s - spared_s)
        return worth_s

    def _overtime_in_base_s(self, agent: str, day: date) -> int:
        """Of what is paid, what nobody has entered."""
        unit, key = self.records[agent, day].unit, f"overtime/{agent}/{day}"
        if not self._policy(unit, day).overtime.counts_in_base:
            return 0
        facts = [row.facts for row in self.rows["transactions"] if row.key == key and row.state == "posted"]
        paid = json.loads(facts[-1])["paid"] if facts else ()
        return sum(one["principal"] - one["entered"] for one in paid)

    # --- days off -----------------------------------------------------------------------------------------------------

    def days_off_cost_what_they_should(self) -> None:
        """3.6: what is held is reserved. What was taken costs all that is planned of it and that no leave comes before,
        where nobody was there, and never more."""
        held: Counter[str] = Counter()
        cost = self._net(OF_A_DAY_OFF)
        cost.subtract(self._written_off("worked"))
        for one, state, seconds in self._days_off():
            if state in ("applied", "approved"):
                held[one.agent] += seconds
            if state == "taken":
                least_s, most_s = self._costs_s(one, seconds)
                spent_s = -cost.pop((one.agent, one.day), 0)
                assert least_s <= spent_s <= most_s, f"{one} costs {spent_s} s of {least_s} to {most_s}"
        assert _some(cost) == {}, "nothing costs anything but what was taken"
        reserved: Counter[str] = Counter()
        for moved in self._moved:
            if moved.kind == "reserved":
                reserved[moved.agent] += moved.seconds
        assert _some(reserved) == _some(held)

    def _days_off(self) -> Iterator[tuple[Any, str, int]]:
        """Each with its state, and the seconds that it is for by now."""
        states = {row.withdrawal: row for row in self.rows["withdrawal_states"]}
        for one in self.rows["withdrawals"]:
            yield one, states[one.id].state, states[one.id].seconds or one.seconds

    def _costs_s(self, one: Any, held_s: int) -> tuple[int, int]:
        day = self.world.site.units.days(one.unit).of_date(one.day)
        planned = list(self._planned(one.agent))
        begun = [shift for shift in planned if day.start <= shift[0][0] < day.end]
        nights = [own for own, _ in planned if own[0] < day.start]
        within = (day.start, max([day.end, *(end for (_, end), _ in begun)]))
        if one.start_at is not None:
            within = one.start_at, one.end_at
        beats = self._policy(one.unit, one.day).days_off.beaten_by
        told = [each for each in self.world.leave.values() if each.agent == one.agent and not each.withdrawn]
        leave = [(each.start, each.end) for each in told if each.what in beats]
        if _worked_s(begun, [within]):
            left_s = _worked_s(begun, _less(within, leave))
        else:
            left_s = held_s - (_lasting_s(_less(within, nights)) - _lasting_s(_less(within, nights + leave)))
        says = one.whole or one.start_at is not None or _less(within, leave) != [within]
        most_s = max(0, min(held_s, left_s)) if says else held_s
        records = [self.records.get((one.agent, each)) for each in (one.day, one.day + A_DAY)]
        there = any(row is not None and (row.signed_in_us or '"ruled"' in row.expected) for row in records)
        return 0 if there else most_s, most_s

    # --- overtime -----------------------------------------------------------------------------------------------------

    def overtime_is_what_was_worked_or_counts(self) -> None:
        """3.2: of entries by hand the last that came to count, and never one that was declined or waits."""
        net, entered = self._net(OF_OVERTIME), self._entered()
        net.subtract(self._written_off("overtime"))
        lasts = self._lasting()
        said: Counter[AgentDay] = Counter()
        principal: Counter[AgentDay] = Counter()
        kept = (row for row in self.rows["transactions"] if row.state == "posted")
        posted = {row.key: row.facts for row in kept if row.key.startswith("overtime/")}
        for key, facts in posted.items():
            _, agent, day = key.split("/")
            own = agent, date.fromisoformat(day)
            self._each_second_is_paid_once(own, json.loads(facts)["paid"], entered)
            for paid in json.loads(facts)["paid"]:
                said[own] += paid["principal"] + paid["interest"]
                principal[own] += paid["principal"]
                assert paid["entered"] <= max(entered[paid["emergency"], *own].values(), default=0)
                assert paid["principal"] * S <= lasts[paid["emergency"]][1] - lasts[paid["emergency"]][0]
                rounded_s = paid["interest"] - LEVELS_PPM[paid["level"]] * paid["principal"] // PPM
                assert 0 <= rounded_s < 300, "it bears the interest of its level, rounded up to five minutes at most"
        assert _some(net) == _some(said)
        for (emergency, agent, day), counting in entered.items():
            if counting and lasts[emergency][1] <= self.world.clock():
                least_s = min(counting[max(counting)], self._outside_s(agent, day, lasts[emergency]))
                assert principal[agent, day] >= least_s

    def _each_second_is_paid_once(self, own: AgentDay, paid: list[Any], entered: Entered) -> None:
        """However much is said: of two emergencies, over the same hours what was said of the one was worked in the
        other."""
        lasts = self._lasting()
        spans = [lasts[one["emergency"]] for one in paid]
        there = sum(_lasting_us(_less(each, spans[:number])) for number, each in enumerate(spans))
        assert sum(one["principal"] for one in paid) * S <= there
        said = {
            emergency: max(counting.values()) for (emergency, *whose), counting in entered.items()
            if whose == [*own] and counting
        }  # fmt: skip
        if len(said) == 2:
            (one, other), sums = [lasts[emergency] for emergency in said], [*said.values()]
            both_s = self._outside_s(*own, (max(one[0], other[0]), min(one[1], other[1])))
            rounded_s = 1  # a second may lie across an edge
            assert sum(each["entered"] for each in paid) <= sum(sums) - min(both_s, *sums) + rounded_s

    def _lasting(self) -> dict[str, Times]:
        ends = {row.emergency: row.end_at for row in self.rows["emergency_ends"]}
        return {row.id: (row.start_at, ends[row.id]) for row in self.rows["emergencies"]}

    def _entered(self) -> Entered:
        """Seconds that count or have counted, by the instant from which on each did. One takes a second person where
        with what counts then of the agent's day it comes to more than one may say, and adds to what was said."""
        units = {row.id: (row.unit, row.start_at) for row in self.rows["emergencies"]}
        decided = {row.entry: row for row in self.rows["overtime_approvals"]}
        found: Entered = defaultdict(dict)
        for one in sorted(self.rows["overtime_entries"], key=lambda one: one.at):
            unit, start = units[one.emergency]
            policy, at = self._policy(unit, self.world.site.units.days(unit).at(start).day), one.at
            held = _held(found, (one.agent, one.day), at)
            here_s = held.pop(one.emergency, 0)
            needs = one.seconds + sum(held.values()) > policy.overtime.entry_second_s and one.seconds > here_s
            assert one.needs_second == needs
            if needs:
                if one.id not in decided or not decided[one.id].approves:
                    continue
                at = decided[one.id].at
            found[one.emergency, one.agent, one.day][at] = one.seconds
        return found

    def _outside_s(self, agent: str, day: date, lasting: Times) -> int:
        """What of it is of the agent's day, and surely outside of shifts."""
        own = self.world.site.units.days(self.world.site.agent_days.unit(agent, day) or "").of_date(day)
        planned = sum(_shared(shift, lasting) for shift, _ in self._planned(agent))
        return max(0, _shared((own.start, own.end), lasting) - planned) // S

    # --- leave offset, and full attendance ----------------------------------------------------------------------------

    def offsets_change_no_net(self) -> None:
        """3.5: what the balance gives for it is owed no more, what it gets back is owed again; and no more comes back
        than was offset."""
        assert _some(self._net(OF_OFFSETS)) == {}
        offset: Counter[tuple[str, date, str]] = Counter()
        for moved in self._moved:
            if moved.service in OF_OFFSETS and moved.kind == "leave":
                offset[moved.agent, moved.day, moved.service] += moved.seconds
        assert max(offset.values(), default=0) <= 0

    def points_go_by_the_share(self, given: set[tuple[str, str]]) -> None:
        """7: as the share was when the month was closed."""
        begins = self.world.site.settings.attendance.month_begins
        for row in self.rows["attendance_results"]:
            if row.number == 1 and (row.agent, row.month) not in given:
                given.add((row.agent, row.month))
                days = list(dates(*span(row.month, begins)))
                share = sum(self._share_ppm(row.agent, day) for day in days) / len(days) / PPM
                assert abs(row.points_100 - (1_000 * share if row.full_attendance else 0)) <= 1

    @property
    def charged(self) -> list[AgentDay]:
        """Those of which leave was made, in the order of days."""
        found = {(moved.agent, moved.day) for moved in self._moved if moved.service == "leave"}
        return sorted(found, key=lambda own: own[::-1])

    # --- what it follows from -----------------------------------------------------------------------------------------

    @cached_property
    def _moved(self) -> list[Moved]:
        names = {row.id: owning_agent(row.name) for row in self.rows["owners"]}
        own = {row.id: (names[row.owner_id], row.kind) for row in self.rows["accounts"] if names[row.owner_id]}
        return [
            Moved(*own[account], row.day, row.service, sign * row.seconds)
            for row in self.rows["entries"]
            for account, sign in ((row.debit, -1), (row.credit, 1))
            if account in own
        ]

    def _net(self, services: tuple[str, ...]) -> Counter[AgentDay]:
        """Balance and reserved less leave, of what was moved for each day by services."""
        found: Counter[AgentDay] = Counter()
        for moved in self._moved:
            if moved.service in services:
                found[moved.agent, moved.day] += -moved.seconds if moved.kind == "leave" else moved.seconds
        return found

    def _written_off(self, word: str) -> Counter[AgentDay]:
        """By the facts of the postings whose keys begin with a word."""
        days = {row.id: (row.agent, row.day) for row in self.rows["withdrawals"]}
        found: Counter[AgentDay] = Counter()
        for row in self.rows["transactions"]:
            first, _, rest = row.key.partition("/")
            if first == word and row.state == "posted" and "written_off" in row.facts:
                agent, _, day = rest.rpartition("/")
                whose = days[rest] if word == "worked" else (agent, date.fromisoformat(day))
                found[whose] += json.loads(row.facts)["written_off"]
        return found

    def _policy(self, unit: str, day: date) -> Policy:
        """The newest that holds: the unit's own, or else that of all."""
        held = [one for one in self.world.site.settings.policy if one.starts <= day and one.unit in (unit, None)]
        return max(held, key=lambda one: (one.unit is not None, one.starts))

    def _share_ppm(self, agent: str, day: date) -> int:
        """By the lines of people that were imported: the newest that holds."""
        people = self.world.site.people_said
        lines = [line.split(",") for line in people.text.splitlines()[1:]] if people else []
        own = [(date.fromisoformat(since), int(ppm)) for _, _, whose, *_, ppm, since in lines if whose == agent]
        return max((one for one in own if one[0] <= day), default=(day, PPM))[1]

    def _entitled(self, agent: str, day: date) -> tuple[int, int]:
        """An own rate, and an own minimum in seconds; 0 where there is none."""
        said = [
            row for row in self.rows["entitlements"]
            if row.agent == agent and row.first_day <= day and (row.until_day is None or day < row.until_day)
        ]  # fmt: skip
        return (said[-1].rate_ppm or 0, said[-1].minimum_s or 0) if said else (0, 0)

    def _planned(self, agent: str) -> Iterator[tuple[Times, list[Times]]]:
        """Shifts with their breaks."""
        for one in self.world.plan.values():
            if one.agent == agent and not one.withdrawn:
                yield (one.start, one.end), json.loads(one.what)


def _held(entered: Entered, own: AgentDay, until: int) -> dict[str, int]:
    """By emergency, what counted last of an agent's day before an instant."""
    found = {}
    for (emergency, *whose), counting in entered.items():
        before = [at for at in counting if at < until]
        if whose == [*own] and before:
            found[emergency] = counting[max(before)]
    return found


def _shared(one: Times, other: Times) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def _less(span: Times, cuts: Iterable[Times]) -> list[Times]:
    """What is left of it, piece by piece."""
    pieces = [span]
    for begins, ends in cuts:
        both = [piece for start, end in pieces for piece in ((start, min(end, begins)), (max(start, ends), end))]
        pieces = [(start, end) for start, end in both if start < end]
    return pieces


def _lasting_us(pieces: Iterable[Times]) -> int:
    return sum(end - start for start, end in pieces)


def _lasting_s(pieces: Iterable[Times]) -> int:
    return _lasting_us(pieces) // S


def _worked_s(shifts: Iterable[tuple[Times, list[Times]]], pieces: Iterable[Times]) -> int:
    """What of the shifts lies in these pieces, less breaks."""
    return (
        sum(_shared(own, each) - sum(_shared(rest, each) for rest in rests) for own, rests in shifts for each in pieces)
        // S
    )


def _some(sums: Mapping[Any, int]) -> dict[Any, int]:
    return {key: seconds for key, seconds in sums.items() if seconds}
