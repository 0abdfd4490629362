"""The worked cases that tell a story of months: beside those of days, so that they run side by side."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.cases.stories import check_story, stories
from tests.cases.story import Case


@pytest.mark.parametrize("case", stories(of_months=True), ids=lambda case: case.title)
async def test_what_a_story_of_months_comes_to(engine: AsyncEngine, case: Case) -> None:
    await check_story(engine, case)
