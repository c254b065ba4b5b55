"""Print jobs."""

import sqlalchemy as sa
from alembic import op

from pickmesh.core.db import base, walls

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("print_job", schema=None) as batch_op:
        batch_op.add_column(sa.Column("agent", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("run_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("taken_at", base.UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("until", base.UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.drop_constraint(batch_op.f("ck_print_job_state_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_print_job_state_known"),
            "state IN ('QUEUED', 'TAKEN', 'PRINTING', 'PRINTED', 'FAILED', 'UNSURE')",
        )


def downgrade() -> None:
    # The older version does not know these states: what was only taken waits again, what may be on paper stays away.
    with walls.lowered(op.get_bind(), ["print_job"]):
        op.execute("UPDATE print_job SET state = 'QUEUED' WHERE state = 'TAKEN'")
        op.execute("UPDATE print_job SET state = 'FAILED' WHERE state = 'UNSURE'")
    with op.batch_alter_table("print_job", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_print_job_state_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_print_job_state_known"), "state IN ('QUEUED', 'PRINTING', 'PRINTED', 'FAILED')"
        )
        batch_op.drop_column("attempts")
        batch_op.drop_column("until")
        batch_op.drop_column("taken_at")
        batch_op.drop_column("run_id")
        batch_op.drop_column("agent")
