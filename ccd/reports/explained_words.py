"""The arithmetic of a settlement in sentences, out of the facts that the ledger keeps with it (docs/time-bank.md 2.4,
3.1, 3.4 and 4). Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from ccd.floor.days import SECOND
from ccd.reports.words import in_words

PERCENT_PPM = 10_000
HAPPENINGS = ("answered", "pauses", "sign_ins", "sign_outs")  # without one of these nothing happened on a day


def settled_words(facts: Mapping[str, Any]) -> Iterator[str]:
    """From what was measured to what was posted. Facts of a settlement, as ccd.bank.facts writes them."""
    measured = facts["measured"]
    yield _base(facts, measured)
    percent = f"{facts['rate_ppm'] / PERCENT_PPM:g} %"
    yield f"Of the base {percent} may be aux time: an allowance of {time_told(facts['allowance'])}."
    yield f"Aux time was {time_told(facts['aux'])}."
    yield from _result(facts, measured)
    yield from _posted(facts)


def time_told(seconds: int) -> str:
    """`17 min 45 s (1065 s)`, and `45 s` where that is all there is to say."""
    words = in_words(seconds)
    return words if abs(seconds) < 60 else f"{words} ({seconds} s)"


def _base(facts: Mapping[str, Any], measured: Mapping[str, Any]) -> str:
    where = ", inside the shift and less its breaks" if measured.get("scheduled") else ""
    said = [f"Signed in for {_us(measured['signed_in'])}{where}"]
    said += [
        f"{_us(measured[name])} of it {word}"
        for name, word in (("exempt", "exempt"), ("unreachable", "with an unreachable telephone"))
        if measured[name]
    ]
    left = max(0, measured["signed_in"] - measured["exempt"] - measured["unreachable"])
    if overtime := measured.get("overtime", 0):
        said.append(f"with {_us(overtime)} of measured overtime, which counts in the base")
        left += overtime
    if facts["base_us"] == left:
        return f"{'; '.join(said)}: a base of {_us(left)}."
    if facts["base_us"] == measured.get("ruled", 0) and not any(measured.get(name) for name in HAPPENINGS):
        why = "nothing happened on it" + (" but what was ruled" if facts["base_us"] else "")
    else:
        share_ppm = measured.get("share_ppm")
        of_whom = f" of who works {share_ppm / PERCENT_PPM:g} % of a contract" if share_ppm else ""
        why = f"more is not counted in a day{of_whom}"
    return f"{'; '.join(said)}: {_us(left)}, of which {_us(facts['base_us'])} are the base, since {why}."


def _result(facts: Mapping[str, Any], measured: Mapping[str, Any]) -> Iterator[str]:
    allowance, protected, aux = facts["allowance"], facts["protected"], facts["aux"]
    if facts["deposit"]:
        yield f"What is left of the allowance is saved: {allowance} − {aux} = {time_told(facts['deposit'])}."
        return
    if protected > allowance:
        unseen = f"{_us(measured['unobserved'])} in which nobody saw the telephone" if measured["unobserved"] else ""
        why = unseen or "a minimum or an own rate"
        yield f"With {why} nothing is charged for up to {time_told(protected)} of aux time."
    if facts["overdraft"]:
        yield f"Aux time goes beyond that by {aux} − {protected} = {time_told(facts['overdraft'])}: the overdraft."
    else:
        yield "So nothing is saved, and nothing charged."


def _posted(facts: Mapping[str, Any]) -> Iterator[str]:
    before, worth = facts["before"], facts["deposit"] - facts["overdraft"]
    if before:
        yield (
            f"Until then the day had been reckoned as {in_words(before, signed=True)}: this is revision"
            f" {facts['revision']}, and posts the difference, {in_words(worth - before, signed=True)}."
        )
    if facts["covered"]:
        yield f"{time_told(facts['covered'])} of it {_was(facts['covered'])} taken from the balance."
    if facts["leave"] > 0:
        yield f"The balance did not cover {time_told(facts['leave'])}, which became personal leave of that day."
    if facts["leave"] < 0:
        yield f"Personal leave of that day is cancelled: {time_told(-facts['leave'])}."
    if (written_off := facts.get("written_off", 0)) > 0:
        yield f"The month was closed: {time_told(written_off)} are written off, and nobody owes them."
    elif written_off < 0:
        yield f"It first makes up for {time_told(-written_off)} that were written off after the month's close."


def _was(seconds: int) -> str:
    return "was" if seconds == 1 else "were"


def _us(us: int) -> str:
    """Whole seconds; a part of one with its fraction."""
    return time_told(us // SECOND) if us % SECOND == 0 else f"{in_words(us // SECOND)} ({us / SECOND:g} s)"
