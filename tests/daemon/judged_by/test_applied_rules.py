"""Reasons and policies that were applied are remembered: what was edited of them is named before anything starts."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ccd.daemon.judged_by.applied_rules import AppliedRules
from ccd.daemon.site_file import settled_by, usable
from ccd.errors import ConfigurationError
from ccd.settings import read
from ccd.settings.shipped import REASONS

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
PBX = '[[pbx]]\nname = "a"\nhost = "127.0.0.1"\nsecret = "s"\n'
MEAL = PBX + "[reasons.meal]\nmax_s_day = 3000\n"
POLICY = PBX + "[[policy]]\nfrom = 2026-11-01\nrate_ppm = 40000\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "ccd.toml"


def applied(file: Path, text: str) -> AppliedRules:
    file.write_text(text)
    rules = AppliedRules(file.parent / "state")
    rules.keep(read(file))
    return rules


def faults(file: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        usable(file, lambda: NOON)
    return [str(fault).removeprefix(str(file)) for fault in raised.value.faults]


def test_what_was_never_applied_may_say_anything(file: Path) -> None:
    file.write_text(MEAL)
    assert usable(file, lambda: NOON).settings.reasons["meal"].max_s_day == 3_000
    assert AppliedRules(file.parent / "state").changed_since(read(file)) is None


def test_a_limit_that_is_edited_is_named_with_its_line_and_what_to_do(file: Path) -> None:
    applied(file, MEAL)
    file.write_text(MEAL.replace("3000", "1800"))
    (said,) = faults(file)
    assert said == (
        ":6: reasons.meal.max_s_day: has held with max_s_day 3000, and now says max_s_day 1800: what days that are "
        "over mean can't be edited, nor changed by the default of a newer ccd. Let it say max_s_day = 3000 there, and "
        "give the change the day from which it holds, in a [[reasons.meal.changes]] of its own"
    )
    with pytest.raises(ConfigurationError, match="has held with max_s_day 3000"):
        settled_by(file)


def test_a_policy_that_is_edited_or_gone_is_named(file: Path) -> None:
    applied(file, POLICY)
    file.write_text(POLICY.replace("40000", "30000"))
    (said,) = faults(file)
    assert said.startswith(":7: policy[0].rate_ppm: has held with rate_ppm 40000, and now says rate_ppm 30000")
    file.write_text(PBX)
    (said,) = faults(file)
    assert said.startswith(": policy: has held with rate_ppm 40000, and now says rate_ppm 37000")


def test_a_default_that_a_newer_ccd_has_changed_says_what_to_write_and_that_is_enough(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(file, PBX)
    newer = dict(REASONS) | {"meal": {"policy": "counts"}, "Auto-Pause": {"policy": "exempt"}}
    monkeypatch.setattr("ccd.settings.shipped.REASONS", newer)
    auto_pause, meal = faults(file)
    assert "reasons.Auto-Pause.max_s: has held with max_s 60, and now says max_s none" in auto_pause
    assert "Let it say max_s = 60 there, and give the change the day" in auto_pause
    assert 'Let it say policy = "exempt", max_s_day = 3600 there, and give the change the day' in meal
    file.write_text(f'{PBX}[reasons.Auto-Pause]\nmax_s = 60\n[reasons.meal]\npolicy = "exempt"\nmax_s_day = 3600\n')
    usable(file, lambda: NOON)


def test_what_is_taken_up_by_a_change_with_a_day_is_no_edit(file: Path) -> None:
    rules = applied(file, MEAL)
    file.write_text(MEAL + "[[reasons.meal.changes]]\nfrom = 2026-11-20\nmax_s_day = 1800\n")
    usable(file, lambda: NOON)
    assert rules.changed_since(read(file)) == date(2026, 11, 20)


def test_what_is_still_to_come_may_be_edited_until_its_day_has_begun_in_some_unit(file: Path) -> None:
    text = MEAL + "[[reasons.meal.changes]]\nfrom = 2026-11-25\nmax_s_day = 1800\n"
    applied(file, text)
    file.write_text(text.replace("1800", "900"))
    usable(file, lambda: NOON)
    file.write_text(text.replace("1800", "900") + '[units.east]\ntimezone = "Pacific/Kiritimati"\n')
    assert faults(file)[0].startswith(":9: reasons.meal.changes[0].max_s_day: has held with max_s_day 1800")


@pytest.mark.parametrize("damaged", ["{}", "[" * 100_000])
def test_a_note_that_can_not_be_read_is_no_leave_to_judge_otherwise(file: Path, damaged: str) -> None:
    applied(file, MEAL)
    (file.parent / "state" / "rules.applied.json").write_text(damaged)
    file.write_text(MEAL + "[http]\ntls = { certificate = 'no.pem', key = 'no.key' }\n")
    *others, said = faults(file)
    assert ["http.tls" in other for other in others] == [True], "and it hides no other fault"
    assert "rules.applied.json: can't be read: it is damaged" in said
    with pytest.raises(ConfigurationError, match="Restore it"):
        AppliedRules(file.parent / "state").changed_since(read(file))


def rewritten(file: Path, change: Callable[[Any], None]) -> None:
    """What is kept, changed by a hand or as another version of the program would have written it."""
    note = file.parent / "state" / "rules.applied.json"
    kept = json.loads(note.read_text())
    change(kept)
    note.write_text(json.dumps(kept))


def test_a_setting_that_an_earlier_program_did_not_know_had_its_default(file: Path) -> None:
    rules = applied(file, POLICY)

    def without_settings(kept: Any) -> None:
        for versions in kept["policies"].values():
            for _, judging in versions:
                del judging["allowance_min_s"]
        del kept["reasons"]["meal"][0][1]["max_s"]

    rewritten(file, without_settings)
    usable(file, lambda: NOON)
    assert rules.changed_since(read(file)) is None
    file.write_text(POLICY + "allowance_min_s = 60\n")
    (said,) = faults(file)
    assert said.startswith(
        ":8: policy[0].allowance_min_s: has held with allowance_min_s 0, and now says allowance_min_s"
    )


def test_a_setting_that_a_later_program_knew_judges_nothing(file: Path) -> None:
    rules = applied(file, POLICY)
    rewritten(file, lambda kept: kept["policies"][""][0][1].update(weekends="free"))
    rewritten(file, lambda kept: kept["reasons"]["meal"][0][1].update(weekends="free"))
    usable(file, lambda: NOON)
    assert rules.changed_since(read(file)) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: kept["policies"].clear(),
        lambda kept: kept["policies"].update({"": []}),
        lambda kept: kept["policies"][""].reverse(),
        lambda kept: kept["policies"][""].pop(0),
        lambda kept: kept["policies"][""][0][1].update(rate_ppm="much"),
        lambda kept: kept["reasons"]["meal"][0].__setitem__(0, "2026-01-01"),
        lambda kept: kept["reasons"].update(meal=[]),
        lambda kept: kept["reasons"]["meal"][0].__setitem__(1, 3),
        lambda kept: kept["reasons"]["meal"][0][1].update(policy="perhaps"),
        lambda kept: kept.update(reasons=[]),
    ],
)
def test_a_note_that_says_what_can_not_be_is_named(file: Path, damage: Callable[[Any], None]) -> None:
    applied(file, POLICY)
    rewritten(file, damage)
    (said,) = faults(file)
    assert "rules.applied.json: can't be read: it is damaged; it says what days that are over were judged by" in said


@pytest.mark.parametrize("name", ["rules.applied.json", "clocks.applied.json"])
def test_a_note_that_this_user_may_not_read_is_nothing_to_be_removed(file: Path, name: str) -> None:
    applied(file, MEAL)
    note = file.parent / "state" / name
    note.unlink(missing_ok=True)
    note.symlink_to("x" * 300)  # whose name is too long can't be read either, by no user
    (said,) = faults(file)
    assert "can't be read: File name too long; it is the daemon's own: run this as the user" in said
    assert "remove" not in said
