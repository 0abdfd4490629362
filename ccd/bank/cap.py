"""What a cap's limit should be (docs/time-bank.md 3.3, 3.6). Pure."""

from collections.abc import Mapping
from typing import NamedTuple


class CapWanted(NamedTuple):
    """And what that follows from."""

    limit: int
    facts: Mapping[str, int]
