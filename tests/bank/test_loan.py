"""Leave offset as tables: which days are busy, what is owed, what can be offset, what costs full attendance."""

from datetime import date

import pytest

from ccd.bank.accounts import AGENT_KINDS, BALANCE_KINDS, DAY_ORIGIN, IDLE_ORIGIN, House
from ccd.bank.attendance import AttendanceFault, AttendedDay, FaultKind, LoanFigures, attendance_month, faults_of
from ccd.bank.loan import Item, LoanOffer, is_busy, items_of, offset_legs, secures
from ccd.bank.overdraft import takes_all
from ccd.ledger.model import Account, Moved
from tests.bank.policies import policy

ANN = "agent/ann"
HOUSE = House.of("demo")
IDLE, BUSY = date(2026, 11, 10), date(2026, 11, 2)
POLICY = policy(date(2026, 1, 1))


@pytest.mark.parametrize(
    ("day", "terms", "busy"),
    [
        ("2026-11-01", {}, True),
        ("2026-11-04", {}, True),
        ("2026-11-05", {}, False),
        ("2026-11-28", {}, False),
        ("2026-11-29", {}, True),
        ("2026-11-30", {}, True),
        ("2028-02-28", {}, True),  # a leap year's last two
        ("2028-02-27", {}, False),
        ("2026-11-11", {"busy_days": ["2026-11-11"]}, True),
        ("2026-11-12", {"busy_days": ["2026-11-11"]}, False),
        ("2026-11-21", {"busy_days": ["2026-11-20/2026-11-22"]}, True),
        ("2026-11-23", {"busy_days": ["2026-11-20/2026-11-22"]}, False),
        ("2026-11-02", {"idle_days": ["2026-11-01/2026-11-03"]}, False),
        ("2026-11-21", {"busy_days": ["2026-11-20/2026-11-22"], "idle_days": ["2026-11-21"]}, False),
        ("2026-11-01", {"busy_first": 0}, False),
        ("2026-11-30", {"busy_last": 0}, False),
    ],
)
def test_a_day_is_busy_by_the_calendar_or_by_name(day: str, terms: dict[str, object], busy: bool) -> None:
    assert is_busy(date.fromisoformat(day), policy(date(2026, 1, 1), loan=terms).loan) is busy


def test_what_is_owed_is_read_from_the_transfers_by_day_and_origin() -> None:
    own = {kind: Account(ANN, kind) for kind in AGENT_KINDS}
    transfers = [
        Moved(IDLE, "leave", HOUSE.leave, own["leave"], 435),
        Moved(IDLE, "savings", HOUSE.savings, own["savings"], 100),
        Moved(IDLE, "offset", own["leave"], HOUSE.leave, 35),
        Moved(IDLE, "offset", own["savings"], HOUSE.offset, 35),
        Moved(IDLE, "idle_leave", HOUSE.leave, own["leave"], 1_800),
        Moved(IDLE, "idle_taken", own["leave"], HOUSE.leave_taken, 800),
        Moved(BUSY, "leave", HOUSE.leave, own["leave"], 60),
        Moved(BUSY, "leave", own["leave"], HOUSE.leave, 60),
        Moved(BUSY, "leave", HOUSE.leave, Account("agent/bob", "leave"), 7),
    ]
    assert items_of(transfers, ANN) == (
        Item(IDLE, DAY_ORIGIN, made_s=435, open_s=400, offset_s=35, taken_s=0),
        Item(IDLE, IDLE_ORIGIN, made_s=1_800, open_s=1_000, offset_s=0, taken_s=800),
    )


def test_an_item_is_paid_in_the_order_of_an_overdraft_and_then_from_what_that_leaves_out() -> None:
    item = Item(IDLE, IDLE_ORIGIN, 1_000, 1_000, 0, 0)
    own = {"savings": 300, "overtime": 500, "gift": 100}
    order = takes_all(policy(date(2026, 1, 1), overdraft_takes=["gift", "savings"]))
    moves = [
        (leg.debit.kind, leg.credit.kind, leg.seconds, leg.service)
        for leg in offset_legs(item, 2_000, own, order, ANN, HOUSE)
    ]
    assert moves == [
        ("gift", "offset", 100, "idle_offset"),
        ("savings", "offset", 300, "idle_offset"),
        ("overtime", "offset", 500, "idle_offset"),
        ("leave", "leave", 900, "idle_offset"),
    ]
    assert offset_legs(item, 0, own, order, ANN, HOUSE) == ()
    assert offset_legs(item, 9, {}, order, ANN, HOUSE) == ()


@pytest.mark.parametrize(
    ("owed_s", "balance_s", "faults", "grace_s", "offsets"),
    [
        (2_235, 3_000, 0, 0, True),  # 3.5's example
        (2_235, 2_235, 0, 0, True),
        (2_235, 2_234, 0, 0, False),  # in full, or not at all
        (2_235, 3_000, 1, 0, False),  # it is lost anyhow
        (0, 3_000, 0, 0, False),
        (60, 3_000, 0, 60, False),  # so much does not cost it
        (61, 3_000, 0, 60, True),
    ],
)
def test_by_itself_is_offset_what_secures_full_attendance(
    owed_s: int, balance_s: int, faults: int, grace_s: int, offsets: bool
) -> None:
    offer = LoanOffer((Item(IDLE, IDLE_ORIGIN, owed_s, owed_s, 0, 0),), balance_s)
    assert secures(offer, faults, grace_s) is offsets
    assert offer.could_s == min(owed_s, balance_s)


def day(on: date = IDLE, **figures: int) -> AttendedDay:
    known = {"scheduled_s": 28_800, "signed_in_s": 28_800} | figures
    return AttendedDay(on, "team-1", **{name: known.get(name, 0) for name in AttendedDay._fields[2:]})


CASES: dict[str, tuple[list[AttendedDay], list[date], list[AttendanceFault]]] = {
    "a day as planned": ([day()], [], []),
    "late": ([day(late_s=1)], [], [AttendanceFault(FaultKind.LATE, IDLE, 1)]),
    "early": ([day(early_s=60)], [], [AttendanceFault(FaultKind.EARLY, IDLE, 60)]),
    "off post": ([day(off_post_s=60)], [], [AttendanceFault(FaultKind.OFF_POST, IDLE, 60)]),
    "who never signs in is absent": ([day(off_post_s=28_800)], [], [AttendanceFault(FaultKind.ABSENT, IDLE, 28_800)]),
    "leave of an idle day is a loan": ([day(leave_s=3_600, on_leave_s=3_600)], [], []),
    "leave of a busy day": ([day(BUSY, leave_s=3_600)], [], [AttendanceFault(FaultKind.BUSY_LEAVE, BUSY, 3_600)]),
    "leave of another kind": ([day(BUSY, on_leave_s=3_600)], [], []),
    "who joined in mid-month": ([day()], [BUSY], [AttendanceFault(FaultKind.NOT_HERE, BUSY)]),
    "without schedules nobody can tell": ([day(scheduled_s=0)], [], [AttendanceFault(FaultKind.NO_SHIFTS, None)]),
    "each day has its own": (
        [day(late_s=5), day(BUSY, early_s=7, late_s=3)],
        [],
        [
            AttendanceFault(FaultKind.LATE, BUSY, 3),
            AttendanceFault(FaultKind.EARLY, BUSY, 7),
            AttendanceFault(FaultKind.LATE, IDLE, 5),
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_names_its_reason_and_its_day(name: str) -> None:
    days, absent_on, faults = CASES[name]
    assert faults_of(days, absent_on, lambda one: POLICY) == faults


def test_what_is_within_the_grace_costs_nothing() -> None:
    grace = policy(date(2026, 1, 1), full_attendance={"late_grace_s": 60, "early_grace_s": 60, "off_post_grace_s": 60})
    assert faults_of([day(late_s=60, early_s=60, off_post_s=60)], [], lambda one: grace) == []
    assert len(faults_of([day(late_s=61, early_s=61, off_post_s=61)], [], lambda one: grace)) == 3


@pytest.mark.parametrize(
    ("faults", "loan", "contract_ppm", "full", "points_100"),
    [
        ([], LoanFigures(), 1_000_000, True, 1_000),
        ([], LoanFigures(offset_s=2_235), 1_000_000, True, 1_000),
        ([], LoanFigures(taken_s=1), 1_000_000, False, 0),
        ([], LoanFigures(open_s=1), 1_000_000, False, 0),
        ([], LoanFigures(), 750_000, True, 750),  # part of the time
        ([AttendanceFault(FaultKind.LATE, IDLE, 1)], LoanFigures(), 1_000_000, False, 0),
    ],
)
def test_full_attendance_has_its_points(
    faults: list[AttendanceFault], loan: LoanFigures, contract_ppm: int, full: bool, points_100: int
) -> None:
    month = attendance_month("ann", [day(), day(BUSY)], faults, loan, POLICY.full, contract_ppm)
    assert (month.full, month.points_100) == (full, points_100)
    assert (month.scheduled_s, month.unit) == (2 * 28_800, "team-1")
    assert (AttendanceFault(FaultKind.LEAVE, None, 1) in month.faults) is bool(loan.taken_s or loan.open_s)


def test_nothing_else_is_taken_from_the_balance_than_what_can_be() -> None:
    assert takes_all(POLICY) == BALANCE_KINDS
