"""What days are judged by: reasons and policy of that day, however late it is measured; and what is kept of that."""

from dataclasses import replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.policy import Policies
from ccd.floor.agents import AgentRules
from ccd.floor.days import BusinessDays
from ccd.floor.rules import ALWAYS, ReasonRule, Reasons
from ccd.history.unit_days import note_stale
from ccd.history.whose import Measuring
from ccd.sql.turns import take_turn
from tests.bank.policies import policy
from tests.floor.floors import RULES, S, added, heard, paused, removed, unpaused
from tests.history.closing import ANN, DAY_S, FIRST, POLICIES, SECOND, Bank, measuring, of_desk
from tests.history.observing import IMPATIENT, observe, record, recording

MEAL = {"meal": ReasonRule()}
SHIFTS = tuple(
    event
    for day_s in (0, DAY_S)
    for event in (
        added(day_s + 1_000, seat=ANN), paused(day_s + 5_000, "meal", seat=ANN), unpaused(day_s + 8_000, seat=ANN),
        removed(day_s + 29_800, seat=ANN),
    )
)  # fmt: skip


def judged_by(reasons: Reasons, **zones: str) -> Measuring:
    def rules(unit: str | None) -> AgentRules:
        return AgentRules(reasons, RULES, BusinessDays(zones.get(unit or "", "UTC")))

    return replace(measuring(of_desk), rules_of=rules)


async def measured_anew(engine: AsyncEngine, bank: Bank, since: int = 0) -> None:
    await take_turn(engine, lambda connection: note_stale(connection, since), IMPATIENT)
    await bank.closer.close_due()


async def test_a_day_measured_anew_is_judged_by_the_reasons_that_held_on_it(engine: AsyncEngine) -> None:
    """A late segment makes the first day stale when meals have long been no exempt reason any more."""
    async with recording(engine) as recorder:
        observed = await observe(engine, recorder)
        await observed.tell([*SHIFTS, heard(2 * DAY_S)])
    bank = Bank(engine, now_s=2 * DAY_S, site=judged_by(Reasons(MEAL)))
    await bank.closer.close_due()
    assert [(await bank.day("ann", day)).record.aux for day in (FIRST, SECOND)] == [0, 0]
    bank.follow(judged_by(Reasons(MEAL, ((date(1970, 1, 3), {}),))))
    await measured_anew(engine, bank)
    assert await bank.revisions() == [("ann", FIRST, 1), ("ann", SECOND, 1)]


async def test_a_change_holds_from_the_start_of_its_business_day_in_each_units_own_time(engine: AsyncEngine) -> None:
    changed = judged_by(Reasons(MEAL, ((SECOND, {}),)), team="Asia/Shanghai")
    pause = (added(50_000, seat=ANN), paused(57_000, "meal", seat=ANN), unpaused(58_000, seat=ANN), heard(2 * DAY_S))
    await record(engine, *pause)  # 57 600 s: midnight in Shanghai
    bank = Bank(engine, now_s=2 * DAY_S, site=changed)
    await bank.closer.close_due()
    assert [((await bank.day("ann", day)).record.exempt, (await bank.day("ann", day)).record.aux) for day in (
        FIRST, SECOND
    )] == [(600 * S, 0), (0, 400 * S)]  # fmt: skip


async def test_a_record_says_which_reasons_and_which_policy_it_was_judged_by(engine: AsyncEngine) -> None:
    await record(engine, *SHIFTS, heard(2 * DAY_S))
    bank = Bank(engine, now_s=2 * DAY_S, site=judged_by(Reasons(MEAL, ((SECOND, {}),))))
    await bank.closer.close_due()
    days = [await bank.day("ann", day) for day in (FIRST, SECOND)]
    assert [each.judged_by for each in days] == [(ALWAYS, "", ALWAYS), (ALWAYS, "", SECOND)]
    assert [each.record.exempt for each in days] == [3_000 * S, 0]


async def test_a_policy_that_is_added_for_days_that_are_over_posts_the_difference(engine: AsyncEngine) -> None:
    await record(engine, *SHIFTS, heard(2 * DAY_S))
    bank = Bank(engine, now_s=2 * DAY_S, site=judged_by(Reasons(MEAL)))
    await bank.closer.close_due()
    assert await bank.net_s("ann") == 2 * (25_800 * 37_000 // 1_000_000)
    generous = Policies((*POLICIES.default, policy(SECOND, rate_ppm=50_000)))
    bank.follow(judged_by(Reasons(MEAL)), generous)
    await measured_anew(engine, bank)
    assert await bank.revisions() == [("ann", FIRST, 1), ("ann", SECOND, 1), ("ann", SECOND, 2)]
    assert (await bank.day("ann", SECOND)).judged_by.policy_from == SECOND
    assert await bank.net_s("ann") == 25_800 * 37_000 // 1_000_000 + 25_800 * 50_000 // 1_000_000
    await measured_anew(engine, bank)
    assert len(await bank.revisions()) == 3


async def test_a_units_own_policy_from_the_same_day_as_that_of_all_units_posts_the_difference(
    engine: AsyncEngine,
) -> None:
    await record(engine, *SHIFTS, heard(2 * DAY_S))
    bank = Bank(engine, now_s=2 * DAY_S, site=judged_by(Reasons(MEAL)))
    await bank.closer.close_due()
    own = Policies(POLICIES.default, {"team": (policy(ALWAYS, rate_ppm=50_000),)})
    assert own.default[0].holds_from == ALWAYS
    bank.follow(judged_by(Reasons(MEAL)), own)
    await measured_anew(engine, bank)
    assert await bank.revisions() == [("ann", day, revision) for day in (FIRST, SECOND) for revision in (1, 2)]
    assert (await bank.day("ann", SECOND)).judged_by == (ALWAYS, "team", ALWAYS)
    assert await bank.net_s("ann") == 2 * (25_800 * 50_000 // 1_000_000)
    await measured_anew(engine, bank)
    assert len(await bank.revisions()) == 4
