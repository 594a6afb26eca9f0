"""Events that a second account heard, too, are marked as messages are: who is a group's primary account may change."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("event", sa.Column("is_copy", sa.SmallInteger(), server_default="0", nullable=False))
    op.execute(
        "UPDATE event SET is_copy = 1 WHERE account_id <> "
        "(SELECT coalesce(c.primary_account_id, event.account_id) FROM chat c WHERE c.id = event.chat_id)"
    )
