"""Writes the next migration: the difference between the newest revision and the tables, as alembic sees it.

It is taken on a throwaway SQLite file, because SQLite gives a CHECK back as it was written and so a changed one is
seen; what is written runs on both databases. Written migrations are never touched again.
"""

import re
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops

from pickmesh.core.db import base, engines, migrate

WIDTH = 4
"""Digits of a revision's number."""
_NAME = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*")


class RaiseWalls(ops.MigrateOperation):
    """Puts tables that are new behind row-level security."""

    def __init__(self, tables: list[str]) -> None:
        self.tables = tables

    def to_diff_tuple(self) -> Any:
        """Return what is done, as alembic lists differences."""
        return ("raise_walls", *self.tables)


@renderers.dispatch_for(RaiseWalls)
def _walls_line(context: AutogenContext, operation: RaiseWalls) -> str:
    return f"walls.raise_walls(op.get_bind(), {operation.tables!r})"


async def write_migration(name: str, *, folder: Path | None = None) -> Path | None:
    """Write the migration from the newest revision to the tables as they are declared; None when nothing differs.

    `name` is a few small words (“print jobs”), which become the file's name after its number; `folder` is where
    versions lie, by default ours. Raises ValueError for a name that makes no file name.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"“{name}” names no migration: write small letters and digits, words apart, as in “print jobs”"
        )
    with tempfile.TemporaryDirectory(prefix="pickmesh-migration-") as scratch:
        url = f"sqlite:///{Path(scratch) / 'newest.sqlite3'}"
        await migrate.migrate(url)
        engine = engines.create_engine(url)
        try:
            async with engine.connect() as connection:
                connection.info["unwalled"] = True
                written = await connection.run_sync(_write, name, folder)
        finally:
            await engine.dispose()
    if written is not None:
        _format(written)
    return written


def _write(connection: sa.Connection, name: str, folder: Path | None) -> Path | None:
    settings = migrate.config(connection)
    if folder is not None:
        settings.set_main_option("version_locations", f"{migrate.VERSIONS} {folder}")
        settings.set_main_option("path_separator", "space")
    settings.cmd_opts = Namespace(quiet=True)
    number = f"{int(migrate.newest_revision()) + 1:0{WIDTH}d}"
    settings.set_main_option("file_template", f"{number}_{name.replace(' ', '_')}")
    found = command.revision(
        settings,
        message=f"{name[0].upper()}{name[1:]}.",
        autogenerate=True,
        rev_id=number,
        version_path=None if folder is None else str(folder),
        process_revision_directives=_complete,
    )
    return Path(found.path) if found is not None and not isinstance(found, list) else None


def _complete(context: Any, revision: Any, directives: list[ops.MigrationScript]) -> None:
    """Add to what alembic found: changed CHECKs, and the walls of new tables; with nothing found, write nothing."""
    script = directives[0]
    upgrade = script.upgrade_ops
    assert upgrade is not None
    _merge(upgrade.ops, changed_checks(context.connection, context.opts["target_metadata"]))
    if upgrade.is_empty():
        directives.clear()
        return
    script.downgrade_ops = upgrade.reverse()
    tenants = base.tenant_tables()
    new = [each.table_name for each in upgrade.ops if isinstance(each, ops.CreateTableOp)]
    if walled := [table for table in new if table in tenants]:
        upgrade.ops.append(RaiseWalls(walled))


def _merge(found: list[ops.MigrateOperation], checks: list[ops.ModifyTableOps]) -> None:
    """Add changed CHECKs to what is done to their tables anyway, so that SQLite makes each of them anew once."""
    altered = {each.table_name: each for each in found if isinstance(each, ops.ModifyTableOps)}
    for each in checks:
        if each.table_name in altered:
            altered[each.table_name].ops += each.ops
        else:
            found.append(each)


def changed_checks(connection: sa.Connection, metadata: sa.MetaData) -> list[ops.ModifyTableOps]:
    """Return what brings the CHECKs of an SQLite database's tables to what these tables say, table by table."""
    there = sa.inspect(connection)
    tables = [metadata.tables[name] for name in sorted(set(metadata.tables) & set(there.get_table_names()))]
    changes = ((table, list(_check_changes(there, table))) for table in tables)
    return [ops.ModifyTableOps(table.name, changed) for table, changed in changes if changed]


def _check_changes(there: sa.Inspector, table: sa.Table) -> Iterator[ops.MigrateOperation]:
    held = {str(each["name"]): each["sqltext"] for each in there.get_check_constraints(table.name)}
    declared = {str(each.name): each for each in table.constraints if isinstance(each, sa.CheckConstraint)}
    for name in sorted({*held, *declared}):
        wanted = declared.get(name)
        if wanted is not None and name in held and held[name] == str(wanted.sqltext):
            continue
        if name in held:
            old = sa.CheckConstraint(sa.text(held[name]), name=sa.schema.conv(name))
            sa.Table(table.name, sa.MetaData(), old)
            yield ops.DropConstraintOp.from_constraint(old)
        if wanted is not None:
            yield ops.AddConstraintOp.from_constraint(wanted)


def _format(path: Path) -> None:
    """Lay the file out as the rest of the code is, where the formatter of a developer's environment is there."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.lstrip().startswith("# ###")), encoding="utf-8")
    ruff = Path(sys.executable).with_name("ruff")
    if ruff.exists():
        subprocess.run([ruff, "check", "--quiet", "--fix", "--select", "F401,I", path], check=False)
        subprocess.run([ruff, "format", "--quiet", path], check=True)
