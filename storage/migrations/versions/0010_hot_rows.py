"""On PostgreSQL, what is written for every message refers to its group and member without a check."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_TABLES = (
    "message", "event", "member_day", "stale_day", "ledger", "balance", "fund", "slot", "note", "timer", "firing",
    "outbox", "trace",
)  # fmt: skip


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    found = sa.text(
        "SELECT t.relname, c.conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid"
        " WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND t.relname = ANY(:tables)"
    )
    for table, name in connection.execute(found, {"tables": list(_TABLES)}).all():
        op.drop_constraint(name, table, type_="foreignkey")
