"""A log that remembers what was said."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Said:
    level: str
    event: str
    facts: dict[str, Any]


@dataclass
class SaidLog:
    said: list[Said] = field(default_factory=list)

    def info(self, event: str, **facts: object) -> None:
        self.said.append(Said("info", event, facts))

    def warning(self, event: str, **facts: object) -> None:
        self.said.append(Said("warning", event, facts))

    def error(self, event: str, **facts: object) -> None:
        self.said.append(Said("error", event, facts))

    def events(self, level: str | None = None) -> list[str]:
        return [said.event for said in self.said if level in (None, said.level)]
