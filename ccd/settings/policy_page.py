"""Why each key of a policy is as it is: what docs/policy.md says. The wheel has the page beside this module."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import BaseModel

from ccd.settings.tree import Policy

PAGE = "policy.md"
ROW = re.compile(r"^\| `([\w.]+)` \| .*? \| (.+) \|$", re.MULTILINE)
WHOSE = frozenset(("starts", "unit"))  # say of which days and whom, and nothing else


class PolicyKey(NamedTuple):
    """A key of a sub-table with a dot, `gift.cap_ppm`; values as JSON has them."""

    key: str
    value: Any
    default: Any
    why: str


@cache
def reasons() -> Mapping[str, str]:
    beside = Path(__file__).with_name(PAGE)
    page = beside if beside.exists() else Path(__file__).parents[2] / "docs" / PAGE
    return MappingProxyType(dict(ROW.findall(page.read_text(encoding="utf-8"))))


def keys_of(policy: Policy) -> Iterator[PolicyKey]:
    default, why = _flat(Policy()), reasons()
    for key, value in _flat(policy).items():
        yield PolicyKey(key, value, default[key], why[key])


def _flat(policy: Policy) -> dict[str, Any]:
    said = policy.model_dump(mode="json", exclude=set(WHOSE))
    found: dict[str, Any] = {}
    for name, value in said.items():
        if isinstance(getattr(policy, name), BaseModel):
            found |= {f"{name}.{key}": one for key, one in value.items()}
        else:
            found[name] = value
    return found
