"""docs/policy.md names every key of a policy, each with the default that it has."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ccd.settings import Policy
from ccd.settings.policy_page import keys_of

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()
ROW = re.compile(r"^\| `([\w.]+)` \| (.*?) \| .{20,} \|$", re.MULTILINE)
WHOSE = {"starts", "unit"}  # say of which days and whom, and nothing else


def keys(said: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in said.items():
        if isinstance(value, Mapping) and name in Policy.model_fields:
            yield from keys(value, f"{name}.")
        elif above or name not in WHOSE:
            yield f"{above}{name}", spelled(value)


def spelled(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case tuple() | list():
            return ", ".join(str(each) for each in value) or "none"
        case Mapping():
            return ", ".join(f"{name} = {each}" for name, each in value.items())
        case None:
            return "none"
    return str(value)


def test_each_key_is_told_with_the_reason_that_the_page_says() -> None:
    given = Policy.model_validate({"rate_ppm": 1, "gift": {"cap_ppm": 2}, "days_off": {"allocate_at": "17:00"}})
    found = {one.key: one for one in keys_of(given)}
    assert found.keys() == dict(ROW.findall(PAGE)).keys()
    assert [one.key for one in found.values() if one.value != one.default] == [
        "rate_ppm", "gift.cap_ppm", "days_off.allocate_at",
    ]  # fmt: skip
    assert found["gift.kinds"].why == "what a packet may be for"
    assert found["days_off.allocate_at"].value == "17:00:00"


def test_the_page_says_what_the_configuration_knows() -> None:
    assert dict(ROW.findall(PAGE)) == dict(keys(Policy().model_dump()))
