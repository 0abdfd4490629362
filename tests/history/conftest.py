"""Both engines for every test of the history."""

from tests.databases import database_url, engine, new_database, postgresql, sqlite_template

__all__ = ["database_url", "engine", "new_database", "postgresql", "sqlite_template"]
