"""The year that is explained is one that was measured and settled, and its lines end in what the switch said."""

from pathlib import Path

from benchmarks.explain import measure


async def test_lines_of_a_small_year_are_explained_to_their_ends(tmp_path: Path) -> None:
    found = await measure("sqlite", f"sqlite+aiosqlite:///{tmp_path / 'year.sqlite'}", agents=2, days=6, lines=4)
    assert found["transfers"] >= 10
    assert found["segments"] == 2 * 6 * (2 + 14 * 3 + 5 * 2)
    assert found["events"] >= 10, "signed in and out, and five pauses"
    assert found["all_events"] == 2 + 14 * 3 + 5 * 2
