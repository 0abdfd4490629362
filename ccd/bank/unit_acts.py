"""What is said of a unit by who leads it: the places of its days, what a day will be like, the hours of a month
(docs/time-bank.md 3.3, 3.6). Each is one act however often it is asked for, and of two at once the second sees what the
first has said. `check` is called before it is said, and may refuse; what it reads is not said otherwise meanwhile."""

from collections.abc import Callable
from datetime import date

from sqlalchemy import Connection

from ccd.bank.asking import Asking
from ccd.bank.declared import declare_hours, declared_for, declared_hours
from ccd.bank.quota import Quota
from ccd.bank.withdrawal_rows import day_loads, quotas, set_load, set_quota
from ccd.sql.locks import wait_for_others

SETS_QUOTA, SETS_LOAD = "set quota", "set load"  # kinds of acts, which open pages are told of
AS_DECIDED = "as who leads the unit decided"

Check = Callable[[], None]


def say_quota(connection: Connection, quota: Quota, asking: Asking, check: Check = lambda: None) -> None:
    """Nobody who holds a place loses it."""
    wait_for_others(connection, quotas)
    said = {"on": str(quota.on_said), "agents": quota.agents, "seconds": quota.seconds, "load": quota.load}
    if not asking.did(connection, SETS_QUOTA, quota.unit, **said):
        check()
        set_quota(connection, quota, asking.at, asking.by)
        asking.noted(connection, SETS_QUOTA, quota.unit, said, AS_DECIDED)


def say_load(
    connection: Connection, unit: str, day: date, load: str, asking: Asking, check: Check = lambda: None
) -> bool:
    """Whether it is said now, and was not before."""
    wait_for_others(connection, day_loads)
    said = {"day": str(day), "load": load}
    if asking.did(connection, SETS_LOAD, unit, **said):
        return False
    check()
    set_load(connection, unit, day, load, asking.at, asking.by)
    asking.noted(connection, SETS_LOAD, unit, said, AS_DECIDED)
    return True


def say_hours(
    connection: Connection, unit: str, month: str, seconds: int, asking: Asking, why: str, check: Check = lambda: None
) -> None:
    """Nothing happens where as many were declared before."""
    wait_for_others(connection, declared_hours)
    said = {"month": month, "seconds": seconds}
    if asking.did(connection, "declare hours", unit, **said):
        return
    check()
    if declared_for(connection, month).get(unit) != seconds:
        declare_hours(connection, unit, month, seconds, asking.at, asking.by, why)
        asking.noted(connection, "declare hours", unit, said, why)
