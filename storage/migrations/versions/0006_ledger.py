"""Points are transfers: each entry names the account on its other side, and the accounts have balances."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("ledger", sa.Column("account", KEY, server_default="issue", nullable=False))
    op.add_column("ledger", sa.Column("undoes", KEY, server_default="", nullable=False))
    op.create_table(
        "fund",
        sa.Column("chat_id", ID, nullable=False),
        sa.Column("account", KEY, nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"]),
        sa.PrimaryKeyConstraint("chat_id", "account"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO fund (chat_id, account, points) SELECT chat_id, 'issue', -sum(delta) FROM ledger GROUP BY chat_id"
    )
