"""Which settings a reload can't change: what they say was made when the daemon started."""

from collections.abc import Iterator
from typing import Final, TypeGuard

from pydantic import BaseModel

from ccd.settings import Settings
from ccd.settings.lines import Keys, dotted

# Said in the head of config/ccd.toml and in README.md, too.
RELOADED: Final = frozenset(
    ("timezone", "day_starts_at", "roster", "second_person", "queues", "reasons", "floor", "orders", "policy", "units",
     "pages")
)  # fmt: skip


def waiting_for_a_restart(started: Settings, read: Settings) -> tuple[str, ...]:
    """The keys of what the files say otherwise than they did when the daemon started, and a reload leaves as it was."""
    differing = _differing(started, read, ())
    return tuple(dotted(keys) for keys in differing if keys[0] not in RELOADED)


def _differing(before: object, after: object, keys: Keys) -> Iterator[Keys]:
    if before == after:
        return
    if isinstance(before, BaseModel) and isinstance(after, BaseModel):
        for name, value in before:
            yield from _differing(value, getattr(after, name), (*keys, name))
    elif _are_tables(before) and _are_tables(after) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differing(old, new, (*keys, number))
    else:
        yield keys


def _are_tables(value: object) -> TypeGuard[tuple[BaseModel, ...]]:
    return isinstance(value, tuple) and all(isinstance(part, BaseModel) for part in value)
