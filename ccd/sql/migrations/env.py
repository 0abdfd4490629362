"""Alembic's entry: runs inside the connection and the transaction that `migrate.upgrade` opened."""

from alembic import context

from ccd.sql.metadata import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
