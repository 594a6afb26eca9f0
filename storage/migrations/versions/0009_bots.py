"""Who is no person is found without reading every member."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index(
        "member_bots",
        "member",
        ["id"],
        unique=False,
        sqlite_where=sa.text("is_bot = 1"),
        postgresql_where=sa.text("is_bot = 1"),
    )
