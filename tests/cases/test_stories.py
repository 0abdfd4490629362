"""The worked cases that tell a story of days."""

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.cases.stories import check_story, stories
from tests.cases.story import Case, CaseError, cases


@pytest.mark.parametrize("case", stories(of_months=False), ids=lambda case: case.title)
async def test_what_a_story_comes_to(engine: AsyncEngine, case: Case) -> None:
    await check_story(engine, case)


def test_there_are_as_many_cases_as_are_told_of() -> None:
    every = [*stories(of_months=False), *stories(of_months=True)]
    by_title = Counter(case.title for case in every)
    assert max(by_title.values()) == 1
    assert len(every) >= 60


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
