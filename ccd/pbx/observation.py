"""One PBX's stream of blocks, from connection to connection, as the floor's events. Live and replayed the same.

Phase by phase, what is heard means:

| phase     | begins with        | an event            | a Ping's answer     | an answer that is placed         |
|-----------|--------------------|---------------------|---------------------|----------------------------------|
| DEAF      | `lose`, or nothing | kept as evidence    | nothing             | –                                |
| HOLDING   | `begin`: a login   | held back, in order | begins it in time   | begins OBSERVING, the held after |
| OBSERVING | the first answer ¹ | told as it comes ²  | `Heard` (watermark) | goes to the floor as it is       |

¹ Or without one: at a capture's `end`, and when more than HELD_EVENTS_MAX are held back.
² In a capture, held back from the first stamp after an answer until that is placed.

The first answer stands at the first stamp after the login (ccd.pbx.snapshot). `lose` begins a gap, if anything was
observed: at the last queue event or Ping's answer; nothing later is known to have been heard in full. Beside the phase
an answer can be on its way (`ask`, until it is placed): who speaks meanwhile knows better than it.

Where an answer ends in time has to be decided without a stamp on it. Live, whoever asked pings once more and says
`place`. In a capture (`settle_us`) it is the first stamp after the answer, and events within `settle_us` after that
are taken as overtaken by it.
"""

from collections.abc import Callable, Iterable
from enum import Enum

from ccd.floor.events import Heard, Lost, PbxEvent
from ccd.pbx.blocks import event_name, microseconds, stamp, text_of
from ccd.pbx.headers import ROW_HEADERS
from ccd.pbx.shapes import Picking
from ccd.pbx.snapshot import ROWS, Gathering
from ccd.pbx.translate import QUEUE_EVENTS, Flaw, Flawed, Translator

PONG = b"\r\nPing: Pong"
QUEUE_STATUS = b"\r\nMessage: Queue status will follow"

# What is picked of a block: an event's meaning says it, and all rows of an answer are picked alike.
PICKED = {name: meaning.headers for name, meaning in QUEUE_EVENTS.items()} | dict.fromkeys(ROWS, ROW_HEADERS)

NOTICES = (b"FullyBooted", b"Reload")  # after these a snapshot may differ from what the events told
HELD_EVENTS_MAX = 200_000  # held back while no snapshot has come; then they are told without one

Keep = Callable[[int, bytes], int]  # (at in µs, block) → ref


def keep_nothing(at: int, block: bytes) -> int:
    """No evidence is kept."""
    return 0


class Phase(Enum):
    """How far what is heard is told: the table above."""

    DEAF = "deaf"
    HOLDING = "holding"
    OBSERVING = "observing"


DEAF, OBSERVING = Phase.DEAF, Phase.OBSERVING  # kept at hand, because they are asked for with every event


class Observation:
    """What was heard so far; `hear` returns what it means for the floor."""

    def __init__(
        self,
        translator: Translator,
        keep: Keep = keep_nothing,
        *,
        margin_us: int = 0,
        settle_us: int | None = None,
    ) -> None:
        self.heard_at: int | None = None  # of the last queue event or Ping answer: where a gap would begin
        self.phase = DEAF
        self.latest: int | None = None  # µs; what is stamped later is not taken. None: a capture may be of any time
        self.notices: set[bytes] = set()  # NOTICES that were heard; whoever acts on them takes them away
        self._picking = Picking(PICKED)
        self._translator = translator
        self._keep = keep
        self._margin_us = margin_us
        self._settle_us = settle_us
        self._start: int | None = None  # the first stamp since `begin`
        self._held: list[PbxEvent] = []
        self._gathering: Gathering | None = None

    def begin(self) -> None:
        """Logged in, or deaf for a while: what comes from now on counts, after a snapshot."""
        self.phase = Phase.HOLDING
        self._start = None
        self._held = []
        self._gathering = None

    def ask(self) -> None:
        """QueueStatus is asked for now: who speaks from now on knows better than the answer."""
        self._gathering = Gathering(self._translator)

    def lose(self, at: int | None = None) -> list[PbxEvent]:
        """The connection ended, or what came after `at` was dropped: a gap begins, at the last thing heard or there."""
        was_observing, self.phase = self.phase is OBSERVING, DEAF
        self._gathering = None
        self._held = []
        at = self.heard_at if at is None else at
        return [Lost(at)] if was_observing and at is not None else []

    @property
    def gathering(self) -> bool:
        """An answer is on its way, or is there and not placed yet."""
        return self._gathering is not None

    @property
    def answered(self) -> bool:
        """QueueStatus, of those asked, is answered to its end."""
        return self._gathering is not None and self._gathering.complete

    @property
    def logins_answered(self) -> bool:
        """Agents is answered to its end."""
        return self._gathering is not None and self._gathering.logins_told

    def hear(self, blocks: Iterable[bytes]) -> list[PbxEvent]:
        """What the blocks mean, in their order."""
        out: list[PbxEvent] = []
        for block in blocks:
            name = event_name(block)
            if name in QUEUE_EVENTS:
                self._queue_event(name, block, out)
            elif name in ROWS:
                self._row(name, block)
            elif name:
                if name in NOTICES:
                    self.notices.add(name)
                if self._waits_for_stamp and (at := stamp(block)) is not None and not self._is_ahead(at):
                    self._stamped(at, out)
            else:
                self._response(block, out)
        return out

    def place(self, at: int) -> list[PbxEvent]:
        """The answer is complete, and at `at` everything that it may have overtaken has been heard."""
        out: list[PbxEvent] = []
        if self._gathering and self._gathering.complete:
            self._place(at, out)
        return out

    def end(self) -> list[PbxEvent]:
        """A capture ends here: what was held back is told, with the snapshot where there is one."""
        out: list[PbxEvent] = []
        gathering = self._gathering
        at = gathering.first_stamp if gathering else None
        if at is None and self.phase is not OBSERVING:
            at = self._start
        if gathering and gathering.complete and at is not None:
            self._place(at, out)
        elif self._held:
            self._begin_observing(out)
        return out

    # --- blocks ------------------------------------------------------------------------------------------------------

    def _queue_event(self, name: bytes, block: bytes, out: list[PbxEvent]) -> None:
        values = self._picking.pick(name, text_of(block))
        at, is_ours = microseconds(values[0]), self._translator.takes(values[1])
        if at is None:
            if is_ours and self.phase is not DEAF:
                self._translator.event(name, values, None, 0)  # is rejected, and counted
            return
        if self.latest is not None and at > self.latest:
            self._translator.rejected[Flawed(name.decode(), Flaw.AHEAD)] += 1
            return
        if (self._start is None or self._gathering is not None) and self._waits_for_stamp:
            self._stamped(at, out)
        if not is_ours:
            return
        ref = self._keep(at, block)
        if self.phase is DEAF:
            return
        event = self._translator.event(name, values, at, ref)
        if self.heard_at is None or at > self.heard_at:
            self.heard_at = at
        if event is None:
            return
        if self.phase is OBSERVING and self._gathering is None:
            out.append(event)
        else:
            self._tell(event, out)

    def _tell(self, event: PbxEvent, out: list[PbxEvent]) -> None:
        gathering = self._gathering
        if gathering:
            gathering.told(event)
        if self.phase is OBSERVING and (gathering is None or gathering.first_stamp is None):
            out.append(event)
            return
        self._held.append(event)
        if len(self._held) > HELD_EVENTS_MAX:
            self._gathering = None
            self._begin_observing(out)

    def _row(self, name: bytes, block: bytes) -> None:
        if self._gathering is None and self.phase is not DEAF and name == b"QueueParams":
            self._gathering = Gathering(self._translator)
        if self._gathering is not None:
            values = self._picking.pick(name, text_of(block))
            self._gathering.row(name, dict(zip(ROW_HEADERS, values, strict=True)), block)

    def _response(self, block: bytes, out: list[PbxEvent]) -> None:
        if PONG in block:
            at = stamp(block)
            if self.phase is not DEAF and at is not None and not self._is_ahead(at):
                self._pong(at, out)
        elif QUEUE_STATUS in block and self.phase is not DEAF and (self._gathering is None or self._gathering.complete):
            self._ask_again(out)

    def _pong(self, at: int, out: list[PbxEvent]) -> None:
        self._stamped(at, out)
        self.heard_at = max(at, self.heard_at or at)
        if self.phase is OBSERVING:
            self._tell(Heard(at - self._margin_us), out)

    def _ask_again(self, out: list[PbxEvent]) -> None:
        """A capture asks once more; an answer that could not be placed yet is placed now, or is of no use."""
        if self._gathering and self._gathering.first_stamp is not None:
            self._place(self._gathering.first_stamp, out)
        self.ask()

    # --- time --------------------------------------------------------------------------------------------------------

    def _is_ahead(self, at: int) -> bool:
        """No switch is so far ahead of us: such a time would close days that have not been."""
        return self.latest is not None and at > self.latest

    @property
    def _waits_for_stamp(self) -> bool:
        return self.phase is not DEAF and (
            self._start is None or (self._settle_us is not None and self._gathering is not None)
        )

    def _stamped(self, at: int, out: list[PbxEvent]) -> None:
        """Something carried a time: the first begins the observation, and in a capture it places answers."""
        if self._start is None:
            self._start = at
        gathering = self._gathering
        if self._settle_us is None or gathering is None or not gathering.complete:
            return
        if gathering.first_stamp is None:
            gathering.first_stamp = at
        elif at >= gathering.first_stamp + self._settle_us:
            self._place(gathering.first_stamp, out)

    def _place(self, at: int, out: list[PbxEvent]) -> None:
        gathering = self._gathering
        if gathering is None:
            return
        self._gathering = None
        if self.phase is OBSERVING:
            out.append(gathering.snapshot(at, self._keep(at, gathering.evidence)))
        else:
            at = at if self._start is None else self._start
            out.append(gathering.first_snapshot(at, self._keep(at, gathering.evidence), self._held))
        self.heard_at = max(at, self.heard_at or at)
        self._begin_observing(out)

    def _begin_observing(self, out: list[PbxEvent]) -> None:
        """Or go on with it: what was held back is told."""
        out += self._held
        self._held = []
        self.phase = OBSERVING
