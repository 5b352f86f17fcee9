"""What changes? A cart knows when it was changed last, so that those of sessions long over can be forgotten."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("carts", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(sa.text("UPDATE carts SET changed_at = :now").bindparams(sa.bindparam("now", datetime.now(UTC), sa.DateTime(timezone=True))))
    with op.batch_alter_table("carts") as carts:
        carts.alter_column("changed_at", existing_type=sa.DateTime(timezone=True), nullable=False)


def downgrade() -> None:
    op.drop_column("carts", "changed_at")
