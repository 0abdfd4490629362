"""The address of a database, where one is typed in place of the configuration's."""

import typer

from ccd.settings.addresses import is_sql_url

DRIVERS = ("+aiosqlite", "+asyncpg")  # as SQLAlchemy spells them; which it is, is ours to say


def typed_address(said: str, option: str) -> str:
    """typer.BadParameter where it is none; what it says does not repeat a password."""
    scheme, _, rest = said.partition("://")
    for driver in DRIVERS:
        scheme = scheme.removesuffix(driver)
    try:
        if not rest:
            raise ValueError("the address names no database")
        is_sql_url(f"{scheme}://{rest}")
    except ValueError as error:
        problem = str(error).partition("; ")[0]
        allowed = "allowed: sqlite:///PATH or postgresql://USER@HOST/DATABASE"
        raise typer.BadParameter(f"{problem}; {allowed}", param_hint=option) from None
    return said
