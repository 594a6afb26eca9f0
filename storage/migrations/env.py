"""Run by alembic: the connection, and the transaction around all steps, come from `storage.schema`."""

from alembic import context

from storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can't alter columns: such a step copies the table.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
