"""The plain way: a SQLAlchemy ORM loop doing the floor's writes for one scan per transaction, with no API in front."""

import asyncio
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class _Base(DeclarativeBase):
    pass


class Session(_Base):
    """A worker's scan session."""

    __tablename__ = "f_session"
    merchant: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    step: Mapped[int]


class Task(_Base):
    """A pick line."""

    __tablename__ = "f_task"
    merchant: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sku: Mapped[uuid.UUID]
    bin: Mapped[uuid.UUID]
    tote: Mapped[uuid.UUID]
    quantity: Mapped[int]
    picked: Mapped[int]


class Balance(_Base):
    """What lies at a place."""

    __tablename__ = "f_balance"
    merchant: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    place: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sku: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    quantity: Mapped[int] = mapped_column(sa.BigInteger)


class Move(_Base):
    """A ledger entry."""

    __tablename__ = "f_move"
    merchant: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sku: Mapped[uuid.UUID]
    from_place: Mapped[uuid.UUID]
    to_place: Mapped[uuid.UUID]
    quantity: Mapped[int]
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class Scan(_Base):
    """A scan as it came."""

    __tablename__ = "f_scan"
    merchant: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    session: Mapped[uuid.UUID]
    raw: Mapped[str]
    outcome: Mapped[str]
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class Counter(_Base):
    """The merchant's event counter."""

    __tablename__ = "f_counter"
    merchant: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(sa.BigInteger)


class Event(_Base):
    """An event of the log."""

    __tablename__ = "f_event"
    merchant: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    kind: Mapped[str]
    subject: Mapped[uuid.UUID]
    payload: Mapped[dict[str, Any]] = mapped_column(postgresql.JSONB)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


async def scan_loop(url: str, scans: int, connections: int) -> float:
    """Book scans through the ORM over so many connections; return scans per second."""
    engine = create_async_engine(
        sa.make_url(url).set(drivername="postgresql+asyncpg"), pool_size=connections, max_overflow=0
    )
    make_session = async_sessionmaker(engine, expire_on_commit=False)
    merchant = uuid.uuid4()
    workers = [[uuid.uuid4() for _ in range(5)] for _ in range(connections)]
    async with make_session.begin() as orm:
        orm.add(Counter(merchant=merchant, last=0))
        for session, task, sku, place, tote in workers:
            orm.add(Session(merchant=merchant, id=session, step=0))
            orm.add(Task(merchant=merchant, id=task, sku=sku, bin=place, tote=tote, quantity=10**9, picked=0))
            orm.add(Balance(merchant=merchant, place=place, sku=sku, quantity=10**9))
            orm.add(Balance(merchant=merchant, place=tote, sku=sku, quantity=0))
    each = scans // connections

    async def work(session: uuid.UUID, task: uuid.UUID) -> None:
        for _ in range(each):
            async with make_session.begin() as orm:
                await _one_scan(orm, merchant, session, task)

    begin = time.perf_counter()
    await asyncio.gather(*(work(ids[0], ids[1]) for ids in workers))
    took = time.perf_counter() - begin
    await engine.dispose()
    return each * connections / took


async def _one_scan(orm: AsyncSession, merchant: uuid.UUID, session_id: uuid.UUID, task_id: uuid.UUID) -> None:
    now = datetime.now(UTC)
    session = await orm.get_one(Session, (merchant, session_id))
    task = await orm.get_one(Task, (merchant, task_id))
    bin_balance = await orm.get_one(Balance, (merchant, task.bin, task.sku))
    tote_balance = await orm.get_one(Balance, (merchant, task.tote, task.sku))
    session.step += 1
    task.picked += 1
    bin_balance.quantity -= 1
    tote_balance.quantity += 1
    orm.add(
        Move(
            merchant=merchant,
            id=uuid.uuid4(),
            sku=task.sku,
            from_place=task.bin,
            to_place=task.tote,
            quantity=1,
            at=now,
        )
    )
    orm.add(Scan(merchant=merchant, id=uuid.uuid4(), session=session_id, raw="code", outcome="ACCEPTED", at=now))
    await orm.flush()
    counter = await orm.get_one(Counter, merchant, with_for_update=True)
    counter.last += 1
    orm.add(Event(merchant=merchant, seq=counter.last, kind="picked", subject=task_id, payload={}, at=now))
