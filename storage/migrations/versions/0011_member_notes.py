"""Operators' notes about members, and the groups of a member without reading every group."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    id_type = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_index("membership_by_member", "membership", ["member_id"], unique=False)
    op.create_table(
        "member_note",
        sa.Column("id", id_type, autoincrement=True, nullable=False),
        sa.Column("chat_id", id_type, nullable=False),
        sa.Column("member_id", id_type, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("follow_on", key, nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"]),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("member_note_by_member", "member_note", ["member_id"], unique=False)
    is_open = sa.text("done_at IS NULL AND follow_on IS NOT NULL")
    op.create_index(
        "member_note_open", "member_note", ["follow_on"], unique=False, sqlite_where=is_open, postgresql_where=is_open
    )
