"""Each case on both engines."""

from tests.databases import database_url, engine, new_database, postgresql, sqlite_template

__all__ = ["database_url", "engine", "new_database", "postgresql", "sqlite_template"]
