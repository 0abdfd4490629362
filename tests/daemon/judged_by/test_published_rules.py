"""Reasons, queues and floor rules wait for a second administrator as policies do; what is only shown waits for
nobody."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.judged_by.effects import FROM_THEN_ON, NO_HISTORY, effect_of_rule
from ccd.daemon.judged_by.imported import imported
from ccd.daemon.judged_by.published_rules import (
    PublishedRule,
    PublishedRules,
    judged_by,
    rule_differences,
    rule_of,
    rules_of,
    spelled_rule,
)
from ccd.daemon.judged_by.publishing import ALONE, AT_FIRST, publish_what_holds
from ccd.daemon.site import Site
from ccd.daemon.stores import ledger_of
from ccd.errors import ActNotAllowedError, ChangeError
from ccd.floor.days import SECOND
from ccd.org.acts import noted
from ccd.org.proposed import AGREED, WAITING, Change
from ccd.settings import Floor, Queue, Reason, Settings
from tests.daemon.judged_by.test_publishing import LI, NOW, ONE, WANG, agree, asking, deciding, published, site_of

LATER = date(2027, 1, 1)
PRAYER = {"prayer": {"policy": "exempt", "max_s": 600}}
NEW = {"prayer": {"zh": "礼拜", "changes": [{"from": LATER, "policy": "exempt", "max_s": 600}]}}
OUT = {"vip": {"counts": False, "wrap_up_s": 30}}


async def begun(engine: AsyncEngine, **more: Any) -> None:
    await publish_what_holds(engine, await site_of(engine, **more), NOW)


def exempt(site: Site) -> set[str]:
    return set(site.reasons.on(LATER))


async def test_the_floor_is_published_by_itself_and_whatever_ccd_does_not_say_by_itself(engine: AsyncEngine) -> None:
    for _ in range(2):
        await begun(engine, reasons=PRAYER, queues=OUT | {"sales": {"unit": "team-1"}})
    rules = (await imported(engine)).published.rules
    assert [(one.subject, one.why, one.by_itself) for one in rules.changes] == [
        (subject, AT_FIRST, True) for subject in ("floor", "queues.vip", "reasons.prayer")
    ]
    assert (await site_of(engine, reasons=PRAYER, queues=OUT)).waiting == []


async def test_where_nobody_could_agree_they_hold_and_are_published_by_themselves(engine: AsyncEngine) -> None:
    await begun(engine, people=ONE)
    site = await site_of(engine, people=ONE, reasons=NEW)
    assert "prayer" in exempt(site)
    await publish_what_holds(engine, site, NOW)
    newest = (await imported(engine)).published.rules.changes[-1]
    assert (newest.subject, newest.why, newest.by_itself) == ("reasons.prayer", ALONE, True)
    assert (await imported(engine)).published.number == 0


async def test_each_holds_once_a_second_administrator_agrees_and_waits_by_itself_until_then(
    engine: AsyncEngine,
) -> None:
    await begun(engine)
    wished: dict[str, Any] = {"reasons": NEW, "queues": OUT, "floor": {"paused_in": "any"}}
    site = await site_of(engine, **wished)
    assert "prayer" not in exempt(site)
    assert (site.seat_rules.paused_in, "vip" in site.seat_rules.uncounted) == ("all", False)
    assert site.settings.reasons["prayer"].zh == "礼拜", "what is only shown is as the files say"
    assert site.waiting == [
        f"[{name}] does not hold: it is not published. `ccd policy publish` does that"
        for name in ("floor", "queues.vip", "reasons.prayer")
    ]
    await publish_what_holds(engine, site, NOW)
    assert len((await imported(engine)).published.rules.changes) == 1, "the daemon agrees to nothing by itself"
    floor, queue, reason = await published(engine, **wished)
    assert (reason.kind, reason.subject, reason.state, reason.by) == ("rule", "reasons.prayer", WAITING, "li")
    assert await published(engine, **wished) == []
    with pytest.raises(ActNotAllowedError, match="a second person agrees"):
        await agree(engine, reason.number, LI)
    done = await agree(engine, reason.number, WANG, "a", **wished)
    assert (done.state, done.decided_by) == (AGREED, "wang")
    assert await agree(engine, reason.number, WANG, "a", **wished) == done
    site = await site_of(engine, **wished)
    assert "prayer" in exempt(site)
    assert [line.partition(" ")[0] for line in site.waiting] == ["[floor]", "[queues.vip]"]
    assert "li published it; it waits for another administrator" in site.waiting[0]
    assert (await imported(engine)).numbers == (0, 0, 0, 1), "a running daemon takes it over"
    await agree(engine, queue.number, WANG, **wished)
    await deciding(engine).withdraw(asking(WANG), floor.number, "not this year")
    site = await site_of(engine)
    assert "prayer" in exempt(site), "whatever the file says by now"
    assert (site.seat_rules.paused_in, "vip" in site.seat_rules.uncounted) == ("all", True)
    async with engine.connect() as connection:
        acts = await connection.run_sync(lambda plain: list(noted(plain, None, "reasons.prayer", 9)))
    assert [(act.kind, act.by, act.why) for act in acts] == [
        ("agree to rule", "wang", "read it"), ("publish rule", "li", "as the works council agreed"),
    ]  # fmt: skip
    gone_queue, gone_reason = await published(engine)
    for gone in (gone_queue, gone_reason):
        await agree(engine, gone.number)
    site = await site_of(engine)
    assert ("prayer" in exempt(site), site.seat_rules.uncounted, site.waiting) == (False, frozenset(), [])


async def test_a_judgement_that_has_held_is_never_edited_and_one_with_a_day_of_its_own_is(engine: AsyncEngine) -> None:
    await begun(engine, reasons=PRAYER)
    with pytest.raises(ChangeError, match="has held with max_s 600, and now says max_s 900"):
        await published(engine, reasons={"prayer": {"policy": "exempt", "max_s": 900}})
    dated = {"prayer": {**PRAYER["prayer"], "changes": [{"from": LATER, "max_s": 900}]}}
    (change,) = await published(engine, reasons=dated)
    await agree(engine, change.number, reasons=dated)
    site = await site_of(engine)
    limits = [site.reasons.on(day)["prayer"].max_us for day in (date(2026, 12, 1), LATER)]
    assert limits == [600 * SECOND, 900 * SECOND]
    (early,) = await published(
        engine, reasons={"prayer": {**dated["prayer"], "changes": [{"from": LATER, "max_s": 1}]}}
    )
    late = asking(WANG)._replace(at=NOW + 60 * 86_400 * SECOND)  # its day has come
    with pytest.raises(ChangeError, match="has held with max_s 900, and now says max_s 1"):
        await deciding(engine).agree(await site_of(engine), late, early.number, "late")


async def test_of_queues_and_the_floor_it_is_said_that_what_was_observed_stays(engine: AsyncEngine) -> None:
    site = await site_of(engine)
    ledger = ledger_of(engine, site.settings, lambda: NOW)
    for rule in (
        PublishedRule("floor", "", Floor(paused_in="any")),
        PublishedRule("queues", "vip", Queue(counts=False)),
    ):
        assert await effect_of_rule(ledger, site, rule, [(LATER, "team-1")], lambda: NOW, list) == FROM_THEN_ON
    assert await effect_of_rule(ledger, site, PublishedRule("reasons", "x", None), [], lambda: NOW, list) == NO_HISTORY


def test_what_is_published_says_all_that_judges_and_is_read_as_it_was() -> None:
    given = Settings.model_validate(
        {
            "reasons": {"午餐 A": {"policy": "exempt", "max_s": 60, "changes": [{"from": LATER, "policy": "counts"}]}},
            "queues": OUT, "floor": {"paused_in": "any"}, "state_directory": "nowhere",
        }
    )  # fmt: skip
    rules = rules_of(given)
    for rule in (*rules.values(), PublishedRule("reasons", "meal", None)):
        change = Change(1, "", "rule", rule.dotted, spelled_rule(rule), "", "{}", "", 0, "", WAITING, "", None, None)
        assert rule_of(change) == rule
        assert rule_of(change._replace(text=change.text.replace(rule.table, "later"))) is None
    assert [rule.name for rule in rules.values()] == ["[floor]", "[queues.vip]", '[reasons."午餐 A"]']
    assert rules_of(judged_by(Settings(), rules)) == rules
    assert rule_differences(rules, rules_of(Settings()))[-1].name == 'that nothing is said in [reasons."午餐 A"]'
    assert PublishedRules().agreed == {}


def test_what_ccd_says_by_itself_and_what_is_only_shown_takes_nobody_else() -> None:
    shown = {"meal": {"zh": "吃饭", "threshold_s": 60}, "chat": {"personal": True}}
    more = Settings.model_validate({"reasons": shown, "queues": {"sales": {"unit": "team-1"}}, "state_directory": "x"})
    assert rules_of(more) == rules_of(Settings())
    counts = Settings.model_validate({"reasons": {"meal": {"policy": "counts"}}, "state_directory": "x"})
    (meal,) = rule_differences(rules_of(more), rules_of(counts))
    assert (meal.dotted, meal.says) == ("reasons.meal", Reason())
    assert judged_by(more, {meal.key: meal}).reasons["meal"] == more.reasons["meal"].model_copy(
        update={"policy": "counts", "max_s_day": None}
    )
    assert Path("x") == more.state_directory
