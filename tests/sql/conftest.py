"""Both engines, with a ledger for what has to write something."""

from tests.databases import database_url, engine, new_database, postgresql, sqlite_template
from tests.ledger.conftest import ledger

__all__ = ["database_url", "engine", "ledger", "new_database", "postgresql", "sqlite_template"]
