"""The courier label of a parcel, 100 by 150 mm: where it goes in letters a sorter reads from two metres away."""

import re
from dataclasses import dataclass

from pickmesh.scanner.codes import own
from pickmesh.scanner.labels import fonts, pdf, png, sheet, zpl
from pickmesh.scanner.labels.sheet import Badge, Box, Element, Sheet, Type

WIDTH_MM, HEIGHT_MM = 100, 150

_LEFT, _RIGHT = 3, 97
_WAYBILL = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/-]{0,27}")


@dataclass(frozen=True, slots=True)
class ParcelLabel:
    """What stands on a parcel's label; every text is printed as given, so personal data come masked already.

    Raises ValueError for a waybill that cannot be printed as bars and for a number that is no parcel's.
    """

    carrier: str
    waybill: str  # letters, digits and . _ / -, at most 28
    service: str
    sort_code: str  # the carrier's three-segment code, "" when it gave none
    route: str
    sender_lines: tuple[str, ...]
    recipient_name: str
    recipient_phone: str
    recipient_address_lines: tuple[str, ...]
    number: str  # ours, P-0007
    weight_g: int | None
    pieces: str  # "1/2"
    order_numbers: tuple[str, ...]
    printed_at: str

    def __post_init__(self) -> None:
        if _WAYBILL.fullmatch(self.waybill) is None:
            raise ValueError(f"Waybill {self.waybill!r} cannot be printed: use up to 28 letters, digits, . _ / or -.")
        own.label_text(own.OwnKind.PARCEL, self.number)

    @property
    def number_code(self) -> str:
        """Our number with its check character, as the label's second barcode holds it."""
        return own.label_text(own.OwnKind.PARCEL, self.number)


def draw_pdf(label: ParcelLabel) -> bytes:
    """Return the label as a one-page PDF; the same label gives the same bytes."""
    return pdf.draw(lay_out(label))


def draw_zpl(label: ParcelLabel) -> bytes:
    """Return the label as ZPL II for a 203 dpi printer, whatever typefaces it holds."""
    return zpl.draw(lay_out(label))


def draw_png(label: ParcelLabel, *, times: int = 1) -> bytes:
    """Return the label as a PNG of 203 dpi, or of `times` as much."""
    return png.draw(lay_out(label), times=times)


def lay_out(label: ParcelLabel) -> Sheet:
    """Set a label's parts from top to bottom; long texts are set smaller, then cut with `…`."""
    rules = [Box(_LEFT, y, _RIGHT - _LEFT, 0) for y in (17, 38, 48, 81, 110, 124)]
    elements: list[Element] = [Box(_LEFT, 3, _RIGHT - _LEFT, 144, line=0.5), *rules]
    elements += _head(label)
    elements += _destination(label)
    elements += _waybill(label)
    elements += _recipient(label)
    elements += _sender(label)
    elements += _foot(label)
    return Sheet(WIDTH_MM, HEIGHT_MM, tuple(elements))


def _head(label: ParcelLabel) -> list[Element]:
    service, service_size = fonts.fitted(fonts.printable(label.service), width=34, size=6, smallest=3)
    badge_width = fonts.width_mm(service, service_size) + 5 if service else 0
    carrier, size = fonts.fitted(
        fonts.printable(label.carrier), width=_RIGHT - _LEFT - badge_width - 7, size=9, smallest=4
    )
    elements: list[Element] = [Type(_LEFT + 2, 13.2, size, carrier, bold=True)]
    if service:
        elements.append(Badge(_RIGHT - 2 - badge_width, 5.5, badge_width, 9, service_size, service))
    return elements


def _destination(label: ParcelLabel) -> list[Element]:
    code, code_size = fonts.fitted(fonts.printable(label.sort_code), width=88, size=19, smallest=8)
    route, route_size = fonts.fitted(fonts.printable(label.route), width=70, size=6, smallest=3)
    pieces, pieces_size = fonts.fitted(fonts.printable(label.pieces), width=18, size=6, smallest=3)
    return [
        sheet.centred(
            code, left=_LEFT, width=_RIGHT - _LEFT, baseline=27.5 + code_size * 0.37, size=code_size, bold=True
        ),
        Type(_LEFT + 2, 45.2, route_size, route, bold=True),
        sheet.right(pieces, edge=_RIGHT - 2, baseline=45.2, size=pieces_size, bold=True),
    ]


def _waybill(label: ParcelLabel) -> list[Element]:
    text, size = fonts.fitted(label.waybill, width=90, size=6, smallest=2.5)
    return [
        sheet.centred_bars(label.waybill, left=_LEFT, width=_RIGHT - _LEFT, y=51, height=21, module_dots_max=4),
        sheet.centred(text, left=_LEFT, width=_RIGHT - _LEFT, baseline=78.5, size=size, bold=True),
    ]


def _recipient(label: ParcelLabel) -> list[Element]:
    who = "  ".join(fonts.printable(part) for part in (label.recipient_name, label.recipient_phone) if part)
    name, size = fonts.fitted(who, width=76, size=6.5, smallest=3.5)
    lines, line_size = fonts.wrapped(
        [fonts.printable(line) for line in label.recipient_address_lines],
        width=76,
        height=18,
        sizes=(5, 4.4, 3.8, 3.2, 2.7),
        leading=1.25,
    )
    return [
        Badge(_LEFT + 2, 83.5, 10, 10, 7, "收"),
        Type(_LEFT + 15, 89.5, size, name, bold=True),
        *sheet.paragraph(lines, x=_LEFT + 15, top=90.8, size=line_size, leading=1.25),
    ]


def _sender(label: ParcelLabel) -> list[Element]:
    lines, size = fonts.wrapped(
        [fonts.printable(line) for line in label.sender_lines],
        width=76,
        height=11.5,
        sizes=(3.6, 3.2, 2.7, 2.4),
        leading=1.25,
    )
    return [
        Badge(_LEFT + 2, 112, 7, 7, 5, "寄"),
        *sheet.paragraph(lines, x=_LEFT + 15, top=111, size=size, leading=1.25),
    ]


def _foot(label: ParcelLabel) -> list[Element]:
    weight = "" if label.weight_g is None else f"{label.weight_g // 1000}.{label.weight_g % 1000:03d} kg"
    facts = [f"重量 {weight}" if weight else "", f"件数 {label.pieces}", f"打印 {label.printed_at}"]
    orders = "订单 " + "、".join(label.order_numbers)
    lines, size = fonts.wrapped(
        [fonts.printable(line) for line in (*facts, orders) if line],
        width=40,
        height=20,
        sizes=(3.8, 3.4, 3, 2.6, 2.3),
        leading=1.3,
    )
    return [
        *sheet.paragraph(lines, x=_LEFT + 2, top=125.5, size=size, leading=1.3),
        sheet.centred_bars(label.number_code, left=46, width=50, y=127, height=12, module_dots_max=2),
        sheet.centred(label.number_code, left=46, width=50, baseline=144.5, size=4.5, bold=True),
    ]
