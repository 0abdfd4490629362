"""The policy lab: an allowance out of history, and accounts as another policy would have left them."""

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccd.bank.accounts import GIFT, SAVINGS, House, agent_owner
from ccd.bank.expiry import expiry_key
from ccd.bank.lab import Habit, Tried, TriedSums, proposed_rate, tried
from ccd.bank.measured import Measured
from ccd.bank.policy import Policies
from ccd.bank.settle import Settler
from ccd.errors import TooLittleHistoryError
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Leg, Posting, Reserve, Resolve, Transfer
from tests.bank.days import DAY, POLICIES, worth
from tests.bank.policies import policy

HOUR_US = 3_600 * SECOND
NUMBERS = itertools.count()  # every run has an agent of its own in the one database
HOUSE = House.of("demo")
STRICT = Policies((policy(date(2026, 1, 1), rate_ppm=20_000),))  # 576 s of eight hours, where it is 1,065


def habits(agents: int, base_h: int = 100) -> list[Habit]:
    """The n-th of them used n per mille of a month."""
    return [Habit(f"{number}", number * base_h * HOUR_US // 1_000, base_h * HOUR_US) for number in range(agents)]


def test_three_of_four_stay_within_what_is_proposed() -> None:
    made = proposed_rate(habits(41))
    assert (made.rate_ppm, made.agents, made.agent_months) == (30_000, 41, 41)
    assert made.percentiles == {10: 4_000, 25: 10_000, 50: 20_000, 75: 30_000, 90: 36_000}


def test_a_proposal_is_rounded_to_a_tenth_of_a_per_cent_and_is_never_nothing() -> None:
    assert proposed_rate(habits(40)).rate_ppm == 29_000
    assert proposed_rate([habit._replace(aux=0) for habit in habits(40)]).rate_ppm == 1_000


def test_too_few_agents_say_nothing_nor_do_months_of_a_few_hours() -> None:
    with pytest.raises(TooLittleHistoryError, match="19 agents have a month with a base of 8 h or more"):
        proposed_rate(habits(19) + habits(40, base_h=7))
    with pytest.raises(TooLittleHistoryError, match="1 agents"):
        proposed_rate(habits(1) * 50)


async def told_of(ledger: Ledger, days: list[Measured], policies: Policies, agent: str = "1001") -> Tried:
    lines = (await ledger.statement(agent_owner(agent), limit=200)).lines[::-1]
    return tried(agent, lines, [day for day in days if day.agent == agent], policies)


async def given_(ledger: Ledger, seconds: int, agent: str = "1001", day: date = DAY) -> None:
    legs = (Leg(HOUSE.gift, Account(agent_owner(agent), GIFT), seconds, GIFT),)
    await ledger.post(Posting(f"packet/{agent}/{day}", 1, "demo", day, legs, "lead"))


def days(*nets_s: int) -> list[Measured]:
    """Days of eight hours, one after the other, that are worth this by the policy of the settlement."""
    return [worth(net_s, day=DAY + timedelta(days=number)) for number, net_s in enumerate(nets_s)]


async def test_another_allowance_changes_each_day_and_what_follows(settler: Settler, ledger: Ledger) -> None:
    lived = days(465, -200, 100)
    await settler.settle(lived)
    found = await told_of(ledger, lived, STRICT)
    assert found.now == TriedSums(saved_s=565, charged_s=200, leave_s=0, balance_s=365, owed_s=0)
    # Of eight hours 489 s less: 24 s and 689 s and 389 s over what is allowed.
    assert found.then == TriedSums(saved_s=0, charged_s=0, leave_s=24 + 689 + 389, balance_s=0, owed_s=1_102)


async def test_a_gift_covers_what_the_other_policy_takes(settler: Settler, ledger: Ledger) -> None:
    lived = days(465, 465)
    await settler.settle(lived[:1])
    await given_(ledger, 10)
    await settler.settle(lived[1:])
    found = await told_of(ledger, lived, STRICT)
    assert found.then == TriedSums(saved_s=0, charged_s=10, leave_s=24 + 14, balance_s=0, owed_s=38)


async def test_a_day_off_that_would_not_have_been_paid_for_is_told(settler: Settler, ledger: Ledger) -> None:
    lived = days(1_000)
    await settler.settle(lived)
    own = agent_owner("1001")
    hold = Reserve((Account(own, SAVINGS),), Account(own, "reserved"), 900, "withdrawal")
    await ledger.post(Posting("hold/1", 1, "demo", DAY, (), "1001", terms=(hold,)))
    held = await told_of(ledger, lived, STRICT)
    assert (held.now.balance_s, held.then.balance_s, held.uncovered_s) == (1_000, 511, 0)
    taken = Resolve(("hold/1", 1), "withdrawal", 900, HOUSE.withdrawn)
    await ledger.post(Posting("end/1", 1, "demo", DAY, (), "1001", terms=(taken,)))
    found = await told_of(ledger, lived, STRICT)
    assert (found.now.balance_s, found.then.balance_s, found.uncovered_s) == (100, 0, 900 - 511)


async def test_what_was_taken_back_by_hand_is_no_more_told_as_not_covered(settler: Settler, ledger: Ledger) -> None:
    lived = days(1_000)
    await settler.settle(lived)
    legs = (Leg(Account("agent/1001", SAVINGS), HOUSE.gift, 900, "correction"),)
    made = (await ledger.post(Posting("by hand", 1, "demo", DAY, legs, "clerk"))).or_raise()
    found = await told_of(ledger, lived, STRICT)
    assert (found.now.balance_s, found.then.balance_s, found.uncovered_s) == (100, 0, 900 - 511)
    (await ledger.reverse(made.transaction, "reverse/1", "clerk")).or_raise()
    found = await told_of(ledger, lived, STRICT)
    assert (found.now.balance_s, found.then.balance_s, found.uncovered_s) == (1_000, 511, 0)


async def test_what_would_not_have_been_there_does_not_expire_nor_anything_in_its_place(
    settler: Settler, ledger: Ledger
) -> None:
    lived = days(465)
    await settler.settle(lived)
    await given_(ledger, 1_000)
    legs = (Leg(Account("agent/1001", SAVINGS), HOUSE.expiry, 465, "expiry"),)
    (await ledger.post(Posting(expiry_key("1001", "2026-11"), 1, "demo", DAY, legs, "month close"))).or_raise()
    found = await told_of(ledger, lived, STRICT)
    assert (found.now.balance_s, found.then.balance_s, found.uncovered_s) == (1_000, 1_000, 0)
    (last,) = (await ledger.statement("agent/1001", limit=1)).lines
    (await ledger.reverse(last.transaction, "reverse/1", "clerk")).or_raise()
    found = await told_of(ledger, lived, STRICT)
    assert (found.now.balance_s, found.then.balance_s) == (1_465, 1_000), "nor does it come back"


async def test_leave_that_is_not_owed_is_not_offset(settler: Settler, ledger: Ledger) -> None:
    lived = days(-435)
    await settler.settle(lived)
    await given_(ledger, 435)
    own = agent_owner("1001")
    legs = (
        Leg(Account(own, GIFT), HOUSE.offset, 435, "offset"),
        Leg(Account(own, "leave"), HOUSE.leave, 435, "offset"),
    )
    await ledger.post(Posting("offset/1", 1, "demo", DAY, legs, "1001"))
    generous = Policies((policy(date(2026, 1, 1), rate_ppm=50_000),))
    found = await told_of(ledger, lived, generous)
    assert (found.now.balance_s, found.now.owed_s) == (0, 0)
    assert found.then == TriedSums(saved_s=0, charged_s=0, leave_s=60, balance_s=375, owed_s=0)
    posted = (await ledger.statement(own, limit=1)).lines[0].transaction
    back = [
        Leg(leg.credit, leg.debit, leg.seconds, leg.service, Transfer(posted, number))
        for number, leg in enumerate(legs, 1)
    ]
    await ledger.post(Posting("offset-back/1", 1, "demo", DAY, tuple(back), "1001", reference="offset/1/r1"))
    found = await told_of(ledger, lived, generous)
    assert (found.now.balance_s, found.now.owed_s) == (435, 435)
    assert found.then == TriedSums(saved_s=0, charged_s=0, leave_s=60, balance_s=435, owed_s=60), (
        "as much as was offset then"
    )


async def test_what_became_of_one_day_s_leave_is_not_taken_of_another_s(settler: Settler, ledger: Ledger) -> None:
    lived = days(-435, -800)
    await settler.settle(lived)
    own, generous = agent_owner("1001"), Policies((policy(date(2026, 1, 1), rate_ppm=50_000),))  # 375 s more
    legs = (Leg(Account(own, "leave"), HOUSE.leave_taken, 435, "leave_taken"),)
    taken = (await ledger.post(Posting("taken/1", 1, "demo", DAY, legs, "month close"))).or_raise()
    found = await told_of(ledger, lived, generous)
    assert (found.now.owed_s, found.then.owed_s) == (800, 425), "the other day's is owed still"
    (await ledger.reverse(taken.transaction, "reverse/1", "clerk")).or_raise()
    found = await told_of(ledger, lived, generous)
    assert (found.now.owed_s, found.then.owed_s) == (1_235, 60 + 425)


async def offset_(ledger: Ledger, key: str, draws: dict[str, int]) -> None:
    own = agent_owner("1001")
    paid = [Leg(Account(own, kind), HOUSE.offset, seconds, "offset") for kind, seconds in draws.items()]
    off = Leg(Account(own, "leave"), HOUSE.leave, sum(draws.values()), "offset")
    await ledger.post(Posting(key, 1, "demo", DAY, (*paid, off), "1001"))


async def test_an_offset_is_paid_from_what_else_there_is_and_what_nobody_would_have_paid_stays_owed(
    settler: Settler, ledger: Ledger
) -> None:
    lived = days(-600, 500)  # by STRICT 1,089 s are owed, and then 11 s are saved
    await settler.settle(lived[:1])
    await settler.settle(lived[1:])
    await given_(ledger, 200)
    await offset_(ledger, "offset/1", {SAVINGS: 400})
    found = await told_of(ledger, lived, STRICT)
    assert (found.now.balance_s, found.now.owed_s) == (300, 200)
    assert (found.then.balance_s, found.then.owed_s) == (0, 1_089 - 211), "the gift pays for what was not saved"
    await offset_(ledger, "offset/2", {GIFT: 100})
    found = await told_of(ledger, lived, STRICT)
    assert (found.now.balance_s, found.now.owed_s) == (200, 100)
    assert (found.then.balance_s, found.then.owed_s, found.uncovered_s) == (0, 1_089 - 211, 0)


async def test_a_day_off_is_paid_for_from_what_else_there_is(settler: Settler, ledger: Ledger) -> None:
    lived = days(1_000)
    await settler.settle(lived)
    await given_(ledger, 500)
    own = agent_owner("1001")
    hold = Reserve((Account(own, SAVINGS), Account(own, GIFT)), Account(own, "reserved"), 900, "withdrawal")
    await ledger.post(Posting("hold/1", 1, "demo", DAY, (), "1001", terms=(hold,)))
    taken = Resolve(("hold/1", 1), "withdrawal", 900, HOUSE.withdrawn)
    await ledger.post(Posting("end/1", 1, "demo", DAY, (), "1001", terms=(taken,)))
    found = await told_of(ledger, lived, STRICT)
    assert (found.now.balance_s, found.then.balance_s, found.uncovered_s) == (600, 111, 0)


@given(st.lists(st.integers(-1_500, 1_065), max_size=8), st.lists(st.integers(1, 900), max_size=3))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_same_policy_changes_nothing(
    settler: Settler, ledger: Ledger, nets_s: list[int], gifts: list[int]
) -> None:
    agent = f"agent-{next(NUMBERS)}"
    lived = [replace(day, agent=agent) for day in days(*nets_s)]
    for number, day in enumerate(lived):
        await settler.settle([day])
        if number < len(gifts):
            await given_(ledger, gifts[number], agent, day.day)
    found = await told_of(ledger, lived, POLICIES, agent)
    assert found.then == found.now
    assert found.uncovered_s == 0
