"""What the events of a connection prove about the switch and the account. Neither can be asked for it.

Asterisk refuses an action whose class the account lacks, but no action's answer depends on what it may read, and only
`command` would show the configuration. What can be known is what shows: any event tells whether events carry a time,
and a snapshot that differs from the one before, although no queue event ever came, that those are kept from us.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ccd.floor.events import PbxEvent, Snapshot
from ccd.pbx.blocks import STAMP, event_name
from ccd.pbx.snapshot import ROWS
from ccd.pbx.translate import QUEUE_EVENTS

UNTIMED = (*ROWS, b"FullyBooted")  # these never carry a time: they are said to us alone
DYNAMIC = b"\r\nMembership: dynamic"


@dataclass(frozen=True, slots=True)
class SnapshotShown:
    """What of a snapshot doesn't change without a queue event. Static members do: no event tells of `QueueReload`."""

    dynamic: frozenset[bytes]  # rows' queues and interfaces, as received
    pauses_and_calls: dict[tuple[str, str], tuple[bool, str, bool | None]]  # of (seat, queue)
    waiting: frozenset[str]

    def differs(self, before: "SnapshotShown") -> bool:
        found, known = self.pauses_and_calls, before.pauses_and_calls
        return (
            self.dynamic != before.dynamic
            or self.waiting != before.waiting
            or any(found[pair] != known[pair] for pair in found.keys() & known.keys())
        )


class Hearing:
    """What was heard since `begin`. None stands for "does not show yet"."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A new connection: the account, or its rights, may be others."""
        self.timed: bool | None = None  # events carry a time
        self.queues_speak: bool | None = None  # queue events come
        self._shown: SnapshotShown | None = None
        self._rows: set[bytes] = set()
        self._dynamic: frozenset[bytes] = frozenset()

    @property
    def settled(self) -> bool:
        """There is nothing to find out: a busy connection is looked at no further."""
        return self.timed is True and self.queues_speak is True

    def hear(self, blocks: Iterable[bytes]) -> None:
        for block in blocks:
            name = event_name(block)
            if name == b"QueueMember" and DYNAMIC in block:
                self._rows.add(_who(block))
            elif name == b"QueueStatusComplete":
                self._dynamic, self._rows = frozenset(self._rows), set()
            elif name and name not in UNTIMED:
                self.timed = STAMP in block
                if name in QUEUE_EVENTS:
                    self.queues_speak = True

    def doubt(self) -> None:
        """Something was reloaded, or could not be read: the next snapshot may differ."""
        self._shown = None

    def see(self, events: Iterable[PbxEvent]) -> None:
        """Hold a snapshot among the events against the one before."""
        for event in events:
            if isinstance(event, Snapshot):
                before, self._shown = self._shown, self._of(event)
                if before and self._shown.differs(before) and not self.queues_speak:
                    self.queues_speak = False

    def _of(self, snapshot: Snapshot) -> SnapshotShown:
        pairs = {(each.seat, each.queue): (each.paused, each.reason, each.in_call) for each in snapshot.members}
        return SnapshotShown(self._dynamic, pairs, frozenset(waiting.call for waiting in snapshot.waiting))


def _who(row: bytes) -> bytes:
    return b"\r\n".join(line for line in row.split(b"\r\n") if line.startswith((b"Queue: ", b"Location: ")))
