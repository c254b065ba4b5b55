"""Pictures from anywhere: what is opened, which way up, and what is refused with which sentence."""

import io

import pytest
from PIL import Image

from pickmesh.bench import pictures
from pickmesh.scanner.decode import cascade, refusals
from pickmesh.scanner.decode.picture import PictureLimits, open_picture

LIMITS = PictureLimits()
EAN = "6957764102201"


def ean_scene() -> Image.Image:
    return pictures.scene(pictures.symbol(EAN, "EAN13"))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize("mode", ["L", "RGB", "1", "P", "CMYK", "RGBA", "LA"])
def test_whatever_format_and_mode_the_code_is_read(form: str, mode: str) -> None:
    wanted = {"JPEG": {"RGBA": "RGB", "LA": "L", "P": "L"}, "BMP": {"CMYK": "RGB", "LA": "L"}}
    wanted |= {name: {"CMYK": "RGB"} for name in ("PNG", "GIF", "WEBP")}
    chosen = wanted.get(form, {}).get(mode, mode)
    picture = ean_scene().convert("RGB").convert(chosen, dither=Image.Dither.NONE)
    found = cascade.decode(pictures.file_of(picture, form))
    assert [(each.text, each.doubtful) for each in found] == [(EAN, False)]


def test_sixteen_bits_of_grey_are_not_cut_off() -> None:
    deep = ean_scene().convert("I").point(lambda level: level * 200).convert("I;16")
    assert [each.text for each in cascade.decode(pictures.file_of(deep))] == [EAN]


def test_what_is_transparent_is_paper() -> None:
    bars = ean_scene().crop((60, 60, 399, 225))
    ink = Image.new("LA", bars.size, (0, 0))
    ink.putalpha(bars.point(lambda level: 255 if level < 128 else 0))
    assert [each.text for each in cascade.decode(pictures.file_of(ink))] == [EAN]


def test_of_an_animation_the_first_picture_counts() -> None:
    buffer = io.BytesIO()
    ean_scene().save(buffer, "GIF", save_all=True, append_images=[Image.new("L", ean_scene().size, 255)])
    assert [each.text for each in cascade.decode(buffer.getvalue())] == [EAN]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_upright_as_its_exif_says(orientation: int) -> None:
    upright = Image.new("L", (30, 20), 255)
    upright.paste(0, (0, 0, 10, 10))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    opened = open_picture(pictures.file_of(stored, "PNG", exif=exif.tobytes()), LIMITS)
    assert opened.size == (30, 20)
    assert [opened.getpixel(point) for point in ((4, 4), (25, 4), (4, 15), (25, 15))] == [0, 255, 255, 255]


def test_a_picture_with_broken_exif_is_still_a_picture() -> None:
    broken = pictures.file_of(ean_scene(), "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert open_picture(broken, LIMITS).size == ean_scene().size


@pytest.mark.parametrize("data", [b"", b"hello, this is text", b"%PDF-1.7 ...", b"<svg/>", b"\xff\xd8\xff", b"\x89PNG"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(refusals.NotAPicture, match=r"send a JPEG, PNG, WebP, GIF or BMP file\."):
        open_picture(data, LIMITS)


def test_a_format_that_is_not_listed_is_refused() -> None:
    with pytest.raises(refusals.NotAPicture):
        open_picture(pictures.file_of(ean_scene(), "TIFF"), LIMITS)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP", "GIF"])
@pytest.mark.parametrize("part", [0.3, 0.7])
def test_a_truncated_picture_is_refused(form: str, part: float) -> None:
    whole = pictures.file_of(pictures.noisy(ean_scene(), 30).convert("RGB"), form)
    with pytest.raises(refusals.PictureRefused) as refused:
        open_picture(whole[: int(len(whole) * part)], LIMITS)
    assert refused.value.code in {"BROKEN_PICTURE", "NOT_A_PICTURE"}
    assert refused.value.message.endswith((".", "file."))


def test_pixels_are_counted_before_any_is_made() -> None:
    bomb = pictures.png_of_size(50_000, 50_000)
    assert len(bomb) < 200
    with pytest.raises(refusals.TooManyPixels):
        open_picture(bomb, LIMITS)
    with pytest.raises(refusals.TooManyPixels, match=r"has 8000 x 8000 pixels and the limit is 50000000; take it at a"):
        open_picture(pictures.png_of_size(8_000, 8_000), LIMITS)


def test_bytes_are_counted_first() -> None:
    with pytest.raises(refusals.TooManyBytes, match="has 1001 bytes and the limit is 1000; send a smaller one"):
        open_picture(b"x" * 1001, PictureLimits(bytes_max=1000))
