"""Random floors for random months: by which clock, under which policies, who is where, and what agents do of a day."""

import sys
from collections import Counter
from datetime import date, timedelta
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st

from tests.bank.months import rosters
from tests.cases.world import UNITS

LONG = settings.get_current_profile_name() == "soak"
TIMEOUT_S = 14_400 if LONG else 600
SELDOM = 10  # times refused for each time that it is done
PHASES = tuple(Phase) if LONG else (Phase.generate,)  # to make smaller what is found takes its time

AGENTS = ("1001", "1002", "2001")
PARTS = (25, 50, 80, 100)  # of a contract, %
SPARE = "9009"  # a seat on which somebody works before the roster says who
KINDS = ("contest", "suggestion")
MOVES = ("stays", "moves", "leaves", "joins", "is back")

agents = st.sampled_from(AGENTS)
hours = st.sampled_from(["08:00-16:00", "09:30-12:00", "13:00-16:00", "10:00-10:30", "22:30-01:00"])
counts = st.sampled_from(["available", "exempt", "aux", "left_out", "as_measured"])

# Or the few shifts of three agents let nobody give anything, and what is entered of an hour's emergency never waits.
AMPLE = {"gift": {"cap_ppm": 1_000_000}, "overtime": {"entry_second_s": 1_200}}

# A site's clock, when its days start, and from when on a life can begin: a month closes in it, or the clock changes.
PLACES = st.sampled_from([
    ("UTC", "00:00", date(2026, 11, 17)),
    ("UTC", "04:00", date(2026, 11, 17)),
    ("Asia/Kathmandu", "00:00", date(2026, 11, 17)),
    ("Europe/Berlin", "02:30", date(2026, 10, 18)),  # doubled on the 25th
    ("Europe/Berlin", "02:30", date(2027, 3, 19)),  # skipped on the 28th
    ("Australia/Lord_Howe", "02:15", date(2027, 3, 22)),  # half an hour, on 4 April
    ("Australia/Lord_Howe", "00:00", date(2026, 9, 21)),
    ("America/Havana", "00:00", date(2026, 10, 20)),  # midnight twice, on 1 November
    ("America/Havana", "00:00", date(2027, 3, 3)),  # no midnight, on the 14th
    ("Africa/Cairo", "00:00", date(2026, 10, 18)),  # the last hour of the 29th twice
])  # fmt: skip

terms = st.fixed_dictionaries({}, optional={
    "rate_ppm": st.sampled_from([20_000, 100_000]),
    "allowance_min_s": st.just(1_800),
    "expected_base_s": st.just(14_400),
    "schedules": st.booleans(),
    "unscheduled_sign_out": st.just("off_post"),
    "overdraft_takes": st.sampled_from([["savings", "gift", "interest"], ["overtime", "interest", "gift"], []]),
    "closed_gain_meets_write_off": st.just(False),
    "gift": st.sampled_from([{"cap_ppm": 10_000}, {"cap_ppm": 500}]),
    "loan": st.sampled_from([{"offset_default": "never"}, {"busy_first": 0, "busy_last": 31}, {"busy_first": 31}]),
    "full_attendance": st.just({"late_grace_s": 3_600, "leave_grace_s": 600}),
    "part_time": st.just("fewer_days"),
    "overtime": st.sampled_from([
        {"entry_second_s": 1_200, "interest_round_up_s": 300}, {"entry_second_s": 0, "emergency_max_s": 1_800},
        {"entry_second_s": 1_200, "counts_in_base": True},
    ]),
    "days_off": st.fixed_dictionaries({}, optional={
        "approve": st.just("rule"),
        "cancel_days_before": st.just(0),
        "allocate": st.just("by_rule"),
        "allocate_days_before": st.sampled_from([0, 1, 2]),
        "run_of_days": st.just("each"),
        "beaten_by": st.sampled_from([["personal", "sick"], []]),
        "on_leaving": st.just("keep"),
    }),
})  # fmt: skip

shifts = st.sampled_from(
    ["", "08:00-16:00", "08:00-12:00", "08:00-16:00 less 12:00-13:00", "08:00-16:00 less 12:00-12:30", "22:00-06:00"]
)
works = st.sampled_from([
    "", "08:00-16:00", "08:20-15:45", "08:00-18:00", "08:00-11:00 and 11:30-16:00", "08:00-16:00, water 10:00-10:40",
    "08:00-18:00, water 10:00-11:10, meal 12:00-12:30", "08:00-16:00, water 09:00-09:03",
    "22:00-06:00", "21:50-06:20, water 23:30-00:30",
])  # fmt: skip
gaps = st.sampled_from(["", "", "10:45-11:45", "15:00-22:30"])
at_work = st.fixed_dictionaries({agent: st.tuples(shifts, works) for agent in AGENTS})


class AnyFloor(NamedTuple):
    """`more` of the configuration."""

    roster: str
    begins: date
    more: dict[str, Any]


@st.composite
def floors(draw: Any) -> AnyFloor:
    """One that any clock, policies and moves may be of."""
    zone, starts_at, earliest = draw(PLACES)
    begins = earliest + timedelta(days=draw(st.integers(0, 12)))
    moves = begins + timedelta(days=draw(st.integers(2, 9)))
    units = UNITS | {"team-2": UNITS["team-2"] | draw(st.sampled_from([{}, {}, {"timezone": "Asia/Shanghai"}]))}
    policy = [{"from": date(2026, 1, 1)} | AMPLE | draw(terms)]
    changed = {"from": begins + timedelta(days=draw(st.integers(1, 12)))} | AMPLE | draw(terms)
    policy += draw(st.sampled_from([[], [changed], [changed | {"unit": "team-1"}]]))
    attendance = {"month_begins": draw(st.sampled_from([1, 1, 26])), "closes_after_days": draw(st.sampled_from([1, 3]))}
    more = {
        "timezone": zone, "day_starts_at": starts_at, "policy": policy, "units": units, "attendance": attendance,
        "settle_wait_s_max": 0,
    }  # fmt: skip
    fate = draw(st.sampled_from(MOVES))
    note(f"{begins}, 1002 {fate} on {moves}, {more}")
    return AnyFloor(_roster(fate, moves), begins, more)


def _roster(fate: str, moves: date) -> str:
    lines: dict[str, list[tuple[str, str, date | None, date | None]]] = {
        "stays": [("1002", "team-1", None, None)],
        "moves": [("1002", "team-1", None, moves), ("1002", "team-2", moves, None)],
        "leaves": [("1002", "team-1", None, moves)],
        "joins": [("1002", "team-1", moves, None)],
        "is back": [("1002", "team-1", None, moves), ("1002", "team-2", moves + timedelta(days=3), None)],
    }
    return rosters([("1001", "team-1", None, None), *lines[fate], ("2001", "team-2", None, None)])


class Tally:
    """How often each verb was done, and how often it was refused."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def told(self, verb: str, done: bool) -> None:
        (self.done if done else self.refused)[verb] += 1

    def show(self) -> None:
        """With `-s`. A verb that is nearly always refused tests nothing; one hardly tried says nothing of it."""
        for verb in sorted(self.done | self.refused):
            sys.stdout.write(f"{verb}: done {self.done[verb]}, refused {self.refused[verb]}\n")
        if LONG:
            seldom = {verb for verb, times in self.refused.items() if times > SELDOM * max(1, self.done[verb])}
            assert seldom == set(), "these are nearly always refused, and test nothing"


def of_lives(lives: int, **more: Any) -> settings:
    """Each takes seconds. What is found is told as a story, and kept in tests/cases: no examples are kept."""
    unhurried = list(HealthCheck)
    return settings(
        phases=PHASES, max_examples=lives, suppress_health_check=unhurried, database=None,
        print_blob=True, **more,
    )  # fmt: skip


def lives_on(url: str, lives: int) -> int:
    """Fewer where a day takes longer."""
    return lives if url.startswith("sqlite") else max(2, lives // 4)
