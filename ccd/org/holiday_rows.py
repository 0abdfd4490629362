"""What was imported of holidays, as it holds."""

from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from ccd.org.holidays import KnownDay, parse_holidays
from ccd.org.store import HOLIDAYS, newest_import


def corrected_days(connection: Connection) -> dict[str, dict[date, KnownDay]]:
    """By country, the days of which the library knows otherwise, or nothing."""
    kept = newest_import(connection, HOLIDAYS)
    return parse_holidays(kept.text, Path(HOLIDAYS)) if kept else {}
