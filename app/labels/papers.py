"""Papers of packing as lists: the manifest a driver signs, the receipt of everything that happened to a parcel."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pickmesh.core.accounts import queries as account_queries
from pickmesh.core.catalog import queries as catalog_queries
from pickmesh.core.floor import evidence
from pickmesh.core.floor.evidence import Evidence, EvidenceKind
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound
from pickmesh.core.packing import manifest_queries, queries
from pickmesh.core.stock import queries as stock_queries
from pickmesh.scanner.codes.own import OwnKind, label_text, number_text
from pickmesh.scanner.labels.listing import Column, Listing

_PARCELS = (Column("#", 1), Column("包裹 Parcel", 3), Column("运单 Waybill", 5), Column("重量 kg", 2), Column("", 2))
_EVENTS = (
    Column("时间 Time", 4),
    Column("事项 What", 4),
    Column("人员 Who", 3),
    Column("货品 Goods", 4),
    Column("扫码 Code", 5),
    Column("说明 Note", 4),
)
_KINDS = {
    EvidenceKind.PICKED: "拣货 picked",
    EvidenceKind.OPENED: "开箱 opened",
    EvidenceKind.PACKED: "验货 packed",
    EvidenceKind.TAKEN_OUT: "取出 taken out",
    EvidenceKind.PASS_FORCED: "强制通过 forced",
    EvidenceKind.CARTON_CHOSEN: "选箱 carton",
    EvidenceKind.CARTON_TAKEN_OFF: "取消选箱 no carton",
    EvidenceKind.SEALED: "封箱 sealed",
    EvidenceKind.REOPENED: "重新打开 reopened",
    EvidenceKind.WEIGHED: "称重 weighed",
    EvidenceKind.WAYBILL_ISSUED: "面单 waybill",
    EvidenceKind.WAYBILL_VOIDED: "面单作废 waybill voided",
    EvidenceKind.LABEL_PRINTED: "打印 printed",
    EvidenceKind.SHIPPED: "发货 shipped",
    EvidenceKind.UNSHIPPED: "撤回发货 called back",
    EvidenceKind.ON_MANIFEST: "上交接单 on manifest",
    EvidenceKind.OFF_MANIFEST: "下交接单 off manifest",
    EvidenceKind.HANDED_OVER: "交接 handed over",
    EvidenceKind.VOIDED: "作废 voided",
}


async def manifest_paper(uow: UnitOfWork, manifest_id: UUID) -> Listing:
    """Return a manifest as it is signed: its parcels by number with waybill and weight. Refuses NOT_FOUND."""
    row = (await manifest_queries.manifests(uow, [manifest_id])).get(manifest_id)
    if row is None:
        raise NotFound("No manifest of yours has that id; open one for the carrier.")
    uow.actor.require(Permission.FLOOR_READ, warehouse_id=row.location_id)
    location = (await stock_queries.locations_by_id(uow, [row.location_id]))[row.location_id]
    parcels = (await manifest_queries.parcels_of_manifests(uow, [manifest_id])).get(manifest_id, [])
    live = await queries.live_waybills(uow, [parcel.id for parcel in parcels])
    weights = [parcel.weight_g or parcel.expected_weight_g or 0 for parcel in parcels]
    number = number_text(OwnKind.MANIFEST, row.number)
    facts = [
        ("快递 Carrier:", row.carrier),
        ("仓库 Warehouse:", f"{location.code} {location.name}"),
        ("件数 Parcels:", str(len(parcels))),
        ("总重 Weight:", f"{_kilograms(sum(weights))} kg"),
        ("司机清点 Counted by driver:", "" if row.told_count is None else str(row.told_count)),
        ("时间 Time:", _at(row.closed_at or uow.now, location)),
    ]
    rows = [
        (
            str(place),
            number_text(OwnKind.PARCEL, parcel.number),
            live[parcel.id].number or "" if parcel.id in live else "",
            _kilograms(weight) if weight else "",
            "",
        )
        for place, (parcel, weight) in enumerate(zip(parcels, weights, strict=True), 1)
    ]
    signed = ("交出 Handed over by", "司机 Driver", "车牌 Plate")
    return Listing(f"交接单 Manifest {number}", label_text(OwnKind.MANIFEST, number), facts, _PARCELS, rows, signed)


async def evidence_paper(uow: UnitOfWork, parcel_id: UUID) -> Listing:
    """Return everything that happened to a parcel, for a buyer who misses an item. Refuses NOT_FOUND."""
    found = await evidence.parcel_evidence(uow, parcel_id)
    if found is None:
        raise NotFound("No parcel of yours has that id; scan its label again.")
    parcel = found.parcel
    location = (await stock_queries.locations_by_id(uow, [parcel.location_id]))[parcel.location_id]
    people = await account_queries.people_by_id(uow, {each.worker_id for each in found.entries if each.worker_id})
    named = {each.sku_id for each in found.entries if each.sku_id} | set(found.contents)
    skus = await catalog_queries.skus(uow, named)
    number = number_text(OwnKind.PARCEL, parcel.number)
    contents = ", ".join(f"{quantity} × {skus[sku_id].code}" for sku_id, quantity in found.contents.items())
    scanned = sum(min(found.scanned.get(each, 0), quantity) for each, quantity in found.contents.items())
    facts = [
        ("运单 Waybill:", found.waybill or ""),
        ("内容 Contents:", contents),
        ("扫码件数 Scanned:", f"{scanned} / {sum(found.contents.values())}"),
        ("重量 Weight:", _weights(parcel)),
        ("强制通过 Forced:", "是 yes" if parcel.forced else "否 no"),
        ("打印 Printed:", _at(uow.now, location)),
    ]
    rows = [_evidence_row(each, location, people, skus) for each in found.entries]
    return Listing(f"扫描凭证 Scan evidence {number}", label_text(OwnKind.PARCEL, number), facts, _EVENTS, rows)


def _evidence_row(entry: Evidence, location: Any, people: Any, skus: Any) -> tuple[str, ...]:
    person = people.get(entry.worker_id)
    goods = f"{entry.quantity} × {skus[entry.sku_id].code}" if entry.sku_id in skus else ""
    weight = f"{entry.weight_g} g ({entry.expected_weight_g} g)" if entry.weight_g is not None else ""
    note = [weight, entry.note, "已撤销 undone" if entry.undone else ""]
    what = _KINDS[entry.kind]
    return (
        _at(entry.at, location, seconds=True),
        what,
        person.name if person else "",
        goods,
        entry.raw or "",
        _joined(note),
    )


def _joined(parts: Collection[str]) -> str:
    return " ".join(part for part in parts if part)


def _weights(parcel: Any) -> str:
    weighed = "" if parcel.weight_g is None else f"{parcel.weight_g} g"
    expected = "" if parcel.expected_weight_g is None else f"(应为 expected {parcel.expected_weight_g} g)"
    return _joined([weighed, expected])


def _kilograms(grams: int) -> str:
    return f"{grams // 1000}.{grams % 1000:03d}"


def _at(moment: datetime, location: Any, *, seconds: bool = False) -> str:
    local = moment.astimezone(ZoneInfo(location.time_zone))
    return local.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")
