"""Appeals: an agent's word against a line of the statement, decided by whoever does not lead the agent."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.appeal_rows import decided_and_owing, lodged, open_appeals
from ccd.bank.appeals import Appeal, AppealState
from ccd.daemon.services.appealing import lodge_appeal, reject, uphold, withdraw_appeal
from ccd.daemon.services.attended import attended
from ccd.daemon.services.ruling import made_between
from ccd.errors import ActNotAllowedError, AppealError, RulingError
from ccd.history.reading import reading
from ccd.ledger.model import Transfer
from ccd.ledger.schema import entries
from ccd.org.acts import noted
from ccd.org.people import Duty, Office, Person, Role
from ccd.sql.turns import read_in_turn
from tests.daemon.ruled import ANN, HOUR, MANAGER, MONDAY, ROSTER, TUESDAY, Centre, at, moments, span
from tests.floor.floors import added, paused, removed, unpaused

AGENT = Person("ann", Role.AGENT, agent="ann")
LEADER = Person("leo", Role.SUPERVISOR, duties=(Duty(Office.HOTLINE_MANAGER, "team-1"),))
WORKED = (
    added(at(8), seat=ANN),
    paused(at(9), "toilet", seat=ANN),
    unpaused(at(10), seat=ANN),
    removed(at(16), seat=ANN),
)
OWED_S = HOUR - 8 * HOUR * 37_000 // 1_000_000


@pytest.fixture
async def centre(engine: AsyncEngine, tmp_path: Path) -> Centre:
    """On Tuesday, of Monday ann owes personal leave."""
    made = Centre(engine, tmp_path)
    await made.lives(*WORKED, until=24)
    made.bank.now_s = at(12, 1)
    await made.close()
    assert await made.bank.net_s("ann") == -OWED_S
    return made


async def line_of(centre: Centre) -> Transfer:
    async with centre.engine.connect() as connection:
        (row,) = await connection.execute(
            select(entries.c.transaction_id, entries.c.leg).where(entries.c.day == MONDAY)
        )
        return Transfer(*row)


async def lodges(centre: Centre, act: str = "mine", person: Person = AGENT, agent: str = "ann") -> Appeal:
    return await lodge_appeal(
        centre.engine, centre.site, centre.asking(person, act), agent, await line_of(centre), "the CRM was down"
    )


async def still_open(centre: Centre, agents: tuple[str, ...] | None = None) -> list[Appeal]:
    return await read_in_turn(centre.engine, lambda plain: open_appeals(plain, MONDAY, TUESDAY, agents))


async def test_an_appeal_waits_and_is_upheld_with_a_ruling_that_revises_the_day(centre: Centre) -> None:
    made = await lodges(centre)
    assert made == await lodges(centre), "the same act again"
    assert made == Appeal("mine", "ann", "team-1", MONDAY, await line_of(centre))
    assert (await still_open(centre), await still_open(centre, ("ben",))) == ([made], [])
    async with reading(centre.engine) as connection:
        (month,) = await attended(connection, centre.site, MONDAY, TUESDAY, TUESDAY, ["ann"])
        assert month.disputed == {MONDAY}, "whoever closes the month leaves that day's leave alone"
    assert await read_in_turn(centre.engine, decided_and_owing) == []
    for _ in range(2):
        ended = await uphold(
            centre.engine, centre.site, centre.asking(act="yes"), "mine", moments(9, 10), "available", "so it was"
        )
        assert (ended.state, ended.ruling) == (AppealState.UPHELD, "yes")
    assert await read_in_turn(centre.engine, decided_and_owing) == [MONDAY]
    await centre.close()
    assert await read_in_turn(centre.engine, decided_and_owing) == []
    assert await centre.bank.net_s("ann") == 8 * HOUR * 37_000 // 1_000_000
    assert await still_open(centre) == []
    (ruled,) = await made_between(centre.engine, span(0, 24))
    assert (ruled.ref, ruled.agent, ruled.counts) == ("yes", "ann", "available")
    async with centre.engine.connect() as connection:
        acts = await connection.run_sync(lambda plain: list(noted(plain, None, "ann", 9)))
    assert [(act.by, act.kind, act.why) for act in acts] == [
        ("mia", "uphold an appeal", "so it was"), ("ann", "appeal", "the CRM was down"),
    ]  # fmt: skip


async def test_an_appeal_is_upheld_where_the_roster_has_the_day_in_another_unit_by_now(centre: Centre) -> None:
    await lodges(centre)
    await centre.follows(ROSTER.replace(f"ann,{ANN},,team-1,,", f"ann,{ANN},,team-2,,"))
    await centre.close()
    assert (await centre.day("ann")).record.unit == "team-2"
    within = moments(9, 10)
    duties = Duty(Office.HOTLINE_MANAGER, "centre"), Duty(Office.TEAM_LEADER, "team-2")
    leads = centre.asking(Person("leo", Role.SUPERVISOR, duties=duties))
    with pytest.raises(ActNotAllowedError, match="own leader does not"):  # but makes a ruling on a day of the team
        await uphold(centre.engine, centre.site, leads, "mine", within, "available", "so it was")
    ended = await uphold(centre.engine, centre.site, centre.asking(), "mine", within, "available", "so it was")
    assert ended.state is AppealState.UPHELD
    await centre.close()
    assert await centre.bank.net_s("ann") == 8 * HOUR * 37_000 // 1_000_000


async def test_an_appeal_is_rejected_where_the_roster_has_no_place_for_the_agent_on_its_day_any_more(
    centre: Centre,
) -> None:
    await lodges(centre)
    await centre.follows(ROSTER.replace(f"ann,{ANN},,team-1,,", f"ann,{ANN},,team-1,2026-11-03,"))
    engine, site, within = centre.engine, centre.site, moments(9, 10)
    with pytest.raises(AppealError, match=r"no place on the roster on 2026-11-02 any more: .* reject"):
        await uphold(engine, site, centre.asking(), "mine", within, "available", "so it was")
    with pytest.raises(AppealError, match="no place on the roster on 2026-11-02"):
        await uphold(engine, site, centre.asking(), "mine", moments(33, 34), "available", "so it was")
    assert (await reject(engine, site, centre.asking(), "mine", "no place then")).state is AppealState.REJECTED


async def test_what_is_decided_stays_so(centre: Centre) -> None:
    await lodges(centre)
    for _ in range(2):
        assert (
            await reject(centre.engine, centre.site, centre.asking(act="no"), "mine", "it was up")
        ).state == "rejected"
    with pytest.raises(AppealError, match="rejected already: it stays that"):
        await uphold(centre.engine, centre.site, centre.asking(), "mine", moments(9, 10), "exempt", "after all")
    with pytest.raises(AppealError, match="before: mine is rejected"):
        await lodges(centre, "again")
    await centre.close()
    assert await centre.bank.net_s("ann") == -OWED_S
    with pytest.raises(AppealError, match="is no appeal"):
        await reject(centre.engine, centre.site, centre.asking(), "nobodys", "why")


async def test_of_all_who_lodge_or_end_it_at_once_one_does(centre: Centre) -> None:
    engine, site = centre.engine, centre.site
    lodged_at_once = await asyncio.gather(*(lodges(centre, act) for act in "abc"), return_exceptions=True)
    (made,) = [one for one in lodged_at_once if isinstance(one, Appeal)]
    assert all("before" in str(one) for one in lodged_at_once if one is not made)
    ended_at_once = await asyncio.gather(
        reject(engine, site, centre.asking(), made.ref, "it was up"),
        uphold(engine, site, centre.asking(), made.ref, moments(9, 10), "exempt", "so it was"),
        withdraw_appeal(engine, centre.asking(AGENT), made.ref, "a mistake"),
        return_exceptions=True,
    )
    (ended,) = [one for one in ended_at_once if isinstance(one, Appeal)]
    assert all(f"{ended.state} already" in str(one) for one in ended_at_once if one is not ended)
    ruled = await made_between(engine, span(0, 24))
    assert len(ruled) == (ended.state is AppealState.UPHELD)


async def test_what_is_withdrawn_can_be_lodged_again_until_the_days_are_over(centre: Centre) -> None:
    await lodges(centre)
    with pytest.raises(ActNotAllowedError, match="the agent does it"):
        await withdraw_appeal(centre.engine, centre.asking(MANAGER), "mine", "not yours")
    await withdraw_appeal(centre.engine, centre.asking(AGENT), "mine", "a mistake")
    centre.bank.now_s = at(23.9, 8)
    await lodges(centre, "again")
    assert [one.state for one in await read_in_turn(centre.engine, lambda plain: lodged(plain, MONDAY, MONDAY))] == [
        AppealState.OPEN, AppealState.WITHDRAWN,
    ]  # fmt: skip
    await withdraw_appeal(centre.engine, centre.asking(AGENT), "again", "a mistake")
    centre.bank.now_s = at(0.1, 9)
    with pytest.raises(AppealError, match="until 2026-11-10: it was recorded on 2026-11-03"):
        await lodges(centre, "too late")


async def test_nobody_appeals_for_another_or_decides_of_the_own_people(centre: Centre) -> None:
    line = await line_of(centre)
    with pytest.raises(ActNotAllowedError, match="the agent does it"):
        await lodges(centre, person=MANAGER)
    with pytest.raises(AppealError, match="has no line"):
        await lodges(centre, person=Person("ben", Role.AGENT, "ben"), agent="ben")
    with pytest.raises(AppealError, match=r"has no line 99\.1"):
        await lodge_appeal(centre.engine, centre.site, centre.asking(AGENT), "ann", Transfer(99, 1), "why")
    with pytest.raises(AppealError, match="gives no reason"):
        await lodge_appeal(centre.engine, centre.site, centre.asking(AGENT), "ann", line, " ")
    await lodges(centre)
    with pytest.raises(ActNotAllowedError, match="own leader does not"):
        await reject(centre.engine, centre.site, centre.asking(LEADER), "mine", "no")
    both = Person("ann", Role.SUPERVISOR, "ann", duties=(Duty(Office.HOTLINE_MANAGER, "centre"),))
    with pytest.raises(ActNotAllowedError, match="own account"):
        await uphold(centre.engine, centre.site, centre.asking(both), "mine", moments(9, 10), "exempt", "yes")
    with pytest.raises(AppealError, match="rule on that day alone"):
        await uphold(centre.engine, centre.site, centre.asking(), "mine", moments(33, 34), "exempt", "yes")
    with pytest.raises(RulingError, match="allowed: available"):
        await uphold(centre.engine, centre.site, centre.asking(), "mine", moments(9, 10), "yes", "yes")
    assert [one.ref for one in await still_open(centre)] == ["mine"]


async def test_appeals_are_never_unsaid(centre: Centre) -> None:
    await lodges(centre)
    await reject(centre.engine, centre.site, centre.asking(), "mine", "it was up")
    for statement in (
        "UPDATE appeals SET agent = 'ben'", "DELETE FROM appeals", "DELETE FROM appeal_ends",
        "UPDATE appeal_ends SET state = 'withdrawn'",
    ):  # fmt: skip
        with pytest.raises(DBAPIError, match="append-only"):
            async with centre.engine.begin() as connection:
                await connection.execute(text(statement))
