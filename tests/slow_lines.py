"""What each seat of a PBX hears, and the time line that comes of it, for the slow calculator (tests/slow_seats.py)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ccd.floor import events as said
from tests.slow_rules import Rules
from tests.slow_seats import Facts, Item, facts, state


def listen(stream: Iterable[said.PbxEvent], rules: Rules) -> dict[str, list[Item]]:
    """What each seat of a PBX hears, and when. An event older than the seat's last applies at the last's time."""
    heard: dict[str, list[Item]] = {}
    of_all: list[Item] = []  # what concerns every seat, also one that is not known of yet
    for number, event in enumerate(stream):
        for seat in concerned(event, heard, rules):
            items = heard.setdefault(seat, list(of_all))
            last = max((item.at for item in items if item.alters), default=event.at)
            item = Item(max(event.at, last), number, event)
            if isinstance(event, said.Snapshot | said.CallerLeft | said.Found):
                before, after = (facts(seat, items, rules), facts(seat, [*items, item], rules))
                silent = isinstance(event, said.CallerLeft) and not event.abandoned
                item = replace(item, alters=not silent and alters(before, after))
            items.append(item)
        if isinstance(event, said.Lost | said.Snapshot):
            of_all.append(Item(max([event.at, *(item.at for item in of_all)]), number, event, alters=False))
    return heard


def alters(before: Facts, after: Facts) -> bool:
    """Whether anything is another, but for how certain it is."""
    return (
        replace(after, confirmed=before.confirmed, asked=before.asked, doubts=before.doubts, told=before.told) != before
    )


def concerned(event: said.PbxEvent, heard: Mapping[str, Sequence[Item]], rules: Rules) -> list[str]:
    match event:
        case said.CallConnected() | said.CallerLeft():
            offered = [seat for seat, items in heard.items() if event.call in facts(seat, items, rules).offers]
            own = [event.seat] if isinstance(event, said.CallConnected) else []
            return sorted({*offered, *own})
        case said.Lost() | said.Found():
            return sorted(heard)
        case said.Snapshot():
            return sorted({*heard, *(m.seat for m in event.members), *(event.logged_in or ())})
        case said.CallerJoined() | said.Heard():
            return []
        case _:
            return [event.seat]


@dataclass(frozen=True)
class TimeLine:
    """A seat's whole story: after each of its items, the facts."""

    pbx: str
    seat: str
    frames: tuple[tuple[Item, Facts], ...]

    def at(self, moment: float) -> Facts:
        return next((known for item, known in reversed(self.frames) if item.at < moment), Facts(self.seat))

    def unobserved(self, moment: float) -> list[str]:
        """The name under which the seat is unobserved then, if it is."""
        last = self.frames[-1][1]
        since = last.gap[0] if last.gap and last.gap[1] else last.silent
        spans = [*last.unobserved, *([] if since is None else [(since, moment + 1, last.name)])]
        return [name for start, end, name in spans if start < moment < end]

    def name(self, moment: float) -> str:
        return next(iter(self.unobserved(moment)), self.at(moment).name)

    def state(self, moment: float, rules: Rules) -> str:
        return "unobserved" if self.unobserved(moment) else state(self.at(moment), moment, rules)
