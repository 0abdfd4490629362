"""What a day was reckoned against, as its record spells it: shifts, absences, what rulings have reached, an own
allowance, the share of a contract, overtime that is base of it. Pure."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from ccd.floor.days import SECOND
from ccd.floor.expected import Absence, Expected, Ruled, Shift
from ccd.floor.spans import Span
from ccd.org.entitlements import Entitlement
from ccd.org.staff import WHOLE_PPM

RULED_TO_WORK = ("available", "aux")  # what is base, though nobody may have seen it
# Of what `expected_spelled` says, that by which something else counts than was measured: what an agent is entitled to,
# or by which share a day is shorter, changes nothing of that.
BEGINS_WITH_SHIFTS, HOLDS_RULED = '{"shifts":', '"ruled"'
_SPELLING = msgspec.json.Encoder()  # as `json.dumps` spells it without blanks, in a tenth of the time


def expected_spelled(
    expected: Expected | None,
    reached: Iterable[Ruled] = (),
    entitlement: Entitlement | None = None,
    share_ppm: int = WHOLE_PPM,
    overtime_s: int = 0,
) -> str:
    """As JSON, for the day's record: what the figures were reckoned against, of rulings what they have `reached`, to
    what the agent was entitled, by what share the day was shorter, and how much overtime is base. Nothing, where it is
    as it was measured."""
    said: dict[str, Any] = {}
    if expected is not None and expected.schedules:
        said = {
            "shifts": [[each.start, each.end, [list(rest) for rest in each.breaks]] for each in expected.shifts],
            "absences": [list(each) for each in expected.absences],
            "sign_outs_count": expected.sign_outs_count,
        }
        if expected.sent_off:
            said["sent_off"] = expected.sent_off
    if ruled := [[each.start, each.end, each.counts, each.ref] for each in reached]:
        said["ruled"] = ruled
    if entitlement is not None:
        said["entitlement"] = entitlement
    if share_ppm != WHOLE_PPM:
        said["share_ppm"] = share_ppm
    if overtime_s:
        said["overtime_s"] = overtime_s
    return _SPELLING.encode(said).decode() if said else ""


def ruled_to_work_us(written: str) -> int:
    """Of what a day was reckoned against, as it is spelled: what was ruled to be worked time, µs."""
    if HOLDS_RULED not in written:
        return 0
    return sum(end - start for start, end, counts, _ in json.loads(written)["ruled"] if counts in RULED_TO_WORK)


def ruled_in(written: str) -> tuple[Ruled, ...]:
    """Of rulings the parts that they have reached."""
    return expected_read(written).ruled if HOLDS_RULED in written else ()


def entitlement_in(written: str) -> Entitlement | None:
    if '"entitlement"' not in written:
        return None
    said = json.loads(written).get("entitlement")
    return None if said is None else Entitlement(*said)


def share_in(written: str) -> int:
    """Of a full contract, by which the day was shorter; where there are schedules none is."""
    if has_schedules(written) or '"share_ppm"' not in written:
        return WHOLE_PPM
    share: int = json.loads(written)["share_ppm"]
    return share


def overtime_us_in(written: str) -> int:
    """What of the day's base is overtime, µs."""
    if '"overtime_s"' not in written:
        return 0
    seconds: int = json.loads(written).get("overtime_s", 0)
    return seconds * SECOND


def has_schedules(written: str) -> bool:
    return written.startswith(BEGINS_WITH_SHIFTS)  # each record that is read is asked


def expected_read(text: str) -> Expected:
    """What `expected_spelled` said: of rulings the parts that they have reached, each as if about the agent alone."""
    said = json.loads(text)
    shifts = tuple(
        Shift(start, end, tuple(Span(*rest) for rest in rests)) for start, end, rests in said.get("shifts", ())
    )
    absences = tuple(Absence(*each) for each in said.get("absences", ()))
    ruled = tuple(Ruled(start, end, counts, ref, False) for start, end, counts, ref in said.get("ruled", ()))
    sent_off = tuple(Span(*each) for each in said.get("sent_off", ()))
    return Expected(shifts, absences, said.get("sign_outs_count", True), ruled, "shifts" in said, sent_off)
