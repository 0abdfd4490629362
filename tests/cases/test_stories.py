"""The worked cases of tests/cases/*.toml that tell a story of days: what everybody's accounts hold in the end,
and that each line of them is explained."""

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.ledger.verify import verify
from tests.cases.explaining import check_explained
from tests.cases.late import World
from tests.cases.story import Case, CaseError, cases

HERE = Path(__file__).parent
FILES = sorted(file for file in HERE.glob("*.toml") if file.name != "shifts.toml")
CASES = [case for file in FILES for case in cases(file)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
async def test_what_a_story_comes_to(engine: AsyncEngine, case: Case) -> None:
    world = World(engine, case)
    await world.live_through(case.story)
    assert await world.balances() == case.then
    assert await world.points() == case.points
    before = await world.balances()
    await world.night()
    assert await world.balances() == before, "another night finds nothing to do"
    await check_explained(world, case)
    assert (await verify(engine, lambda done, of: None)).findings == []


def test_there_are_as_many_cases_as_are_told_of() -> None:
    by_title = Counter(case.title for case in CASES)
    assert max(by_title.values()) == 1
    assert len(CASES) >= 60


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("story = ['1 Aug 1001 works 08:00-16:00']", "'1 Aug' is no day"),
        ("story = ['1001 works 08:00-16:00']", "does not begin with a day"),
        ("story = ['2 Dec 1001 works 08:00-16:00', '1 Dec 1001 works 08:00-16:00']", "comes before"),
    ],
)
def test_a_case_that_is_written_wrong_is_named_with_its_file(told: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f"[[case]]\ntitle = 'a try'\n{told}\nthen = {{}}\n")
    with pytest.raises(CaseError) as refused:
        list(cases(file))
    assert "mine.toml, case 1 (a try): " in str(refused.value)
    assert expected in str(refused.value)
