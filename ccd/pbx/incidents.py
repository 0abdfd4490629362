"""What is found wanting at a PBX, and where it is said."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Log(Protocol):
    """As much of structlog's logger as is used here."""

    def info(self, event: str, **facts: object) -> object: ...

    def warning(self, event: str, **facts: object) -> object: ...

    def error(self, event: str, **facts: object) -> object: ...


class Lack(Enum):
    """What a PBX, or the account it gave us, does not do: what is missing, what it costs, what to do."""

    STAMPS = (
        "events carry no time",
        "none of them can be counted",
        "set `timestampevents = yes` in manager.conf's [general] and reload the manager",
    )
    SNAPSHOT = (
        "QueueStatus is not answered",
        "who is signed in can't be known, so nothing is observed",
        "give the manager account `read = agent,system`, and load app_queue",
    )
    QUEUE_EVENTS = (
        "no event tells what the last snapshot shows",
        "what agents do is known only from one snapshot to the next, and calls not at all",
        "give the manager account `read = agent,system`",
    )
    LOGINS = (
        "Agents is not answered",
        "after a gap nobody knows who of app_agent_pool is logged in",
        "give the manager account `write = agent`",
    )
    ORDERS = (
        "nobody can be paused or signed out",
        "what a leader asks for on the board, over HTTP or at a prompt is denied",
        "give the manager account `write = agent`",
    )
    LOG_MARK = (
        "no line of ours can be put into queue_log",
        "of a gap only what lies above the log's last line is filled",
        "give the manager account `write = agent`",
    )
    SYSTEM_EVENTS = (
        "FullyBooted was not sent",
        "a reload that changes static members is noticed only at the next snapshot",
        "give the manager account `read = agent,system`",
    )
    VERSION = (
        "this version of Asterisk was never tried",
        "what it says may be understood wrongly",
        "use Asterisk 16 to 22, or compare `ccd day` with the PBX's own reports before it counts",
    )

    @property
    def missing(self) -> str:
        return self.value[0]

    @property
    def cost(self) -> str:
        return self.value[1]

    @property
    def remedy(self) -> str:
        return self.value[2]


@dataclass(frozen=True, slots=True)
class PbxFinding:
    """Something wanting; `detail` is what the PBX said, if anything."""

    lack: Lack
    detail: str = ""

    def __str__(self) -> str:
        said = f" ({self.detail})" if self.detail else ""
        return f"{self.lack.missing}{said}: {self.lack.cost}; {self.lack.remedy}"
