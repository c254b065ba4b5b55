"""Swap lots."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("location", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lot_swap", sa.Text(), server_default="FEFO_ONLY", nullable=False))
        batch_op.add_column(sa.Column("zero_check", sa.Text(), server_default="EMPTY_BIN", nullable=False))
        batch_op.create_check_constraint(
            batch_op.f("ck_location_lot_swap_known"), "lot_swap IN ('ALLOW', 'FEFO_ONLY', 'NEVER')"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_location_zero_check_known"), "zero_check IN ('OFF', 'EMPTY_BIN', 'AT_ZERO')"
        )

    with op.batch_alter_table("pick", schema=None) as batch_op:
        batch_op.add_column(sa.Column("item_scan_id", sa.Uuid(), nullable=True))

    with op.batch_alter_table("pick_line", schema=None) as batch_op:
        batch_op.add_column(sa.Column("meant_lot_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("pick_line", schema=None) as batch_op:
        batch_op.drop_column("meant_lot_id")

    with op.batch_alter_table("pick", schema=None) as batch_op:
        batch_op.drop_column("item_scan_id")

    with op.batch_alter_table("location", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_location_zero_check_known"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_location_lot_swap_known"), type_="check")
        batch_op.drop_column("zero_check")
        batch_op.drop_column("lot_swap")
