"""What can be asked of the ledger, told apart before any database is: each has a limit of its own to numbers. Pure."""

from ccd.errors import AskedWronglyError
from ccd.ledger.model import NUMBER_MAX, Wanted


def check_page(limit: int, before: int | None, after: int | None, wanted: Wanted) -> None:
    """AskedWronglyError where there can be no such page of a statement."""
    check_number("limit", limit, least=1)
    for name, said in (("before", before), ("after", after)):
        if said is not None:
            check_number(name, said)
    for name in ("recorded_from", "recorded_to"):
        if (moment := getattr(wanted, name)) is not None:
            check_moment(name, moment)


def check_moment(name: str, moment: int) -> None:
    """In microseconds since the epoch, before it as well."""
    check_number(name, moment, least=-NUMBER_MAX)


def check_number(name: str, said: int, least: int = 0) -> None:
    if type(said) is not int or not least <= said <= NUMBER_MAX:
        raise AskedWronglyError(name, said, f"a whole number from {least} to {NUMBER_MAX}")
