import dataclasses
from collections.abc import Callable
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFilter

from pickmesh.scanner.codes.own import OwnKind
from pickmesh.scanner.codes.parse import parse
from pickmesh.scanner.labels import parcel
from pickmesh.scanner.labels.parcel import ParcelLabel

LABEL = ParcelLabel(
    carrier="顺达速运",
    waybill="SD1042287700156",
    service="标准快递",
    sort_code="755-W12-03",
    route="深圳集散中心 → 南山科技园一部",
    sender_lines=("山茶家居旗舰店  021-****8800", "上海市青浦区华新镇华志路1685号 3号库"),
    recipient_name="欧阳*",
    recipient_phone="138****1234",
    recipient_address_lines=("广东省 深圳市 南山区 粤海街道", "科技园南路18号 创新大厦B座 1203室"),
    number="P-0007",
    weight_g=1250,
    pieces="1/2",
    order_numbers=("O-0123", "TB2026112400017788"),
    printed_at="2026-11-24 09:31",
)
ADDRESS_MM = (16, 82, 96, 109)
Print = Callable[[bytes], Any]

UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)  # drawing is too slow to shrink by

waybills = st.from_regex(r"[0-9A-Za-z][0-9A-Za-z._/-]{0,27}", fullmatch=True)
numbers = st.integers(1, 10**12 - 1).map(lambda n: f"P-{n:04d}")
words = st.text(max_size=80) | st.text(alphabet="深圳市南山区科技园 ABC-12", max_size=300)
labels = st.builds(
    ParcelLabel,
    carrier=words,
    waybill=waybills,
    service=words,
    sort_code=words,
    route=words,
    sender_lines=st.lists(words, max_size=4).map(tuple),
    recipient_name=words,
    recipient_phone=words,
    recipient_address_lines=st.lists(words, max_size=4).map(tuple),
    number=numbers,
    weight_g=st.none() | st.integers(0, 10**7),
    pieces=words,
    order_numbers=st.lists(words, max_size=30).map(tuple),
    printed_at=words,
)


def rendered(pdf: bytes) -> Image.Image:
    """The page in dots of a thermal head, eight to the millimetre."""
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[0].render(scale=8 * 25.4 / 72).to_pil().convert("L")
    return page.crop((0, 0, 800, 1200))


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        assert len(document) == 1
        textpage = document[0].get_textpage()
        text: str = textpage.get_text_range()
        textpage.close()
    return text


def read(picture: Image.Image) -> list[tuple[str, str]]:
    found = zxingcpp.read_barcodes(picture)
    return [(barcode.text, str(barcode.format)) for barcode in sorted(found, key=lambda b: b.position.top_left.y)]


def strays(one: Image.Image, other: Image.Image) -> int:
    """The most dots, in any window of 5 by 5 mm, that are black here and further than two dots from black there."""
    away = Image.new("L", one.size, 0)
    for thin, thick in ((one, other), (other, one)):
        away = ImageChops.add(away, ImageChops.subtract(thick.filter(ImageFilter.MinFilter(5)), thin))
    corners = [(x, y) for x in range(0, one.width, 20) for y in range(0, one.height, 20)]
    return max(away.crop((x, y, x + 40, y + 40)).histogram()[255] for x, y in corners)


def address_of(picture: Image.Image) -> Image.Image:
    return picture.crop(tuple(8 * edge for edge in ADDRESS_MM)).point(lambda level: 255 if level >= 128 else 0)


def test_the_pdfs_barcodes_read_back_as_waybill_and_our_number() -> None:
    assert read(rendered(parcel.draw_pdf(LABEL))) == [
        ("SD1042287700156", "Code 128"),
        (LABEL.number_code, "Code 128"),
    ]
    scanned = parse(LABEL.number_code)
    assert (scanned.own_kind, scanned.own_value, scanned.checked) == (OwnKind.PARCEL, "P-0007", True)


def test_the_pdf_is_one_page_of_100_by_150_mm() -> None:
    with pypdfium2.PdfDocument(parcel.draw_pdf(LABEL)) as document:
        size = document[0].get_size()
    assert [round(points * 25.4 / 72, 1) for points in size] == [100.0, 150.0]


def test_every_text_of_the_label_stands_in_the_pdf() -> None:
    text = text_of(parcel.draw_pdf(LABEL))
    for words in (
        "顺达速运", "标准快递", "755-W12-03",
        "深圳集散中心 → 南山科技园一部", "SD1042287700156", "欧阳*", "138****1234",
        "广东省 深圳市 南山区 粤海街道", "科技园南路18号 创新大厦B座", "1203室", "山茶家居旗舰店 021-****8800",
        "上海市青浦区华新镇华志路1685号 3号库", "P-0007-", "重量 1.250 kg", "件数 1/2", "O-0123", "TB2026112400017788",
        "打印 2026-11-24 09:31", "收", "寄",
    ):  # fmt: skip
        assert words in text


def test_the_same_label_is_the_same_file() -> None:
    assert parcel.draw_pdf(LABEL) == parcel.draw_pdf(dataclasses.replace(LABEL))
    assert parcel.draw_zpl(LABEL) == parcel.draw_zpl(dataclasses.replace(LABEL))


def test_the_zpls_barcodes_read_back_as_waybill_and_our_number(print_zpl: Print) -> None:
    page = print_zpl(parcel.draw_zpl(LABEL))
    assert page.picture.size == (800, 1200)
    assert page.barcodes == ["SD1042287700156", LABEL.number_code]
    assert read(page.picture) == [("SD1042287700156", "Code 128"), (LABEL.number_code, "Code 128")]


def test_the_zpl_prints_the_chinese_the_pdf_shows_and_no_other(print_zpl: Print) -> None:
    other = dataclasses.replace(
        LABEL, recipient_address_lines=("北京市 海淀区 中关村街道", "知春路甲48号 盈都大厦C座 901室")
    )
    printed = address_of(print_zpl(parcel.draw_zpl(LABEL)).picture)
    assert strays(printed, address_of(rendered(parcel.draw_pdf(LABEL)))) < 10
    assert strays(printed, address_of(rendered(parcel.draw_pdf(other)))) > 300


def test_pdf_and_zpl_are_one_label(print_zpl: Print) -> None:
    shown = rendered(parcel.draw_pdf(LABEL)).point(lambda level: 255 if level >= 128 else 0)
    assert strays(print_zpl(parcel.draw_zpl(LABEL)).picture, shown) < 120  # corners of thickened letters


def test_zpl_needs_no_typeface_and_no_character_outside_ascii() -> None:
    zpl = parcel.draw_zpl(LABEL)
    assert zpl.isascii()
    assert b"^A" not in zpl
    assert zpl.startswith(b"^XA\n^CI28\n^PW800\n^LL1200\n")


def test_zpl_rows_unpack_as_the_manual_says(unpack_zpl: Callable[..., bytes]) -> None:
    assert unpack_zpl("HF,:L0A1", row_bytes=4).hex() == "ff000000ff000000000000a1"
    assert unpack_zpl("gHF,", row_bytes=12).hex() == "ff" * 11 + "00"


@pytest.mark.parametrize("waybill", ["", "顺1", "SD 1", "-1", "SD^1", "A" * 29, "SD1\n"])
def test_a_waybill_that_cannot_be_bars_is_refused(waybill: str) -> None:
    with pytest.raises(ValueError, match="cannot be printed: use up to 28 letters"):
        dataclasses.replace(LABEL, waybill=waybill)


def test_a_number_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="write it as P-0017"):
        dataclasses.replace(LABEL, number="W-0007")


def test_a_long_address_is_set_smaller_and_kept_whole() -> None:
    address = "广东省深圳市南山区粤海街道科技园南路18号创新大厦B座1203室" * 4
    text = text_of(parcel.draw_pdf(dataclasses.replace(LABEL, recipient_address_lines=(address,))))
    assert address in "".join(text.split())


def test_what_exceeds_every_size_is_cut_visibly() -> None:
    text = text_of(parcel.draw_pdf(dataclasses.replace(LABEL, carrier="极" * 60, order_numbers=("订" * 900,))))
    assert text.count("…") == 2


def test_a_character_no_typeface_has_is_marked_and_the_rest_printed() -> None:
    text = text_of(parcel.draw_pdf(dataclasses.replace(LABEL, recipient_name="小\U0001f430\u200d明\x00")))
    assert "小〓明" in text


@given(labels)
@settings(max_examples=60, deadline=None, phases=UNSHRUNK, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_label_prints_in_zpl_with_readable_bars(print_zpl: Print, label: ParcelLabel) -> None:
    page = print_zpl(parcel.draw_zpl(label))
    assert read(page.picture) == [(label.waybill, "Code 128"), (label.number_code, "Code 128")]


@given(labels)
@settings(max_examples=12, deadline=None, phases=UNSHRUNK)
def test_any_label_prints_in_pdf_with_readable_bars(label: ParcelLabel) -> None:
    assert read(rendered(parcel.draw_pdf(label))) == [(label.waybill, "Code 128"), (label.number_code, "Code 128")]
