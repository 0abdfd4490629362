"""Days are settled exactly once, on both engines."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from ccd.bank.accounts import agent_owner
from ccd.bank.fate import Fate
from ccd.bank.measured import settlement_key
from ccd.bank.policy import Policies
from ccd.bank.settle import Settler
from ccd.bank.statement import agent_account, agent_statement
from ccd.errors import PolicyError
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Leg, Posting
from tests.bank.days import DAY, POLICIES, TODAY, measured, worth
from tests.bank.policies import policy
from tests.ledger.accounts import open_guarded, open_house


async def give(ledger: Ledger, seconds: int, kind: str = "gift", agent: str = "1001") -> None:
    """A present, as another service would post it."""
    await open_house(ledger, "house/demo", ("gift",))
    await open_guarded(ledger, [agent_owner(agent)], (kind,))
    leg = Leg(Account("house/demo", "gift"), Account(agent_owner(agent), kind), seconds, "gift")
    await ledger.post(Posting(f"gift/{agent}/{kind}/{seconds}", 1, "demo", DAY, (leg,), asked_by="test"))


async def figures(ledger: Ledger, agent: str = "1001") -> dict[str, int]:
    """The accounts that are not empty."""
    return {kind: seconds for kind, seconds in (await agent_account(ledger, agent)).kinds.items() if seconds}


async def of_the_house(ledger: Ledger) -> dict[str, int]:
    return {kind: seconds for kind, seconds in (await ledger.sums("house/demo")).items() if seconds}


async def rows(ledger: Ledger) -> dict[str, int]:
    async with ledger.engine.connect() as connection:
        return {
            table: int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())
            for table in ("owners", "accounts", "transactions", "entries", "balances")
        }


async def test_the_examples_of_the_rules_come_out_in_the_accounts(settler: Settler, ledger: Ledger) -> None:
    await settler.settle([measured(aux_s=600)])
    assert await figures(ledger) == {"savings": 465}
    await give(ledger, 35)
    await settler.settle([measured(aux_s=2_000, day=date(2026, 11, 24))])
    assert await figures(ledger) == {"leave": 435}
    assert await of_the_house(ledger) == {"savings": -465, "overdraft": 500, "leave": -435, "gift": -35}


async def test_settled_again_nothing_happens(settler: Settler, ledger: Ledger) -> None:
    days = [measured(aux_s=600), measured(aux_s=2_000, agent="1002"), worth(0, agent="1003")]
    first = await settler.settle(days)
    assert first.fates == {Fate.POSTED: 2, Fate.NOTHING: 1}
    assert first.touched == {"1001", "1002"}
    before = await rows(ledger)
    again = await settler.settle(days)
    assert again.fates == {Fate.REPLAYED: 3}
    assert again.touched == set()
    assert await rows(ledger) == before


async def test_another_policy_does_not_settle_a_day_again(settler: Settler, ledger: Ledger) -> None:
    await settler.settle([measured(aux_s=600)])
    other = Settler(ledger, Policies((policy(date(2026, 1, 1), rate_ppm=50_000),)), "demo", lambda: TODAY)
    assert (await other.settle([measured(aux_s=600)])).fates == {Fate.REPLAYED: 1}
    assert (await other.settle([measured(aux_s=600, revision=2)])).fates == {Fate.POSTED: 1}
    assert await figures(ledger) == {"savings": 840}


async def test_a_revision_posts_the_difference(settler: Settler, ledger: Ledger) -> None:
    await settler.settle([worth(465)])
    await settler.settle([worth(300, revision=2)])
    assert await figures(ledger) == {"savings": 300}
    await settler.settle([worth(-100, revision=3)])
    assert await figures(ledger) == {"leave": 100}
    await settler.settle([worth(-30, revision=4)])
    assert await figures(ledger) == {"leave": 30}
    await settler.settle([worth(200, revision=5)])
    assert await figures(ledger) == {"savings": 200}
    assert await of_the_house(ledger) == {"savings": -200}


async def test_a_revision_of_the_same_worth_is_noted_and_moves_nothing(settler: Settler, ledger: Ledger) -> None:
    await settler.settle([worth(465)])
    assert (await settler.settle([worth(465, revision=2)])).fates == {Fate.NOTHING: 1}
    assert (await settler.settle([worth(465, revision=2)])).fates == {Fate.REPLAYED: 1}


async def test_a_revision_that_comes_after_a_later_one_is_stale(settler: Settler, ledger: Ledger) -> None:
    await settler.settle([worth(465, revision=3)])
    late = await settler.settle([worth(-50, revision=2)])
    assert [day.fate for day in late.days] == [Fate.STALE]
    assert await figures(ledger) == {"savings": 465}


async def test_several_revisions_of_a_day_can_come_at_once(settler: Settler, ledger: Ledger) -> None:
    settlement = await settler.settle([worth(100, revision=2), worth(465), worth(465)])
    assert settlement.fates == {Fate.POSTED: 2, Fate.REPLAYED: 1}
    assert await figures(ledger) == {"savings": 100}


async def test_another_record_under_the_same_revision_is_a_conflict_that_names_the_fields(
    settler: Settler, ledger: Ledger
) -> None:
    await settler.settle([measured(aux_s=600)])
    settlement = await settler.settle([measured(aux_s=601, answered=2), worth(10, agent="1002")])
    assert [(day.agent, day.fate, day.note) for day in settlement.days] == [("1001", Fate.CONFLICT, "answered, aux")]
    assert await figures(ledger) == {"savings": 465}
    assert await figures(ledger, "1002") == {"savings": 10}


async def test_days_are_settled_in_their_order_within_a_batch(settler: Settler, ledger: Ledger) -> None:
    days = [worth(-100, day=date(2026, 11, 25)), worth(60, day=date(2026, 11, 23)), worth(30, day=date(2026, 11, 24))]
    await settler.settle(days)
    assert await figures(ledger) == {"leave": 10}


async def test_small_batches_come_to_the_same(ledger: Ledger) -> None:
    settler = Settler(ledger, POLICIES, "demo", lambda: TODAY, batch=2)
    await settler.settle([worth(10 * number, agent=str(number)) for number in range(1, 8)])
    assert [await figures(ledger, str(number)) for number in (1, 7)] == [{"savings": 10}, {"savings": 70}]


async def test_a_telephone_on_no_roster_is_recorded_not_settled(settler: Settler, ledger: Ledger) -> None:
    settlement = await settler.settle([measured(agent="PJSIP/9", unit=None)])
    assert [day.fate for day in settlement.days] == [Fate.OFF_ROSTER]
    assert (await rows(ledger))["transactions"] == 0
    await settler.settle([measured(agent="PJSIP/9", revision=2)])
    assert await figures(ledger, "PJSIP/9") == {"savings": 465}


async def test_who_is_taken_off_the_roster_is_worth_nothing_any_more(settler: Settler, ledger: Ledger) -> None:
    await settler.settle([worth(465)])
    await settler.settle([replace(worth(465, revision=2), unit=None)])
    assert await figures(ledger) == {}


async def test_a_dry_run_says_what_would_be_posted_and_posts_nothing(settler: Settler, ledger: Ledger) -> None:
    await settler.settle([worth(100)])
    before = await rows(ledger)
    days = [worth(-160, day=date(2026, 11, 24)), worth(20, agent="1002"), worth(5, day=date(2026, 11, 25))]
    settlement = await settler.settle(days, dry_run=True)
    assert settlement.fates == {Fate.POSTED: 3}
    legs = {
        (day.agent, day.day.day): [(leg.debit.kind, leg.credit.kind, leg.seconds) for leg in day.legs]
        for day in settlement.days
    }
    assert legs == {
        ("1002", 23): [("savings", "savings", 20)],
        ("1001", 24): [("savings", "overdraft", 100), ("leave", "leave", 60)],
        ("1001", 25): [("savings", "savings", 5)],
    }
    assert await rows(ledger) == before
    assert (await settler.settle(days)).fates == {Fate.POSTED: 3}


async def test_a_dry_run_in_an_empty_ledger_opens_no_accounts(settler: Settler, ledger: Ledger) -> None:
    settlement = await settler.settle([worth(20)], dry_run=True)
    assert settlement.fates == {Fate.POSTED: 1}
    assert set((await rows(ledger)).values()) == {0}
    await settler.settle([worth(20)])
    assert await figures(ledger) == {"savings": 20}


async def test_without_a_policy_nothing_at_all_is_settled(settler: Settler, ledger: Ledger) -> None:
    with pytest.raises(PolicyError):
        await settler.settle([worth(20), worth(20, day=date(2025, 12, 31))])
    assert (await rows(ledger))["transactions"] == 0


async def test_the_day_s_leave_that_was_offset_is_not_cancelled(settler: Settler, ledger: Ledger) -> None:
    await settler.settle([worth(-400)])
    offset = Leg(Account(agent_owner("1001"), "leave"), Account("house/demo", "leave"), 300, "offset")
    await ledger.post(Posting("offset/1", 1, "demo", DAY, (offset,), asked_by="test"))
    await settler.settle([worth(-150, revision=2)])
    assert await figures(ledger) == {"savings": 150}


def test_a_name_with_a_slash_is_not_taken_for_another_s_day() -> None:
    assert settlement_key("1001", DAY) == "settle/1001/2026-11-23"
    assert settlement_key("a/2026-11-23", DAY) != settlement_key("a", DAY)
    assert len({settlement_key(name, DAY) for name in ("a/b", "a%2Fb", "a", "张", "%E5%BC%A0")}) == 5


async def test_the_statement_has_the_arithmetic_of_each_line(settler: Settler, ledger: Ledger) -> None:
    await settler.settle([measured(aux_s=600.5)])
    await give(ledger, 35)
    await settler.settle([measured(aux_s=2_000, day=date(2026, 11, 24), unobserved=2_500_000)])
    page = await agent_statement(ledger, "1001")
    assert page.before is None
    overdraft, gift, savings = [line.as_json() for line in page.lines]
    assert savings.pop("facts") == {
        "revision": 1, "base": 28_800.0, "rate_ppm": 37_000, "allowance": 1_065, "protected": 1_065, "aux": 600,
        "unobserved": 0.0, "deposit": 465, "overdraft": 0, "covered": 0, "leave": 0, "before": 0,
        "policy_from": "2026-01-01",
    }  # fmt: skip
    del savings["recorded_at"]
    assert savings == {
        "transfer": "1.1", "day": "2026-11-23", "service": "savings", "amount": 465, "leave": 0, "balance_after": 465,
        "text": "", "by": "settlement",
    }  # fmt: skip
    assert (gift["service"], gift["amount"], gift["balance_after"], gift["facts"]) == ("gift", 35, 500, {})
    assert overdraft["facts"]["overdraft"] == 935
    assert overdraft["facts"]["unobserved"] == 2.5
    assert overdraft["facts"]["covered"] == 500
    assert [overdraft[name] for name in ("service", "amount", "leave", "balance_after")] == ["overdraft", -500, 435, 0]


async def test_a_statement_is_read_page_by_page(settler: Settler, ledger: Ledger) -> None:
    await settler.settle([worth(number, day=date(2026, 11, number)) for number in range(1, 8)])
    first = await agent_statement(ledger, "1001", limit=3)
    second = await agent_statement(ledger, "1001", first.before, 3)
    third = await agent_statement(ledger, "1001", second.before, 3)
    lines = [*first.lines, *second.lines, *third.lines]
    assert [line.amount_s for line in lines] == [7, 6, 5, 4, 3, 2, 1]
    assert [line.balance_after_s for line in lines] == [28, 21, 15, 10, 6, 3, 1]
    assert third.before is None


async def test_who_was_never_settled_has_zeros_and_no_lines(ledger: Ledger) -> None:
    account = await agent_account(ledger, "nobody")
    assert set(account.kinds.values()) == {0}
    assert account.balance_s == 0
    assert (await agent_statement(ledger, "nobody")).lines == ()
