"""What has held on a day says the same for ever; what is to be judged otherwise is a new version, with its day."""

from datetime import date
from typing import Any

import pytest

from ccd.daemon.judged_by.held import edits, held_by_settings, judged_otherwise_since
from ccd.settings import Settings

TODAY = date(2026, 11, 24)
NOVEMBER, YESTERDAY, TOMORROW = date(2026, 11, 1), date(2026, 11, 23), date(2026, 11, 25)
UNITS: dict[str, Any] = {"units": {"team-1": {}, "team-2": {}}}


def meal(*changes: dict[str, Any], **base: Any) -> dict[str, Any]:
    return {"reasons": {"meal": {"max_s_day": 3_600} | base | {"changes": changes}}}


def change(starts: date, **judging: Any) -> dict[str, Any]:
    return {"from": starts} | judging


def policies(*given: dict[str, Any]) -> dict[str, Any]:
    return UNITS | {"policy": given}


OF_ALL = {"from": NOVEMBER, "rate_ppm": 40_000}
OF_TEAM = {"from": NOVEMBER, "rate_ppm": 50_000, "unit": "team-1"}


def check(before: dict[str, Any], after: dict[str, Any], since: date | None, *edited: str) -> None:
    """Since when the two judge otherwise, and what has held and is edited: the reason, or the unit and "policy"."""
    old, new = (held_by_settings(Settings.model_validate(given)) for given in (before, after))
    assert judged_otherwise_since(old, new) == since
    assert [edit.reason or f"{edit.unit} policy".strip() for edit in edits(old, new, TODAY)] == list(edited)


@pytest.mark.parametrize(
    ("before", "after", "since", "edited"),
    [
        (meal(), meal(), None, ()),
        (meal(), meal(max_s_day=1_800), date(1970, 1, 1), ("meal",)),
        (meal(), meal(personal=True, threshold_s=60), None, ()),
        ({}, {"reasons": {"prayer": {"policy": "exempt"}}}, date(1970, 1, 1), ("prayer",)),
        ({}, {"reasons": {"prayer": {"personal": True}}}, None, ()),
        ({"reasons": {"prayer": {"policy": "exempt"}}}, {}, date(1970, 1, 1), ("prayer",)),
        (meal(), meal(change(TOMORROW, max_s_day=60)), TOMORROW, ()),
        (meal(), meal(change(TODAY, max_s_day=60)), TODAY, ()),
        (meal(), meal(change(NOVEMBER, max_s_day=60)), NOVEMBER, ()),
        (meal(change(NOVEMBER, max_s_day=60)), meal(change(NOVEMBER, max_s_day=90)), NOVEMBER, ("meal",)),
        (meal(change(NOVEMBER, max_s_day=60)), meal(), NOVEMBER, ("meal",)),
        (meal(change(TOMORROW, max_s_day=60)), meal(), TOMORROW, ()),
        (meal(change(TOMORROW, max_s_day=60)), meal(change(TOMORROW, max_s_day=90)), TOMORROW, ()),
        (
            meal(change(NOVEMBER, max_s_day=60)),
            meal(change(NOVEMBER, max_s_day=60), change(YESTERDAY, policy="counts")),
            YESTERDAY,
            (),
        ),
    ],
)
def test_a_reason(before: dict[str, Any], after: dict[str, Any], since: date | None, edited: tuple[str, ...]) -> None:
    check(before, after, since, *edited)


@pytest.mark.parametrize(
    ("before", "after", "since", "edited"),
    [
        (policies(OF_ALL), policies(OF_ALL), None, ()),
        (policies(OF_ALL), policies(OF_ALL | {"expected_base_s": 20_000}), None, ()),
        (policies(OF_ALL), policies(OF_ALL | {"rate_ppm": 1}), NOVEMBER, ("policy",)),
        (policies(OF_ALL), policies(), NOVEMBER, ("policy",)),
        (policies(), policies({"rate_ppm": 1}), date(1970, 1, 1), ("policy",)),
        (policies(OF_ALL), policies(OF_ALL, OF_TEAM | {"from": TODAY}), TODAY, ()),
        (policies(OF_ALL), policies(OF_ALL, OF_TEAM), NOVEMBER, ()),
        (policies(OF_ALL, OF_TEAM), policies(OF_ALL), NOVEMBER, ("team-1 policy",)),
        (policies(OF_TEAM), policies(OF_TEAM | {"rate_ppm": 1}), NOVEMBER, ("team-1 policy",)),
        (policies(), policies({"unit": "team-1", "rate_ppm": 1}), date(1970, 1, 1), ("team-1 policy",)),
        (policies(OF_TEAM), policies(OF_TEAM, {"rate_ppm": 1}), date(1970, 1, 1), ("policy",)),
    ],
)
def test_a_policy(before: dict[str, Any], after: dict[str, Any], since: date | None, edited: tuple[str, ...]) -> None:
    check(before, after, since, *edited)
