"""Draws the pictures of README and docs from the product itself: `make pictures`."""

from datetime import date
from io import BytesIO
from pathlib import Path

import pypdfium2
from PIL import Image, ImageOps

from pickmesh.scanner.codes.own import OwnKind
from pickmesh.scanner.labels import pairing, paper, parcel, place, sku, tote

HERE = Path(__file__).parent
SCALE = 2.4

LABEL = parcel.ParcelLabel(
    carrier="本地配送 LOCAL",
    waybill="LC16458894156601174",
    service="标准快递",
    sort_code="310-A2",
    route="杭州 → 西湖",
    sender_lines=("林安家居旗舰店", "杭州仓 WH1"),
    recipient_name="王*",
    recipient_phone="138****0012",
    recipient_address_lines=("浙江省 杭州市 西湖区", "文三路***号 星河湾公寓 3幢"),
    number="P-0017",
    weight_g=472,
    pieces="1/1",
    order_numbers=("O-0042",),
    printed_at="2026-11-24 12:00",
)


KINDS = {
    "place": place.PlaceLabel(OwnKind.BIN, "A01-02-3", zone="拣货区 A", location="WH1", arrow=place.Arrow.UP),
    "place-long": place.PlaceLabel(OwnKind.BIN, "AISLE-14-BAY-07-3-LEFT", zone="拣货区 A", location="WH1"),
    "tote": tote.ToteLabel("T-0007", location="WH1"),
    "sku": sku.SkuLabel("MUG-350-BLUE", "04006381333931", "山茶马克杯 350 ml 蓝色", "Camellia mug 350 ml, blue"),
    "sku-case": sku.SkuLabel("MUG-350-BLUE", "10012345678902", "山茶马克杯 350 ml", "Camellia mug", unit_quantity=12),
    "sku-lot": sku.SkuLabel("TEA-01", "04006381333931", "龙井茶 250 g", "Longjing tea", 1, "2411", date(2026, 12, 31)),
    "pairing": pairing.PairingLabel(
        "https://pickmesh.example/app/#pickmesh:pair:not-a-secret", "王小明", "2026-11-24 18:00"
    ),
}
BINS = [
    place.PlaceLabel(OwnKind.BIN, f"A01-{bay:02d}-{level}", "拣货区", "WH1")
    for bay in range(1, 9)
    for level in (1, 2, 3)
]


def main() -> None:
    """Write docs/label.png and docs/labels/*.png."""
    page_picture(parcel.draw_pdf(LABEL), SCALE).save(HERE / "label.png", optimize=True)
    for name, label in KINDS.items():
        picture = Image.open(BytesIO(paper.draw_png([label], times=2)))
        ImageOps.expand(picture.convert("L"), border=2, fill=170).save(HERE / "labels" / f"{name}.png", optimize=True)
    sheet = page_picture(paper.draw_pdf(BINS, paper.PAPERS["a4-24"]), 1)
    ImageOps.expand(sheet.convert("L"), border=2, fill=170).save(HERE / "labels" / "sheet.png", optimize=True)


def page_picture(pdf: bytes, scale: float) -> Image.Image:
    """Return the first page of a PDF."""
    picture: Image.Image = pypdfium2.PdfDocument(pdf)[0].render(scale=scale).to_pil()
    return picture


if __name__ == "__main__":
    main()
