"""What the places of a day leave to those who have not got one yet (docs/time-bank.md 3.6). Pure."""

from collections.abc import Collection, Iterable, Mapping

from ccd.bank.quota import Places
from ccd.bank.withdrawal import HOLDING, Application


def places_left(places: Mapping[str, Places], applied: Collection[Application]) -> Places | None:
    """What the quotas of a line leave of a day for which these have applied; None where none of it has a quota."""
    return _least([left_of(unit, of, applied) for unit, of in places.items()])


def is_room(left: Places | None, seconds: int) -> bool:
    return left is not None and left.agents > 0 and (left.seconds is None or left.seconds >= seconds)


def left_of(unit: str, places: Places, applied: Collection[Application]) -> Places:
    """What one unit's quota leaves, whatever those above it do. Who has taken the day keeps the place, but that is
    over; a quota that was made smaller leaves nothing."""
    drawing = [one for one in applied if one.state in HOLDING and one.hold and unit in one.hold.units]
    seconds = None if places.seconds is None else max(0, places.seconds - sum(one.seconds for one in drawing))
    return Places(max(0, places.agents - len(drawing)), seconds)


def beside_what_counts(
    unit: str, places: Places, applied: Mapping[str, Application], counted: Iterable[Application]
) -> Places:
    """What of a unit's quota there is to be drawn: it less those who are `counted` on it, and have not drawn on it as
    they have `applied`, by name."""
    on_it = [one for one in counted if one.state in HOLDING and one.hold and unit in one.hold.units]
    agents = sum(unit not in _drawn(applied[one.id]) for one in on_it)
    if places.seconds is None:
        return Places(max(0, places.agents - agents))
    seconds = sum(one.seconds for one in on_it if unit not in _in_hours(applied[one.id]))
    return Places(max(0, places.agents - agents), max(0, places.seconds - seconds))


def _drawn(one: Application) -> tuple[str, ...]:
    return one.hold.units if one.hold else ()


def _in_hours(one: Application) -> tuple[str, ...]:
    return one.hold.in_hours if one.hold else ()


def _least(left: list[Places]) -> Places | None:
    if not left:
        return None
    seconds = [of.seconds for of in left if of.seconds is not None]
    return Places(min(of.agents for of in left), min(seconds, default=None))
