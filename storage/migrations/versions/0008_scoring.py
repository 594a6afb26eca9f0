"""What counts for the score: characters, answers and replies of what counts; versions of the rules.

The counters of days before this version are made by `qunops scoring use`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for name in ("counted_chars", "answers", "replied"):
        op.add_column("member_day", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "scoring",
        sa.Column("version", KEY, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("adopted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
