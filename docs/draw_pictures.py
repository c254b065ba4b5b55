"""Draws the pictures of README and docs from the product itself: `make pictures`."""

from pathlib import Path

import pypdfium2

from pickmesh.scanner.labels import parcel

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


def main() -> None:
    """Write docs/label.png."""
    page = pypdfium2.PdfDocument(parcel.draw_pdf(LABEL))[0]
    page.render(scale=SCALE).to_pil().save(HERE / "label.png", optimize=True)


if __name__ == "__main__":
    main()
