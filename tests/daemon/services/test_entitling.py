"""HR says what an agent is entitled to: it protects from overdraft, earns nothing, and nobody is told why."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.services.entitling import entitle, entitled
from ccd.daemon.site import Site
from ccd.errors import ActNotAllowedError, EntitlementError
from ccd.org.acts import noted
from ccd.org.csv_faults import Written
from ccd.org.entitlements import Entitled, Entitlement
from ccd.org.people import Duty, Office, Person, Role
from tests.daemon.ruled import HOUR, MANAGER, MONDAY, TUESDAY, WORKED, Centre

CLERK = Person("hal", Role.SUPERVISOR, agent="hal", duties=(Duty(Office.HR_CLERK, "centre"),))
AUX_S = HOUR // 2
ALLOWED_S = 8 * HOUR * 37_000 // 1_000_000
OVERDRAWN_S = AUX_S - ALLOWED_S


@pytest.fixture
async def centre(engine: AsyncEngine, tmp_path: Path) -> Centre:
    """Half an hour of aux on each of two days."""
    made = Centre(engine, tmp_path)
    await made.lives(*WORKED)
    await made.close()
    assert await made.bank.net_s("ann") == -2 * OVERDRAWN_S
    return made


async def entitles(
    centre: Centre,
    entitlement: Entitlement | None,
    first: date = MONDAY,
    until: date | None = None,
    act: str | None = None,
    person: Person = CLERK,
) -> Entitled:
    return await entitle(centre.engine, centre.site, centre.asking(person, act), "ann", first, until, entitlement)


async def test_an_own_minimum_protects_on_its_days_and_no_others(centre: Centre) -> None:
    await entitles(centre, Entitlement(None, AUX_S), until=TUESDAY)
    await centre.close()
    assert await centre.bank.net_s("ann") == -OVERDRAWN_S
    assert (await centre.revisions())["ann", 2] == 2
    assert (await centre.revisions())["ann", 3] == 1
    assert (await centre.day("ann")).expected == f'{{"entitlement":[null,{AUX_S}]}}'


async def test_an_own_rate_protects_and_earns_nothing(centre: Centre) -> None:
    await entitles(centre, Entitlement(100_000, None), first=TUESDAY)
    await centre.close()
    assert await centre.bank.net_s("ann") == -OVERDRAWN_S, "2 880 s may be aux, and what is left of it is not saved"
    await entitles(centre, Entitlement(50_000, None), first=TUESDAY)
    await centre.close()
    assert await centre.bank.net_s("ann") == -OVERDRAWN_S - (AUX_S - 1_440), "what was said last holds"
    await entitles(centre, Entitlement(1_000, None), first=TUESDAY)
    await centre.close()
    assert await centre.bank.net_s("ann") == -2 * OVERDRAWN_S, "and less than others have is no harm"


async def test_what_ends_is_charged_again_to_the_last_figure(centre: Centre) -> None:
    before = await centre.record("ann")
    await entitles(centre, Entitlement(100_000, None))
    await centre.close()
    assert await centre.bank.net_s("ann") == 0
    await entitles(centre, None)
    await centre.close()
    assert (await centre.bank.net_s("ann"), await centre.record("ann")) == (-2 * OVERDRAWN_S, before)


async def test_the_same_act_again_changes_nothing_and_tells_nobody_why_or_what(centre: Centre) -> None:
    for _ in range(2):
        await entitles(centre, Entitlement(100_000, None), act="one")
    with pytest.raises(EntitlementError, match="choose another key"):
        await entitles(centre, Entitlement(90_000, None), act="one")
    (said,) = await entitled(centre.engine, centre.site, centre.asking(CLERK), "ann")
    assert (said.act, said.entitlement) == ("one", Entitlement(100_000, None))
    async with centre.engine.connect() as connection:
        (act,) = await connection.run_sync(lambda plain: list(noted(plain, None, "ann", 9)))
    assert (act.by, act.kind, act.before, act.after) == ("hal", "entitle", "", "{}")


async def test_it_is_for_a_clerk_and_never_of_oneself(centre: Centre) -> None:
    with pytest.raises(ActNotAllowedError, match="it is for a hr_clerk"):
        await entitles(centre, Entitlement(100_000, None), person=MANAGER)
    with pytest.raises(ActNotAllowedError, match="it is for a hr_clerk"):
        await entitled(centre.engine, centre.site, centre.asking(MANAGER), "ann")
    herself = Person("ann", Role.SUPERVISOR, "ann", duties=(Duty(Office.HR_CLERK, "centre"),))
    with pytest.raises(ActNotAllowedError, match="own account"):
        await entitles(centre, Entitlement(100_000, None), person=herself)
    with pytest.raises(EntitlementError, match="no place on the roster"):
        await entitle(centre.engine, centre.site, centre.asking(CLERK), "eve", MONDAY, None, Entitlement(1, None))
    with pytest.raises(EntitlementError, match="no place on the roster"):
        await entitled(centre.engine, centre.site, centre.asking(CLERK), "eve")


async def test_of_days_in_another_unit_its_own_clerk_says_it(centre: Centre) -> None:
    """Cid is in team-2 from Tuesday on."""
    person = Person("tea", Role.SUPERVISOR, agent="tea", duties=(Duty(Office.HR_CLERK, "team-1"),))

    async def says(until: date | None, person: Person) -> None:
        asking = centre.asking(person)
        await entitle(centre.engine, centre.site, asking, "cid", MONDAY, until, Entitlement(100_000, None))

    with pytest.raises(ActNotAllowedError, match="it is for a hr_clerk in team-2"):
        await says(None, person)
    await says(TUESDAY, person)
    await says(None, CLERK)


TREE = """unit,kind,parent,name,timezone,day_starts_at,country,from,to
centre,centre,,,UTC,,,,
south,sub_centre,centre,,,,,,
north,sub_centre,centre,,,,,,
team-1,team,south,,,,,,2026-11-04
team-1,team,north,,,,,2026-11-04,2026-11-20
team-2,team,south,,,,,,
alone,team,centre,,,,,,
"""


async def test_of_days_below_another_unit_a_clerk_of_the_new_line_says_it_as_well(centre: Centre) -> None:
    """Ann's team stands below the north from Wednesday on, and is no more from the twentieth on."""
    centre.site = Site(centre.site.settings, centre.site.roster_said, Written(Path("tree.csv"), TREE))
    wednesday = date(2026, 11, 4)
    south, north = (Person(name, Role.SUPERVISOR, duties=(Duty(Office.HR_CLERK, name),)) for name in ("south", "north"))
    said = Entitlement(100_000, None)
    for until in (None, date(2026, 11, 5)):
        with pytest.raises(ActNotAllowedError, match="it is for a hr_clerk in team-1, north"):
            await entitles(centre, said, until=until, person=south)
        with pytest.raises(ActNotAllowedError, match="it is for a hr_clerk in team-1, south"):
            await entitles(centre, said, until=until, person=north)
    await entitles(centre, said, until=wednesday, person=south)
    await entitles(centre, said, first=wednesday, person=north)
    await entitles(centre, said)


async def test_entitlements_are_never_unsaid(centre: Centre) -> None:
    await entitles(centre, Entitlement(100_000, None))
    for statement in ("UPDATE entitlements SET rate_ppm = 1", "DELETE FROM entitlements"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with centre.engine.begin() as connection:
                await connection.execute(text(statement))
