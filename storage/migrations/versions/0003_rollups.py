"""Rollups behind the log: days, lives, replies, questions, standings. Every day that there is waits to be counted."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_COUNTS = (
    "members", "active", "msgs", "chars", "replies", "checkins", "checkin_members", "quiz", "quiz_members", "chain",
    "chain_members", "helped", "joins", "leaves", "posts", "post_replies", "questions", "answered", "logged",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "stale_day",
        sa.Column("chat_id", ID, nullable=False),
        sa.Column("day", KEY, nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"]),
        sa.PrimaryKeyConstraint("chat_id", "day"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "day_stat",
        sa.Column("chat_id", ID, nullable=False),
        sa.Column("day", KEY, nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("to_at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in _COUNTS),
        sa.Column("is_settled", sa.SmallInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"]),
        sa.PrimaryKeyConstraint("chat_id", "day"),
        sqlite_with_rowid=False,
    )
    op.create_index("day_stat_by_day", "day_stat", ["day"], unique=False)
    op.create_index(
        "day_stat_unsettled",
        "day_stat",
        ["day"],
        unique=False,
        sqlite_where=sa.text("is_settled = 0"),
        postgresql_where=sa.text("is_settled = 0"),
    )
    op.create_table(
        "member_life",
        sa.Column("chat_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("first_day", KEY, nullable=False),
        sa.Column("last_day", KEY, nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("msgs", sa.Integer(), nullable=False),
        sa.Column("last_msgs", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"]),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"]),
        sa.PrimaryKeyConstraint("chat_id", "member_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reply_day",
        sa.Column("chat_id", ID, nullable=False),
        sa.Column("day", KEY, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("to_id", ID, nullable=False),
        sa.Column("replies", sa.Integer(), nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"]),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"]),
        sa.ForeignKeyConstraint(["to_id"], ["member.id"]),
        sa.PrimaryKeyConstraint("chat_id", "day", "member_id", "to_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "question",
        sa.Column("chat_id", ID, nullable=False),
        sa.Column("day", KEY, nullable=False),
        sa.Column("message_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_by", ID, nullable=True),
        sa.Column("answer_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"]),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"]),
        sa.ForeignKeyConstraint(["answered_by"], ["member.id"]),
        sa.PrimaryKeyConstraint("chat_id", "day", "message_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "standing",
        sa.Column("chat_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("scheme", KEY, nullable=False),
        sa.Column("since", KEY, nullable=False),
        sa.Column("until", KEY, nullable=True),
        sa.Column("value", KEY, nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"]),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"]),
        sa.PrimaryKeyConstraint("chat_id", "scheme", "member_id", "since"),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO stale_day (chat_id, day) SELECT DISTINCT chat_id, day FROM member_day")
