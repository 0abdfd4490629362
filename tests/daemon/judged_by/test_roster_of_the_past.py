"""Roster lines that say something else of measured days wait, as a whole and with their effect, for a second person."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.judged_by.deciding import Deciding
from ccd.daemon.judged_by.imported import Imported, imported
from ccd.daemon.judged_by.replacing import Replacing
from ccd.daemon.reloading import Applied
from ccd.daemon.site import Site
from ccd.errors import ActNotAllowedError, ChangedMeanwhileError, RosterError
from ccd.org.acts import noted
from ccd.org.csv_faults import Written
from ccd.org.people import ALL_UNITS, Duty, Office, Person, Role
from ccd.org.proposed import AGREED, WITHDRAWN
from ccd.org.store import ROSTER as KIND
from ccd.web.organisation_api import Importer, ImportSaid
from tests.daemon.ruled import ANN, ROSTER, TUESDAY, WORKED, Centre, settings

PEOPLE = "person,name,agent,role,unit,from,to,deputy_of\nli,,,administrator,*,,,\nwang,,,administrator,*,,,\n"
ALONE = PEOPLE.replace("wang,,,administrator,*", "wang,,,hotline_manager,*")
LI, WANG = (Person(name, Role.SUPERVISOR, duties=(Duty(Office.ADMINISTRATOR, ALL_UNITS),)) for name in ("li", "wang"))
EVE = ROSTER.replace(f"ann,{ANN},,team-1,,", f"eve,{ANN},,team-1,,")
LATER = ROSTER.replace(f"ann,{ANN},,team-1,,", f"ann,{ANN},,team-1,,2099-01-01\nann,{ANN},,team-2,2099-01-01,")
OVERDRAWN_S = 1_800 - 8 * 3_600 * 37_000 // 1_000_000


class Desk:
    def __init__(self, centre: Centre, folder: Path, people: str = PEOPLE) -> None:
        self.centre, self.engine, self.folder, self.people = centre, centre.engine, folder, people
        self.replacing = Replacing(self.engine, self.described, centre.bank.now)
        self.deciding = Deciding(self.engine, self.described)

    def described(self, kept: Imported) -> Site:
        roster = kept.roster or Written(Path("roster.csv"), ROSTER)
        people = Written(Path("people.csv"), self.people)
        return Site(settings(self.folder, schedules=False), roster, people=people, published=kept.published)

    async def imports(self, text: str, instead_of: int = 0, dry_run: bool = False) -> ImportSaid:
        return await self.replacing.take(KIND, text, instead_of, Importer("li", "desk-1", "sat elsewhere"), dry_run)

    async def site(self) -> Site:
        return self.described(await imported(self.engine))

    def asking(self, person: Person, act: str | None = None) -> Asking:
        return self.centre.asking(person, act)


@pytest.fixture
async def desk(engine: AsyncEngine, tmp_path: Path) -> Desk:
    """Half an hour of aux on each of two settled days; the roster was imported before."""
    centre = Centre(engine, tmp_path)
    await Desk(centre, tmp_path).imports(ROSTER)
    await centre.lives(*WORKED)
    await centre.close()
    return Desk(centre, tmp_path)


async def test_another_past_waits_with_its_effect_and_is_imported_once_somebody_else_agrees(desk: Desk) -> None:
    rehearsed = await desk.imports(EVE, 1, dry_run=True)
    assert (rehearsed.number, rehearsed.change, await desk.deciding.all()) == (1, None, [])
    said = await desk.imports(EVE, 1)
    assert said.number == 1
    assert said.effect == rehearsed.effect
    assert said.effect is not None
    assert said.effect["agents"] == ["ann", "eve"]
    assert (said.effect["from"], said.effect["to"]) == ("2026-11-02", "2026-11-04")
    assert said.effect["seconds"] == {"ann": 2 * OVERDRAWN_S, "eve": -2 * OVERDRAWN_S}
    assert (await desk.imports(EVE, 1)).change == said.change, "the same again is the same"
    assert said.change is not None
    with pytest.raises(ActNotAllowedError, match="a second person agrees"):
        await desk.deciding.agree(await desk.site(), desk.asking(LI), int(said.change), "mine")
    kept = await desk.replacing.newest(KIND)
    assert kept is not None
    assert kept.text == ROSTER
    for _ in range(2):
        done = await desk.deciding.agree(await desk.site(), desk.asking(WANG, "a"), int(said.change), "I saw her")
        assert (done.state, done.decided_by) == (AGREED, "wang")
    kept = await desk.replacing.newest(KIND)
    assert kept is not None
    assert (kept.number, kept.text) == (2, EVE)
    async with desk.engine.connect() as connection:
        acts = await connection.run_sync(lambda plain: list(noted(plain, None, KIND, 2)))
    assert [(act.kind, act.by, act.why) for act in acts] == [
        ("import roster", "wang", "I saw her"), ("propose roster", "li", "sat elsewhere"),
    ]  # fmt: skip


async def test_what_only_is_to_come_is_imported_at_once_and_so_is_all_where_nobody_could_agree(desk: Desk) -> None:
    later = await desk.imports(LATER, 1)
    assert (later.number, later.change, later.effect) == (2, None, None)
    alone = Desk(desk.centre, desk.folder, ALONE)
    said = await alone.imports(EVE, 2)
    assert (said.number, said.change, said.effect) == (3, None, None)


async def test_what_another_import_has_overtaken_is_proposed_anew_and_what_is_withdrawn_is_never_imported(
    desk: Desk,
) -> None:
    said = await desk.imports(EVE, 1)
    assert said.change is not None
    await desk.imports(LATER, 1)
    with pytest.raises(ChangedMeanwhileError):
        await desk.deciding.agree(await desk.site(), desk.asking(WANG), int(said.change), "too late")
    done = await desk.deciding.withdraw(desk.asking(WANG), int(said.change), "see the new one")
    assert done.state == WITHDRAWN
    anew = await desk.imports(EVE, 2)
    assert anew.change not in (None, said.change)


async def test_who_takes_over_on_another_machine_measures_anew_what_was_imported_as_the_first_died(
    desk: Desk, tmp_path: Path
) -> None:
    alone, bank = Desk(desk.centre, desk.folder, ALONE), desk.centre.bank
    await Applied(desk.engine, await alone.site(), bank.now).note(await alone.site())
    assert await bank.due() == []
    assert (await alone.imports(EVE, 1)).number == 2
    elsewhere = Desk(desk.centre, tmp_path / "elsewhere", ALONE)
    site = await elsewhere.site()
    for due in (2, 0):
        await Applied(desk.engine, site, bank.now).note(site)
        bank.follow(site.measuring)
        found = await bank.due()
        assert sum(unit == "team-1" and day <= TUESDAY for unit, day in found) == due
        await desk.centre.close()
    assert (await bank.net_s("ann"), await bank.net_s("eve")) == (0, -2 * OVERDRAWN_S)


async def test_a_file_that_says_something_else_of_measured_days_is_not_applied(desk: Desk) -> None:
    now = desk.centre.bank.now
    applied = Applied(desk.engine, await desk.site(), now)
    first = desk.described(Imported())
    await applied.note(first)
    await applied.note(first)
    other = desk.described(Imported(roster=Written(Path("roster.csv"), EVE)))
    with pytest.raises(RosterError, match="9 days of units that were measured, to which another administrator has"):
        await applied.note(other)
    await applied.note(desk.described(Imported(roster=Written(Path("roster.csv"), LATER))))
    await applied.note(desk.described(Imported(roster=Written(Path("import 2"), EVE, 2))))
