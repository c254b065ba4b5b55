"""Runs migrations on the connection `core.db.migrate` hands over."""

from alembic import context

from pickmesh.core.db.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transaction_per_migration=True,
    render_as_batch=False,
    user_module_prefix="base.",
)
with context.begin_transaction():
    context.run_migrations()
