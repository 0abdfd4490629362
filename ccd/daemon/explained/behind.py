"""What stands behind a posting, by what made it: one function a service, in the table `BEHIND`.

A key's first word says what made a posting (`settle/1001/2026-11-24`). A service that posts under a word of its own is
explained by an entry in the table; what has none was posted by hand, and is explained by who did it and why.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.accounts import EXPIRY
from ccd.bank.emergency_rows import emergency_of
from ccd.bank.loan import OFFSET, TAKEN_BACK
from ccd.bank.overtime import Emergency
from ccd.bank.withdrawal_rows import application_with_id, states_of
from ccd.floor.days import SECOND
from ccd.org.ruling_rows import reversal_of_ruling
from ccd.reports.explained import PostedAs
from ccd.reports.explained_words import PERCENT_PPM, settled_words, time_told

NEWEST: Final = 0
ORIGINS_SAID = {"day": "its overdraft", "idle": "leave of an idle day", "overtime": "overtime that was none",
                "worked": "work on a day off that was none"}  # fmt: skip


class Behind(NamedTuple):
    """`words` say how it came about. `revision` is that of the day's record which it was made of, or NEWEST; None where
    nothing was measured for it. `rows` stand beside the ledger; `acts` on it are those that say one of these words
    and names, and those with these ids."""

    words: tuple[str, ...]
    revision: int | None = None
    rows: tuple[Mapping[str, Any], ...] = ()
    acts: tuple[tuple[str, str], ...] = ()
    act_ids: tuple[str, ...] = ()


How = Callable[[AsyncConnection, PostedAs], Awaitable[Behind]]


async def behind(connection: AsyncConnection, posted: PostedAs) -> Behind:
    word = posted.key.partition("/")[0]
    return await BEHIND.get(word, by_hand)(connection, posted)


async def by_hand(connection: AsyncConnection, posted: PostedAs) -> Behind:
    why = f", for {posted.reference}" if posted.reference else ""
    return Behind((f"Posted by {posted.asked_by}{why}, under the key {posted.key}.",))


async def settled(connection: AsyncConnection, posted: PostedAs) -> Behind:
    """A day's savings, overdraft and personal leave, and their revisions (docs/time-bank.md 3.1, 3.4)."""
    if "measured" not in posted.facts:
        return await by_hand(connection, posted)
    return Behind(tuple(settled_words(posted.facts)), revision=posted.facts["revision"])


async def given(connection: AsyncConnection, posted: PostedAs) -> Behind:
    """A red packet (docs/time-bank.md 3.3)."""
    facts = posted.facts
    if not {"unit", "kind", "seconds", "agents"} <= facts.keys():
        return await by_hand(connection, posted)
    whom = "one agent" if facts["agents"] == 1 else f"{facts['agents']} agents, to each the same"
    words = [
        f"A red packet of {facts['unit']}, given by {posted.asked_by} to {whom}: {time_told(facts['seconds'])}.",
        f"It is for {facts['kind']}: {posted.text}",
    ]
    if budget := facts.get("budget"):
        words.append(f"It was given from the budget {budget}.")
    return Behind(tuple(words), acts=(("packet", posted.key.partition("/")[2]),))


async def idle(connection: AsyncConnection, posted: PostedAs) -> Behind:
    """Leave of an idle day, which is lent (docs/time-bank.md 3.5)."""
    if "owed" not in posted.facts:
        return await by_hand(connection, posted)
    facts = posted.facts
    words = [f"Leave was taken on an idle day: {time_told(facts['owed'])}, owed as a loan without interest."]
    if facts["before"]:
        words.append(f"Until then it had been {time_told(facts['before'])}: this posts the difference.")
    if (off := facts.get("written_off", 0)) > 0:
        words.append(f"The month was closed: {time_told(off)} are written off.")
    return Behind(tuple(words), facts["revision"])


async def offset(connection: AsyncConnection, posted: PostedAs) -> Behind:
    """Balance that goes against what is owed of a day (docs/time-bank.md 3.5)."""
    return _of_item(posted, "The balance goes against personal leave")


async def offset_back(connection: AsyncConnection, posted: PostedAs) -> Behind:
    """Balance that the agent has taken back from what it was set against."""
    return _of_item(posted, "The balance has back what went against personal leave")


async def taken(connection: AsyncConnection, posted: PostedAs) -> Behind:
    """Leave that was not offset when attendance closed."""
    return _of_item(posted, "Attendance has closed, and takes over what was not offset of the leave")


def _of_item(posted: PostedAs, what: str) -> Behind:
    day, _, origin = str(posted.facts.get("item", "")).partition("/")
    of = f"{what} of {day}" + (f" ({ORIGINS_SAID.get(origin, origin)})." if origin else ".")
    act = posted.facts.get("act", "")
    how = f"{posted.asked_by} decided it." if act else "Nobody had decided it otherwise: it is done by rule."
    return Behind((of, how), NEWEST, act_ids=(act,) if act else ())


async def overtime(connection: AsyncConnection, posted: PostedAs) -> Behind:
    """Overtime in emergencies, with its interest, and its revisions (docs/time-bank.md 3.2)."""
    if "paid" not in posted.facts:
        return await by_hand(connection, posted)
    words, rows = [], []
    for each in posted.facts["paid"]:
        emergency = await connection.run_sync(emergency_of, each["emergency"])
        words.append(_paid(each, emergency))
        if emergency is not None:
            zoned = {"from": emergency.start / SECOND, "to": emergency.end / SECOND}
            rows.append({"emergency": emergency.id, "unit": emergency.unit, "level": emergency.level, **zoned})
    due = posted.facts["principal"] + posted.facts["interest"]
    words.append(f"The day comes to {time_told(due)}; where it was reckoned before, this posts the difference.")
    if off := posted.facts.get("written_off"):
        words.append(f"The month was closed: {time_told(off)} are written off.")
    named = tuple(("emergency", each["emergency"]) for each in posted.facts["paid"])
    ruled, unruled = (posted.facts.get(name, ()) for name in ("rulings", "unruled"))
    reversals = []
    for ref in unruled:
        words.append(f"It was reckoned by ruling {ref} before, which holds no more.")
        by = await connection.run_sync(reversal_of_ruling, ref)
        reversals += [by.ref] if by else []
    words += [f"It is reckoned as somebody has ruled, by ruling {ref}." for ref in ruled]
    return Behind(tuple(words), NEWEST, tuple(rows), named, (*ruled, *unruled, *reversals))


def _paid(each: Mapping[str, Any], emergency: Emergency | None) -> str:
    entered = f", of which {time_told(each['entered'])} were entered by hand" if each["entered"] else ""
    unit = f" of {emergency.unit}" if emergency else ""
    return (
        f"In the emergency {each['emergency']}{unit}, level {each['level']}: {time_told(each['principal'])} outside of"
        f" shifts{entered}; {each['interest_ppm'] / PERCENT_PPM:g} % of interest are {time_told(each['interest'])}."
    )


async def held(connection: AsyncConnection, posted: PostedAs) -> Behind:
    """What is held for a day off (docs/time-bank.md 3.6)."""
    return await _day_off(connection, posted, "The seconds are held for a day off that was applied for.", None)


async def ended(connection: AsyncConnection, posted: PostedAs) -> Behind:
    """What was held for a day off is spent, but for what was worked all the same, or goes back."""
    words = "What was held for a day off is spent, but for what was worked that day all the same; the rest goes back."
    return await _day_off(connection, posted, words, NEWEST)


async def worked(connection: AsyncConnection, posted: PostedAs) -> Behind:
    """What a day off costs as its day was measured anew (docs/time-bank.md 3.6)."""
    if not {"costs", "application"} <= posted.facts.keys():
        return await by_hand(connection, posted)
    cost = time_told(posted.facts["costs"])
    words = f"The day off costs {cost} as its day is measured now; what was spent otherwise before is made up for."
    return await _day_off(connection, posted, words, NEWEST)


async def expired(connection: AsyncConnection, posted: PostedAs) -> Behind:
    name = posted.key.partition("/")[2]
    return Behind((f"What was held as {name} goes back: its time was over.",))


async def unused(connection: AsyncConnection, posted: PostedAs) -> Behind:
    """What nobody used for as long as the policy keeps it (docs/time-bank.md 4)."""
    facts = posted.facts
    if not {"months", "since", "accounts"} <= facts.keys():
        return await by_hand(connection, posted)
    month = posted.key.rpartition("/")[2]
    many = f"{facts['months']} attendance months, from {facts['since']} to {month}"
    kept = f"kept for {f'one attendance month, {month}' if facts['months'] == 1 else many}"
    words = [f"By the policy of the unit time is {kept}: what came in before and nobody used expires, oldest first."]
    for kind, on in facts["accounts"].items():
        balance_s, came_in_s, owed_s = on["balance_s"], on["came_in_s"], on.get("owed_s", 0)
        owed = f" {time_told(owed_s)} are set aside for leave that was still owed." if owed_s else ""
        sum_told = f"{balance_s} − {came_in_s}{f' − {owed_s}' if owed_s else ''}"
        words.append(
            f"As the month closed {time_told(balance_s)} were on {kind}, on which {time_told(came_in_s)} had come in"
            f" since {facts['since']} began.{owed} {sum_told} = {time_told(balance_s - came_in_s - owed_s)} expire."
        )
    return Behind(tuple(words))


async def left(connection: AsyncConnection, posted: PostedAs) -> Behind:
    """What was left when the agent had left (docs/time-bank.md 4)."""
    if not {"last_day", "seconds"} <= posted.facts.keys():
        return await by_hand(connection, posted)
    day, rest = posted.facts["last_day"], time_told(posted.facts["seconds"])
    words = f"{day} was the last day there; what was left, {rest}, is handed over to attendance by {posted.asked_by}."
    return Behind((words, posted.text))


async def _day_off(connection: AsyncConnection, posted: PostedAs, words: str, revision: int | None) -> Behind:
    name = posted.key.partition("/")[2]
    application = await connection.run_sync(application_with_id, name)
    if application is None:
        return await by_hand(connection, posted)
    asked = {"application": name, "day": application.day.isoformat(), "seconds": application.seconds}
    states = await connection.run_sync(states_of, name)
    rows = tuple(
        {"state": one["state"], "at": one["at"] / SECOND, "by": one["by"], "why": one["why"]} for one in states
    )
    return Behind((words,), revision, (asked, *rows), (("application", name),))


BEHIND: Final[Mapping[str, How]] = MappingProxyType(
    {
        "settle": settled,
        "packet": given,
        "idle": idle,
        OFFSET: offset,
        TAKEN_BACK: offset_back,
        "taken": taken,
        "overtime": overtime,
        "hold": held,
        "end": ended,
        "worked": worked,
        "expired": expired,
        "left": left,
        EXPIRY: unused,
    }
)
