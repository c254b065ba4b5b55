"""Pictures drawn here and spoilt step by step: what must be read, where it lies, and what must be doubted."""

from collections.abc import Callable

import pytest
from PIL import Image, ImageChops

from pickmesh.bench import pictures
from pickmesh.scanner.codes import gtin
from pickmesh.scanner.codes.own import OwnKind, label_text
from pickmesh.scanner.decode import cascade, doubts, engines, sharpness
from pickmesh.scanner.decode.barcode import Barcode, keys_of

EAN = "6957764102201"
needs_zbar = pytest.mark.skipif(engines.zbar() is None, reason="libzbar0 is not installed here")


def scene_of(text: str = EAN, form: str = "EAN13", *, module_px: int = 3) -> Image.Image:
    return pictures.scene(pictures.symbol(text, form, module_px=module_px))


def read(picture: Image.Image, *, accept: tuple[str, ...] = (), budget_s: float = 5.0) -> list[Barcode]:
    return cascade.decode(pictures.file_of(picture), accept=accept, budget_s=budget_s)


@pytest.mark.parametrize("name", pictures.SYMBOLS)
def test_every_symbol_is_read_as_drawn_beyond_doubt(name: str) -> None:
    text, form = pictures.SYMBOLS[name]
    (found,) = read(scene_of(text, form))
    assert keys_of(found.text, identifier=found.identifier) & keys_of(text)
    assert (found.doubtful, found.engine) == (False, "zxing-cpp")
    assert found.symbology == ("EAN-13" if name == "UPC-A" else name)


@pytest.mark.parametrize("degrees", [15, 45, 90, 180, 270])
@pytest.mark.parametrize("name", ["EAN-13", "Code 128", "QR Code", "Data Matrix"])
def test_a_turned_picture_is_read(name: str, degrees: int) -> None:
    text, form = pictures.SYMBOLS[name]
    (found,) = read(pictures.turned(scene_of(text, form), degrees))
    assert (found.text, found.doubtful) == (text, False)


SPOILT: dict[str, Callable[[Image.Image], Image.Image]] = {
    "out of focus": lambda picture: pictures.blurred(picture, 1.4),
    "faint": lambda picture: pictures.noisy(pictures.faint(picture, 30), 3),
    "grainy": lambda picture: pictures.noisy(picture, 60),
    "in the shade": lambda picture: pictures.noisy(pictures.shaded(picture, 0.15), 3),
    "from aside": lambda picture: pictures.skewed(picture, 0.2),
    "squeezed": lambda picture: pictures.squeezed(picture, 20),
    "far away": lambda picture: pictures.noisy(pictures.resized(picture, 0.5), 6),
    "all of it": lambda picture: pictures.squeezed(
        pictures.noisy(pictures.shaded(pictures.turned(picture, 8), 0.5), 15), 40
    ),
}


@pytest.mark.parametrize("name", ["EAN-13", "Code 128", "ITF", "QR Code", "Data Matrix"])
@pytest.mark.parametrize("way", SPOILT)
def test_a_spoilt_picture_is_read(way: str, name: str) -> None:
    text, form = pictures.SYMBOLS[name]
    found = read(SPOILT[way](scene_of(text, form)))
    assert {each.text for each in found} == {text}


@pytest.mark.parametrize("name", ["EAN-13", "Code 128", "QR Code", "Data Matrix"])
def test_light_bars_on_dark_are_read_and_a_row_of_bars_so_read_is_doubtful(name: str) -> None:
    text, form = pictures.SYMBOLS[name]
    (found,) = read(ImageChops.invert(scene_of(text, form)))
    assert (found.text, found.doubtful) == (text, name == "EAN-13")


def test_the_steps_beyond_the_first_read_more_than_either_engine_alone() -> None:
    hard = [each for each in pictures.spoilt() if each.way in {"shaded", "faint"}]
    alone = sum(bool(engines.zxing().read(each.picture)) for each in hard)
    together = sum(bool(cascade.decode_opened(each.picture, budget_s=5.0)) for each in hard)
    assert together >= 1.5 * alone


def test_a_position_is_told_in_pixels_of_the_picture_as_it_came() -> None:
    frame = pictures.texture((4000, 3000), 3)
    frame.paste(scene_of(module_px=4), (2500, 1900))
    (found,) = read(frame)
    left, top = 2500 + 60 + 11 * 4, 1900 + 60
    (near, _, far, _) = found.position
    assert (abs(near[0] - left) < 12, abs(near[1] - top) < 12) == (True, True)
    assert (abs(far[0] - (left + 95 * 4)) < 12, abs(far[1] - (top + 50 * 4)) < 12) == (True, True)


@pytest.mark.parametrize("degrees", [0, 45])
def test_a_position_is_where_the_symbol_is_however_it_is_turned(degrees: int) -> None:
    text, form = pictures.SYMBOLS["Code 128"]
    picture = pictures.turned(scene_of(text, form), degrees)
    (found,) = read(picture)
    middle = [sum(corner[axis] for corner in found.position) / 4 for axis in (0, 1)]
    assert (abs(middle[0] - picture.width / 2) < 8, abs(middle[1] - picture.height / 2) < 8) == (True, True)


def test_a_small_code_in_a_twelve_megapixel_frame_is_read_for_certain() -> None:
    frame = pictures.texture((4000, 3000), 3)
    frame.paste(scene_of(module_px=3), (600, 2000))
    (found,) = read(frame)
    assert (found.text, found.doubtful) == (EAN, False)


def test_several_codes_of_one_picture_all_come_back() -> None:
    table = pictures.texture((1500, 900), 5)
    for place, name in enumerate(("EAN-13", "QR Code", "Code 128", "Data Matrix")):
        text, form = pictures.SYMBOLS[name]
        table.paste(scene_of(text, form), (40 + 720 * (place % 2), 30 + 430 * (place // 2)))
    found = read(table)
    assert {each.text for each in found} == {
        pictures.SYMBOLS[name][0] for name in ("EAN-13", "QR Code", "Code 128", "Data Matrix")
    }
    assert not any(each.doubtful for each in found)


def test_two_of_the_same_are_two() -> None:
    table = pictures.texture((1100, 400), 5)
    for left in (20, 560):
        table.paste(scene_of(), (left, 50))
    found = read(table)
    assert [each.text for each in found] == [EAN, EAN]
    assert found[0].position != found[1].position


def test_a_chinese_qr_code_comes_back_letter_by_letter() -> None:
    (found,) = read(scene_of("北欧风陶瓷马克杯 灰 350ml", "QRCode"))
    assert found.text == "北欧风陶瓷马克杯 灰 350ml"
    assert found.data.decode() == found.text
    assert (found.identifier, found.doubtful) == ("]Q1", False)


@pytest.mark.parametrize(("form", "identifier"), [("Code128", "]C1"), ("QRCode", "]Q3"), ("DataMatrix", "]d2")])
def test_gs1_data_keep_their_separators_and_say_what_they_are(form: str, identifier: str) -> None:
    drawn = pictures.symbol("(01)09506000134352(10)ABC123(17)271231", form, module_px=2, gs1=True)
    (found,) = read(pictures.scene(drawn))
    assert found.text == "010950600013435210ABC123\x1d17271231"
    assert found.data == found.text.encode()
    assert (found.identifier, found.doubtful) == (identifier, False)


def test_a_plain_code_128_of_the_same_digits_is_not_gs1() -> None:
    (found,) = read(scene_of("0109506000134352", "Code128"))
    assert found.identifier == "]C0"


def test_what_is_expected_is_beyond_doubt_and_comes_first() -> None:
    table = pictures.texture((1100, 800), 5)
    table.paste(scene_of("4006381333931"), (20, 50))
    table.paste(scene_of(EAN), (560, 450))
    found = read(table, accept=(EAN.zfill(14), "SKU-1"))
    assert [(each.text, each.doubtful) for each in found] == [(EAN, False), ("4006381333931", True)]


def test_a_trade_number_that_is_not_expected_is_doubtful_and_never_dropped() -> None:
    (found,) = read(scene_of(), accept=("4006381333931",))
    assert (found.text, found.doubtful) == (EAN, True)


def test_a_code_with_a_strong_check_is_beyond_doubt_whatever_is_expected() -> None:
    text = label_text(OwnKind.BIN, "A01-02-3")
    (found,) = read(scene_of(text, "Code128"), accept=(EAN,))
    assert (found.text, found.doubtful) == (text, False)


def test_an_expected_code_is_looked_for_beside_another_that_is_easy_to_read() -> None:
    table = pictures.texture((1100, 800), 5)
    table.paste(scene_of("W-0017-K", "Code128"), (20, 50))
    table.paste(pictures.noisy(pictures.shaded(scene_of(EAN), 0.06), 3), (560, 450))
    assert {each.text for each in read(table)} == {"W-0017-K"}
    found = read(table, accept=(EAN,))
    assert (found[0].text, found[0].doubtful) == (EAN, False)


@pytest.mark.parametrize("first_digits", ["123111711771", "787711178172", "282822187281"])
def test_a_tiny_trade_number_is_read_and_never_sure(first_digits: str) -> None:
    text = gtin.with_check_digit(first_digits)
    clean = scene_of(text, module_px=4)
    tiny = [read(pictures.noisy(pictures.resized(clean, factor), 3)) for factor in (0.37, 0.36, 0.35)]
    assert [{each.doubtful for each in found} for found in tiny] == [{True}] * 3


@pytest.mark.parametrize("focus_px", [0.0, 1.0, 2.0, 2.8])
@pytest.mark.parametrize("misread", ["695116410220", "695776470220", "695776410880"])
def test_a_number_that_blur_makes_of_another_does_not_look_like_it(misread: str, focus_px: float) -> None:
    """Ones for sevens and twos for eights, with a right check digit: what both engines do on photographs."""
    picture = pictures.noisy(pictures.blurred(scene_of(module_px=4), focus_px), 4)
    corners = ((104, 60), (484, 60), (484, 259), (104, 259))
    right = sharpness.mismatch(picture, corners, symbology="EAN-13", text=EAN)
    wrong = sharpness.mismatch(picture, corners, symbology="EAN-13", text=gtin.with_check_digit(misread))
    assert right is not None
    assert wrong is not None
    assert right <= doubts.MISMATCH_MAX < wrong


def test_no_code_is_an_empty_list() -> None:
    assert read(pictures.texture((900, 700), 11)) == []
    assert read(Image.new("L", (1, 1), 255)) == []
    assert read(Image.new("L", (4000, 2), 0)) == []


def test_without_a_budget_only_the_first_attempt_is_made() -> None:
    hidden = pictures.shaded(scene_of(), 0.15)
    assert read(hidden, budget_s=5.0)[0].text == EAN
    assert read(hidden, budget_s=0.0) == []


@needs_zbar
def test_zbar_reads_what_zxing_does_not() -> None:
    picture = pictures.noisy(pictures.shaded(scene_of(), 0.03), 3)
    assert [(each.text, each.engine) for each in read(picture)] == [(EAN, "zbar")]
