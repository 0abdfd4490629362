"""A real PostgreSQL for commands that are told of one."""

from tests.databases import postgresql

__all__ = ["postgresql"]
