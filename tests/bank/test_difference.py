"""docs/time-bank.md 3.1, 3.4 and 4 as a table: from which account to which, and how much."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccd.bank.accounts import AGENT_KINDS, BALANCE_KINDS, IDLE_ORIGIN, ORIGINS, OVERTIME_ORIGIN, House, Origin
from ccd.bank.difference import (
    UNPOSTED,
    OriginSum,
    Posted,
    Purse,
    difference,
    difference_after_close,
    legs_after_close,
    legs_of,
    posted_by,
)
from ccd.bank.overdraft import taken
from ccd.bank.worth import worth_of
from ccd.ledger.model import Account, Leg, Moved
from tests.bank.days import DAY, POLICY, worth

ANN = "agent/1001"
HOUSE = House.of("demo")

Move = tuple[str, str, int]


def spelled(account: Account) -> str:
    return f"{account.owner.split('/')[0]}.{account.kind}"


# name: worth now, posted before, balances, what has to move
CASES: dict[str, tuple[int, Posted, dict[str, int], list[Move]]] = {
    "savings: the example of 3.1": (465, UNPOSTED, {}, [("house.savings", "agent.savings", 465)]),
    "nothing moves on an even day": (0, UNPOSTED, {"savings": 100}, []),
    "overdraft: the example of 3.4": (
        -935,
        UNPOSTED,
        {"savings": 500},
        [("agent.savings", "house.overdraft", 500), ("house.leave", "agent.leave", 435)],
    ),
    "overdraft takes in the policy's order": (
        -935,
        UNPOSTED,
        {"overtime": 1_000, "gift": 200, "savings": 300, "interest": 100},
        [
            ("agent.savings", "house.overdraft", 300),
            ("agent.gift", "house.overdraft", 200),
            ("agent.interest", "house.overdraft", 100),
            ("agent.overtime", "house.overdraft", 335),
        ],
    ),
    "overdraft never touches what is reserved or owed": (
        -10,
        UNPOSTED,
        {"reserved": 500, "leave": 500},
        [("house.leave", "agent.leave", 10)],
    ),
    "a smaller deposit goes back where it came from": (
        300,
        Posted(deposited_s=465),
        {"savings": 465},
        [("agent.savings", "house.savings", 165)],
    ),
    "a deposit that was spent becomes leave": (
        0,
        Posted(deposited_s=465),
        {"gift": 100},
        [("agent.gift", "house.savings", 100), ("house.leave", "agent.leave", 365)],
    ),
    "a deposit that turns into an overdraft gives back first": (
        -200,
        Posted(deposited_s=465),
        {"savings": 600},
        [
            ("agent.savings", "house.savings", 465),
            ("agent.savings", "house.overdraft", 135),
            ("house.leave", "agent.leave", 65),
        ],
    ),
    "a smaller overdraft first cancels the day's leave": (
        -600,
        Posted(charged_s=500, leave_s=435, leave_open_s=435),
        {"leave": 435},
        [("agent.leave", "house.leave", 335)],
    ),
    "then gives back to savings what was taken": (
        -200,
        Posted(charged_s=500, leave_s=435, leave_open_s=435),
        {"leave": 435},
        [("agent.leave", "house.leave", 435), ("house.overdraft", "agent.savings", 300)],
    ),
    "and what is above zero is a deposit": (
        100,
        Posted(charged_s=500, leave_s=435, leave_open_s=435),
        {"leave": 435},
        [
            ("agent.leave", "house.leave", 435),
            ("house.overdraft", "agent.savings", 500),
            ("house.savings", "agent.savings", 100),
        ],
    ),
    "leave that was offset or taken is not cancelled": (
        -600,
        Posted(charged_s=500, leave_s=435, leave_open_s=35),
        {"leave": 400},
        [("agent.leave", "house.leave", 35), ("house.overdraft", "agent.savings", 300)],
    ),
    "nor more than there is: some was moved by hand": (
        -600,
        Posted(charged_s=500, leave_s=435, leave_open_s=435),
        {"leave": 35},
        [("agent.leave", "house.leave", 35), ("house.overdraft", "agent.savings", 300)],
    ),
    "the same worth moves nothing": (-935, Posted(charged_s=500, leave_s=435, leave_open_s=435), {"gift": 50}, []),
}  # fmt: skip

# The same with how much is written off, after the month was closed.
LATE: dict[str, tuple[int, Posted, dict[str, int], list[Move], int]] = {
    "a loss takes what there is, and the rest is written off": (
        -200,
        Posted(deposited_s=465),
        {"savings": 100, "gift": 400, "leave": 50},
        [("agent.savings", "house.savings", 100), ("agent.gift", "house.savings", 365),
         ("agent.gift", "house.overdraft", 35)],
        165,
    ),
    "also at the first settlement": (
        -935,
        UNPOSTED,
        {"savings": 500},
        [("agent.savings", "house.overdraft", 500)],
        435,
    ),
    "of nothing all is written off": (-935, UNPOSTED, {}, [], 935),
    "what was written off is not asked for again": (
        -300,
        Posted(charged_s=100, written_off_s=165),
        {"savings": 500},
        [("agent.savings", "house.overdraft", 35)],
        0,
    ),
    "a gain is credited whole, and the day's leave stays": (
        -600,
        Posted(charged_s=500, leave_s=435, leave_open_s=435),
        {"leave": 435},
        [("house.overdraft", "agent.savings", 335)],
        0,
    ),
    "also beyond what was taken": (
        100,
        Posted(charged_s=500, leave_s=435, leave_open_s=435),
        {"leave": 435},
        [("house.overdraft", "agent.savings", 500), ("house.savings", "agent.savings", 535)],
        0,
    ),
    "a gain first makes up for what was written off": (0, Posted(charged_s=100, written_off_s=400), {},
        [("house.overdraft", "agent.savings", 100)], -400),
    "and may be less than that": (-300, Posted(charged_s=100, written_off_s=400), {}, [], -200),
    "the same worth moves nothing": (-500, Posted(charged_s=100, written_off_s=400), {"savings": 9}, [], 0),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_difference_is_posted(name: str) -> None:
    net_s, posted, balances, moves = CASES[name]
    now = worth_of(worth(net_s), POLICY)
    assert now.net_s == net_s
    legs = legs_of(now, posted, balances, BALANCE_KINDS, ANN, HOUSE)
    assert [(spelled(leg.debit), spelled(leg.credit), leg.seconds) for leg in legs] == moves


@pytest.mark.parametrize("name", LATE)
def test_after_the_close_of_the_month_no_leave_is_made_or_cancelled(name: str) -> None:
    net_s, posted, balances, moves, written_off_s = LATE[name]
    now = worth_of(worth(net_s), POLICY)
    legs, written_off = legs_after_close(now, posted, balances, BALANCE_KINDS, ANN, HOUSE, meets_write_off=True)
    assert [(spelled(leg.debit), spelled(leg.credit), leg.seconds) for leg in legs] == moves
    assert written_off == written_off_s


def test_a_unit_can_leave_overtime_out() -> None:
    now = worth_of(worth(-100), POLICY)
    legs = legs_of(now, UNPOSTED, {"overtime": 500, "gift": 30}, ("savings", "gift"), ANN, HOUSE)
    assert [(spelled(leg.debit), leg.seconds) for leg in legs] == [("agent.gift", 30), ("house.leave", 70)]


def test_what_was_posted_is_read_from_the_transfers_of_the_day() -> None:
    own = {kind: Account(ANN, kind) for kind in AGENT_KINDS}
    transfers = [
        Moved(DAY, "savings", HOUSE.savings, own["savings"], 465),
        Moved(DAY, "savings", own["gift"], HOUSE.savings, 65),
        Moved(DAY, "overdraft", own["savings"], HOUSE.overdraft, 100),
        Moved(DAY, "overdraft", HOUSE.overdraft, own["savings"], 30),
        Moved(DAY, "leave", HOUSE.leave, own["leave"], 200),
        Moved(DAY, "leave", own["leave"], HOUSE.leave, 50),
    ]
    assert posted_by(transfers, ANN) == Posted(deposited_s=400, charged_s=70, leave_s=150, leave_open_s=150)


def test_leave_that_another_service_offset_is_not_open() -> None:
    own = Account(ANN, "leave")
    transfers = [
        Moved(DAY, "leave", HOUSE.leave, own, 200),
        Moved(DAY, "offset", own, HOUSE.leave, 120),
    ]
    assert posted_by(transfers, ANN) == Posted(leave_s=200, leave_open_s=80)


def test_leave_of_an_idle_day_is_not_the_settlement_s_to_cancel() -> None:
    own = Account(ANN, "leave")
    idle = [
        Moved(DAY, "idle_leave", HOUSE.leave, own, 900),
        Moved(DAY, "idle_offset", own, HOUSE.leave, 300),
        Moved(DAY, "idle_taken", own, HOUSE.leave, 600),
    ]
    made = [Moved(DAY, "leave", HOUSE.leave, own, 200)]
    offset = [Moved(DAY, "offset", own, HOUSE.leave, 150)]
    for others in ([], idle[:1], idle):
        assert posted_by([*others, *made], ANN) == Posted(leave_s=200, leave_open_s=200)
        assert posted_by([*others, *made, *offset], ANN) == Posted(leave_s=200, leave_open_s=50)


class Purses:
    """An agent's accounts by kind, and what was moved on them, as the ledger would have it."""

    def __init__(self, balances: dict[str, int]) -> None:
        self.balances = {kind: balances.get(kind, 0) for kind in AGENT_KINDS}
        self.moved: list[Moved] = []

    @property
    def net_s(self) -> int:
        return sum(self.balances.values()) - 2 * self.balances["leave"]

    def post(self, legs: Iterable[Leg]) -> None:
        for leg in legs:
            assert leg.seconds > 0
            self.moved.append(Moved(DAY, leg.service, leg.debit, leg.credit, leg.seconds))
            for account, seconds in ((leg.debit, -leg.seconds), (leg.credit, leg.seconds)):
                if account.owner == ANN:
                    self.balances[account.kind] += seconds
                    assert self.balances[account.kind] >= 0

    def offset(self, origin: Origin, seconds: int) -> None:
        """Of the origin's leave, as far as there is leave and balance for it."""
        left = min(seconds, posted_by(self.moved, ANN, origin=origin).leave_open_s)
        for kind, draw in taken(left, self.balances, BALANCE_KINDS):
            own, owed = Account(ANN, kind), Account(ANN, "leave")
            self.post((Leg(own, HOUSE.offset, draw, origin.offset), Leg(owed, HOUSE.leave, draw, origin.offset)))


def due_of(origin: Origin, worth_s: int) -> OriginSum:
    """What the origin can come to: interest is told of overtime alone, and leave brings nothing."""
    if origin.lent:
        return OriginSum(overdraft_s=abs(worth_s))
    if origin.charge:
        return OriginSum(max(0, worth_s), max(0, -worth_s))
    return OriginSum(abs(worth_s), 0, abs(worth_s) // 3 if origin.interest else 0)


seconds = st.integers(-2_000, 2_000)


@given(
    st.dictionaries(st.sampled_from(BALANCE_KINDS), st.integers(0, 1_500)),
    st.lists(st.tuples(st.sampled_from(ORIGINS), seconds, st.integers(0, 900))),
)
def test_no_order_of_revisions_of_any_origin_changes_what_they_come_to(
    balances: dict[str, int], revisions: list[tuple[Origin, int, int]]
) -> None:
    purses, due = Purses(balances), dict.fromkeys(ORIGINS, OriginSum())
    before = purses.net_s
    for origin, worth_s, offset_s in revisions:
        due[origin] = due_of(origin, worth_s)
        posted = posted_by(purses.moved, ANN, origin=origin)
        purses.post(difference(due[origin], posted, Purse(ANN, purses.balances, BALANCE_KINDS), HOUSE, origin))
        purses.offset(origin, offset_s)
    assert purses.net_s == before + sum(one.net_s for one in due.values())
    assert purses.balances["leave"] == sum(posted_by(purses.moved, ANN, origin=o).leave_open_s for o in ORIGINS)


def test_leave_of_an_idle_day_is_lent_and_what_was_offset_for_nothing_comes_back() -> None:
    purses = Purses({"savings": 3_000})
    for due, moves in (
        (OriginSum(overdraft_s=1_800), [("house.leave", "agent.leave", 1_800)]),
        (OriginSum(overdraft_s=1_000), [("agent.leave", "house.leave", 800)]),
        (OriginSum(), [("agent.leave", "house.leave", 400), ("house.offset", "agent.savings", 600)]),
    ):
        posted = posted_by(purses.moved, ANN, origin=IDLE_ORIGIN)
        legs = difference(due, posted, Purse(ANN, purses.balances, BALANCE_KINDS), HOUSE, IDLE_ORIGIN)
        assert [(spelled(leg.debit), spelled(leg.credit), leg.seconds) for leg in legs] == moves
        purses.post(legs)
        if due.overdraft_s == 1_000:
            purses.offset(IDLE_ORIGIN, 600)


def test_overtime_that_was_too_much_gives_its_interest_back_first() -> None:
    purse = Purse(ANN, {"interest": 1_080, "overtime": 2_000}, BALANCE_KINDS)
    legs = difference(OriginSum(1_800, 0, 540), Posted(3_600, interest_s=1_080), purse, HOUSE, OVERTIME_ORIGIN)
    assert [(spelled(leg.debit), spelled(leg.credit), leg.seconds) for leg in legs] == [
        ("agent.interest", "house.interest", 540),
        ("agent.interest", "house.overtime", 540),
        ("agent.overtime", "house.overtime", 1_260),
    ]
    legs, written_off_s = difference_after_close(
        OriginSum(), Posted(3_600, interest_s=1_080), purse, HOUSE, True, OVERTIME_ORIGIN
    )
    assert (sum(leg.seconds for leg in legs), written_off_s) == (3_080, 1_600)
