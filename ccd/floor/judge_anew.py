"""Other rules for the seats of a running floor: they hold from what has been heard on, not from each seat's next event.

What was before stays as it was measured. The instant is the switch's own, its watermark: what comes after it is said
under the new rules, and no second is anybody's twice. In a gap nothing is known; the snapshot that ends it is read by
the new rules.
"""

from ccd.floor.floor import Floor
from ccd.floor.rules import SeatRules
from ccd.floor.segments import Transition


def judge_anew(floor: Floor, rules: SeatRules) -> list[Transition]:
    """The transitions of the seats whose facts mean something else now. Nobody signed in or out, and no pause began:
    nothing of it is counted."""
    floor.rules = rules
    state = floor.state
    if state.gap_since is not None:
        return []
    heard_at = max(state.heard_at or 0, state.confirmed_at or 0)
    transitions: list[Transition] = []
    for name, seat in sorted(state.seats.items()):
        known = state.open.get(name)
        if known is not None and floor.view(seat) != known.view:
            seat.at = max(seat.at, heard_at)
            transitions += floor.turn(seat, seat.at, 0, told=False)
    return transitions
