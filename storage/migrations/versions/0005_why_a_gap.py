"""A gap says what caused it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("gap", sa.Column("cause", sa.Text(), server_default="", nullable=False))
