"""Wave speeds."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("location", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pickers", sa.BigInteger(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("walk_mm_per_s", sa.BigInteger(), server_default="1000", nullable=False))
        batch_op.add_column(sa.Column("list_ds", sa.BigInteger(), server_default="600", nullable=False))
        batch_op.add_column(sa.Column("stop_ds", sa.BigInteger(), server_default="60", nullable=False))
        batch_op.add_column(sa.Column("unit_ds", sa.BigInteger(), server_default="25", nullable=False))
        batch_op.add_column(sa.Column("sort_ds", sa.BigInteger(), server_default="40", nullable=False))
        batch_op.add_column(sa.Column("slot_ds", sa.BigInteger(), server_default="15", nullable=False))
        batch_op.add_column(sa.Column("pack_ds", sa.BigInteger(), server_default="300", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("location", schema=None) as batch_op:
        batch_op.drop_column("pack_ds")
        batch_op.drop_column("slot_ds")
        batch_op.drop_column("sort_ds")
        batch_op.drop_column("unit_ds")
        batch_op.drop_column("stop_ds")
        batch_op.drop_column("list_ds")
        batch_op.drop_column("walk_mm_per_s")
        batch_op.drop_column("pickers")
