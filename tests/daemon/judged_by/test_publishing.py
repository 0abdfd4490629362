"""Policies are published; where two people administer all units, what one has published holds once the other agrees."""

from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.judged_by.deciding import Deciding
from ccd.daemon.judged_by.imported import imported
from ccd.daemon.judged_by.published import PolicyVersion, Published, policy_spelled, version_of, versions, with_versions
from ccd.daemon.judged_by.publishing import ALONE, AT_FIRST, CONFIGURATION, publish, publish_what_holds
from ccd.daemon.site import Site
from ccd.errors import ActNotAllowedError, ChangeError
from ccd.floor.days import SECOND
from ccd.floor.rules import ALWAYS
from ccd.org.acts import noted
from ccd.org.csv_faults import Written
from ccd.org.people import ALL_UNITS, Duty, Office, Person, Role
from ccd.org.proposed import AGREED, WAITING, WITHDRAWN, Change
from ccd.settings import Policy, Settings

NOW = 1_795_500_000 * SECOND  # 24 November 2026
ADMINISTRATOR = Duty(Office.ADMINISTRATOR, ALL_UNITS)
LI, WANG = (Person(name, Role.SUPERVISOR, duties=(ADMINISTRATOR,)) for name in ("li", "wang"))
DEPUTY = Person("wu", Role.SUPERVISOR, duties=(ADMINISTRATOR._replace(deputy_for="li"),))
MANAGER = Person("zhao", Role.SUPERVISOR, duties=(Duty(Office.HOTLINE_MANAGER, ALL_UNITS),))
HEADER = "person,name,agent,role,unit,from,to,deputy_of\n"
TWO = HEADER + "li,,,administrator,*,,,\nwang,,,administrator,*,,,\n"
ONE = HEADER + "li,,,administrator,*,,,\nwang,,,administrator,team-1,,,\nwu,,,,,,,li\n"
NEXT = {"from": date(2026, 12, 1), "rate_ppm": 30_000}


async def site_of(engine: AsyncEngine, *policies: dict[str, Any], people: str = TWO, **more: Any) -> Site:
    """As a configuration with these policies describes it, with what the database keeps."""
    units: dict[str, Any] = {"team-1": {}, "team-2": {}}
    settings = Settings.model_validate({"policy": [{}, *policies], "units": units, "state_directory": "nowhere"} | more)
    kept = (await imported(engine)).published
    return Site(settings, people=Written(Path("people.csv"), people) if people else None, published=kept)


def asking(person: Person, act: str = "") -> Asking:
    return Asking(act or uuid4().hex, person, "desk-1", NOW)


async def begun(engine: AsyncEngine, *policies: dict[str, Any], **more: Any) -> None:
    await publish_what_holds(engine, await site_of(engine, *policies, **more), NOW)


async def published(engine: AsyncEngine, *policies: dict[str, Any], by: Person = LI, **more: Any) -> list[Change]:
    site = await site_of(engine, *policies, **more)
    shown = [(version, {"history": "none"}) for version in site.published.lacks(site.wished)]
    return await publish(engine, site, asking(by), shown, "as the works council agreed")


def deciding(engine: AsyncEngine) -> Deciding:
    return Deciding(engine, lambda kept: Site(Settings(), *kept))


async def agree(engine: AsyncEngine, number: int, by: Person = WANG, act: str = "", **more: Any) -> Change:
    return await deciding(engine).agree(await site_of(engine, **more), asking(by, act), number, "read it")


def rates(site: Site) -> list[tuple[str | None, int]]:
    return [(policy.unit, policy.rate_ppm) for policy in site.settings.policy]


async def test_what_a_ledger_begins_with_is_published_by_itself_and_once(engine: AsyncEngine) -> None:
    for _ in range(2):
        await begun(engine, NEXT)
    changes = (await imported(engine)).published.changes
    assert [(one.by, one.why, one.state, one.by_itself) for one in changes] == [
        (CONFIGURATION, AT_FIRST, AGREED, True)
    ] * 2
    assert (await site_of(engine, NEXT)).waiting == []
    assert (await imported(engine)).published.number == 0


@pytest.mark.parametrize("people", ["", ONE])
async def test_where_nobody_could_agree_a_change_holds_and_is_published_by_itself(
    engine: AsyncEngine, people: str
) -> None:
    await begun(engine, people=people)
    site = await site_of(engine, NEXT, people=people)
    assert (rates(site), site.waiting) == ([(None, 37_000), (None, 30_000)], [])
    await publish_what_holds(engine, site, NOW)
    newest = (await imported(engine)).published.changes[-1]
    assert (newest.why, newest.by_itself, newest.decided_by) == (ALONE, True, "")


async def test_a_change_holds_once_a_second_administrator_agrees_and_is_told_as_waiting_until_then(
    engine: AsyncEngine,
) -> None:
    await begun(engine)
    site = await site_of(engine, NEXT)
    assert rates(site) == [(None, 37_000)]
    assert site.waiting == [
        "the policy of every unit from 2026-12-01 does not hold: it is not published. `ccd policy publish` does that"
    ]
    await publish_what_holds(engine, site, NOW)
    assert len((await imported(engine)).published.changes) == 1, "the daemon agrees to nothing by itself"
    (change,) = await published(engine, NEXT)
    assert (change.state, change.by, change.effect) == (WAITING, "li", '{"history": "none"}')
    assert await published(engine, NEXT) == []
    site = await site_of(engine, NEXT)
    assert rates(site) == [(None, 37_000)]
    (waiting,) = site.waiting
    assert waiting == (
        "the policy of every unit from 2026-12-01 does not hold yet: li published it; it waits for another "
        f"administrator of all units. `ccd policy agree {change.number}` lets it hold"
    )
    done = await agree(engine, change.number, act="a")
    assert (done.state, done.decided_by) == (AGREED, "wang")
    assert await agree(engine, change.number, act="a") == done
    site = await site_of(engine)
    assert rates(site) == [(None, 37_000), (None, 30_000)], "whatever the file says by now"
    assert site.numbers == (0, 0, 0, 1)
    async with engine.connect() as connection:
        acts = await connection.run_sync(lambda plain: list(noted(plain, "agree to policy", None, 9)))
    assert [(act.by, act.address, act.why) for act in acts] == [("wang", "desk-1", "read it")]


async def test_what_is_published_anew_withdraws_what_waits_of_the_same_unit_and_day_and_nothing_else(
    engine: AsyncEngine,
) -> None:
    await begun(engine)
    other = {"from": date(2026, 12, 1), "unit": "team-1", "rate_ppm": 20_000}
    first, of_team = await published(engine, NEXT, other)
    (second,) = await published(engine, NEXT | {"rate_ppm": 31_000}, other, by=WANG)
    states = {one.number: (one.state, one.decided_by) for one in (await imported(engine)).published.changes[1:]}
    assert states == {
        first.number: (WITHDRAWN, "wang"), of_team.number: (WAITING, ""), second.number: (WAITING, ""),
    }  # fmt: skip
    with pytest.raises(ChangeError, match="is withdrawn by wang already"):
        await agree(engine, first.number)
    await agree(engine, second.number, by=LI)
    assert rates(await site_of(engine)) == [(None, 37_000), (None, 31_000)]
    (again,) = await published(engine, NEXT, other)
    await publish_what_holds(engine, await site_of(engine, NEXT | {"rate_ppm": 32_000}, people=ONE), NOW)
    changes = {one.number: one.state for one in (await imported(engine)).published.changes}
    assert changes[again.number] == WITHDRAWN, "nobody is left who could agree to it: what the file says holds"


@pytest.mark.parametrize(
    ("person", "why"),
    [
        (LI, "agree to what li proposed: a second person agrees"),
        (DEPUTY, "agree to what li proposed: a second person agrees"),
        (MANAGER, "agree to a change: it is for an administrator of all units"),
    ],
)
async def test_nobody_agrees_to_the_own_change_nor_who_stands_in_for_its_author(
    engine: AsyncEngine, person: Person, why: str
) -> None:
    await begun(engine)
    (change,) = await published(engine, NEXT)
    with pytest.raises(ActNotAllowedError, match=why):
        await agree(engine, change.number, person)
    assert (await site_of(engine, NEXT)).published.agreed == Published(
        (await imported(engine)).published.changes[:1]
    ).agreed


async def test_only_an_administrator_publishes(engine: AsyncEngine) -> None:
    await begun(engine)
    with pytest.raises(ActNotAllowedError, match="it is for an administrator of all units"):
        await published(engine, NEXT, by=MANAGER)


async def test_what_was_decided_stays_so_and_what_is_withdrawn_never_holds(engine: AsyncEngine) -> None:
    await begun(engine)
    (change,) = await published(engine, NEXT)
    done = await deciding(engine).withdraw(asking(LI), change.number, "of the wrong month")
    assert done.state == WITHDRAWN
    for act in (agree(engine, change.number), deciding(engine).withdraw(asking(WANG), change.number, "why")):
        with pytest.raises(ChangeError, match=r"is withdrawn by li already"):
            await act
    with pytest.raises(ChangeError, match="nothing of that number"):
        await agree(engine, 99)
    (again,) = await published(engine, NEXT)
    await agree(engine, again.number)
    assert rates(await site_of(engine)) == [(None, 37_000), (None, 30_000)]


async def test_a_key_that_another_act_is_known_by_is_refused_and_nothing_is_done(engine: AsyncEngine) -> None:
    other = {"unit": "team-1", "from": date(2027, 1, 1), "rate_ppm": 1}
    await begun(engine)
    first, second = await published(engine, NEXT, other)
    await agree(engine, first.number, act="mine")
    with pytest.raises(ChangeError, match="can't be known as mine: another act is"):
        await agree(engine, second.number, act="mine")
    with pytest.raises(ChangeError, match="can't be known as mine: another act is"):
        await deciding(engine).withdraw(asking(LI, "mine"), second.number, "why")
    site = await site_of(engine, NEXT, other | {"rate_ppm": 2})
    (version,) = site.published.lacks(site.wished)
    assert isinstance(version, PolicyVersion)
    await publish(engine, site, asking(LI, "ours"), [(version, {})], "why")
    with pytest.raises(ChangeError, match="can't be known as ours: another act is"):
        await publish(engine, site, asking(LI, "ours"), [(PolicyVersion("team-1", version.starts, None), {})], "why")
    assert [one.state for one in (await imported(engine)).published.changes].count(WAITING) == 1


async def test_that_there_is_no_policy_any_more_is_a_change_as_well(engine: AsyncEngine) -> None:
    own = {"unit": "team-1", "from": date(2027, 1, 1), "rate_ppm": 1}
    await begun(engine, own)
    site = await site_of(engine)
    assert rates(site) == [(None, 37_000), ("team-1", 1)]
    assert "that there is no policy of team-1 from 2027-01-01" in site.waiting[0]
    (change,) = await published(engine)
    await agree(engine, change.number)
    assert rates(await site_of(engine)) == [(None, 37_000)]


async def test_a_version_that_has_held_is_never_edited_and_is_refused_when_it_is_published_and_when_it_is_agreed_to(
    engine: AsyncEngine,
) -> None:
    await begun(engine, NEXT)
    with pytest.raises(ChangeError, match="what days that are over mean can't be edited"):
        await published(engine, NEXT, {"from": ALWAYS, "rate_ppm": 1})
    (change,) = await published(engine, NEXT | {"rate_ppm": 1})
    late = asking(WANG)._replace(at=NOW + 30 * 86_400 * SECOND)  # it is December
    with pytest.raises(ChangeError, match="has held with rate_ppm 30000, and now says rate_ppm 1"):
        await deciding(engine).agree(await site_of(engine), late, change.number, "late")
    assert (await imported(engine)).published.changes[-1].state == WAITING


async def test_always_means_that_somebody_else_at_the_prompt_agrees_where_nobody_is_there_for_anything(
    engine: AsyncEngine,
) -> None:
    said = {"people": "", "second_person": "always"}
    await begun(engine, **said)
    one, other = (Person(f"{name} at a prompt", Role.SUPERVISOR, name, operates=True) for name in ("ann", "ben"))
    (change,) = await published(engine, NEXT, by=one, **said)
    with pytest.raises(ActNotAllowedError, match="a second person agrees"):
        await agree(engine, change.number, one, **said)
    await agree(engine, change.number, other, **said)
    assert rates(await site_of(engine, NEXT, **said)) == [(None, 37_000), (None, 30_000)]


async def test_what_was_published_is_never_unsaid(engine: AsyncEngine) -> None:
    await begun(engine)
    for statement in (
        "UPDATE proposed_changes SET text = ''", "DELETE FROM proposed_changes", "UPDATE change_ends SET verdict = ''",
        "DELETE FROM change_ends", "INSERT INTO policy_readings VALUES (1, '1001', 'none')",
    ):  # fmt: skip
        with pytest.raises(DBAPIError):
            async with engine.begin() as connection:
                await connection.execute(text(statement))


def test_what_is_published_says_every_key_and_is_read_as_it_was() -> None:
    given = [{"unit": "甲", "from": date(2026, 12, 1), "loan": {"busy_days": ["2026-12-24/2026-12-26"]}}, NEXT]
    policies = [Policy.model_validate(one) for one in given]
    for version in versions(policies).values():
        change = Change(1, "", "policy", "", policy_spelled(version), "", "{}", "", 0, "", WAITING, "", None, None)
        assert version_of(change) == version
        unknown = change._replace(text=change.text.replace("rate_ppm", "later"))
        assert version_of(unknown) is None
    assert with_versions((), versions(policies).values()) == tuple(policies[::-1])
