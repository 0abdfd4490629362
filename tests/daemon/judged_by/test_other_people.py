"""People who change days that were measured, or take somebody out of who could agree, wait for a second person."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.judged_by.imported import Imported, imported
from ccd.daemon.site import Site
from ccd.errors import ActNotAllowedError
from ccd.org.csv_faults import Written
from ccd.org.proposed import AGREED
from ccd.org.store import PEOPLE as KIND
from ccd.web.organisation_api import Importer, ImportSaid
from tests.daemon.judged_by import test_roster_of_the_past as past
from tests.daemon.judged_by.test_roster_of_the_past import LI, WANG
from tests.daemon.ruled import ROSTER, WORKED, Centre, settings

HEADER = "person,name,agent,role,unit,from,to,deputy_of,contract_ppm,contract_from\n"
TWO = HEADER + "li,,,administrator,*,,,,,\nwang,,,administrator,*,,,,,\nann,,ann,,,,,,,\n"
HALF = TWO.replace("ann,,ann,,,,,,,", "ann,,ann,,,,,,500000,2026-11-03")
HALF_TO_COME = TWO.replace("ann,,ann,,,,,,,", "ann,,ann,,,,,,500000,2099-01-01")
ALONE = TWO.replace("wang,,,administrator,*", "wang,,,hotline_manager,*")
UNTIL = TWO.replace("wang,,,administrator,*,,", "wang,,,administrator,*,,2099-01-01")
OTHER = TWO.replace("wang,,,administrator", "mallory,,,administrator")
THREE = TWO + "sun,,,administrator,*,,,,,\n"


class Desk(past.Desk):
    def described(self, kept: Imported) -> Site:
        roster = kept.roster or Written(Path("roster.csv"), ROSTER)
        chosen = settings(self.folder, schedules=False)
        return Site(chosen, roster, people=kept.people, published=kept.published)

    async def imports(self, text: str, instead_of: int = 1, dry_run: bool = False) -> ImportSaid:
        return await self.replacing.take(KIND, text, instead_of, Importer("li", "desk-1", "as HR says"), dry_run)


@pytest.fixture
async def desk(engine: AsyncEngine, tmp_path: Path) -> Desk:
    """Half an hour of aux on each of two settled days; two people administer all units."""
    centre = Centre(engine, tmp_path)
    await centre.lives(*WORKED)
    await centre.close()
    made = Desk(centre, tmp_path)
    assert (await made.imports(TWO, 0)).change is None, "where nobody was there yet, nobody could agree"
    return made


async def test_another_share_of_a_measured_day_waits_with_its_effect_until_somebody_else_agrees(desk: Desk) -> None:
    said = await desk.imports(HALF)
    assert (said.number, said.since) == (1, "2026-11-03T00:00:00+00:00")
    assert said.effect is not None
    assert (said.effect["agents"], said.effect["from"]) == (["ann"], "2026-11-03")
    assert said.effect["seconds"]["ann"] < 0, "a shorter day has a smaller allowance"
    assert said.change is not None
    with pytest.raises(ActNotAllowedError, match="a second person agrees"):
        await desk.deciding.agree(await desk.site(), desk.asking(LI), int(said.change), "mine")
    for _ in range(2):
        done = await desk.deciding.agree(await desk.site(), desk.asking(WANG, "a"), int(said.change), "I read it")
        assert (done.state, done.kind, done.decided_by) == (AGREED, KIND, "wang")
    held = (await imported(desk.engine)).people
    assert held is not None
    assert (held.number, held.text) == (2, HALF)


async def test_what_only_is_to_come_of_shares_is_imported_at_once(desk: Desk) -> None:
    said = await desk.imports(HALF_TO_COME)
    assert (said.number, said.change, said.effect) == (2, None, None)
    assert (await desk.imports(THREE, 2)).number == 3, "who is there besides takes nobody out"


@pytest.mark.parametrize("people", [ALONE, UNTIL, OTHER, HEADER + "li,,,administrator,*,,,,,\n"])
async def test_nobody_takes_the_second_administrator_out_alone(desk: Desk, people: str) -> None:
    said = await desk.imports(people)
    assert (said.number, said.effect) == (1, {"takes_out": ["wang"]})
    assert said.change is not None
    done = await desk.deciding.agree(await desk.site(), desk.asking(WANG), int(said.change), "I leave")
    assert done.state == AGREED
    assert (await imported(desk.engine)).numbers[2] == 2


async def test_who_is_alone_changes_what_they_like(engine: AsyncEngine, tmp_path: Path) -> None:
    centre = Centre(engine, tmp_path)
    await centre.lives(*WORKED)
    await centre.close()
    desk = Desk(centre, tmp_path)
    for number, people in enumerate((ALONE, HALF.replace("wang,,,administrator", "wang,,,hotline_manager"), TWO)):
        assert (await desk.imports(people, number)).number == number + 1
