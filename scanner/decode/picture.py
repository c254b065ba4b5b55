"""Opening a picture that came from anywhere: limits first, pixels only when its header is within them."""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from pickmesh.scanner.decode import refusals

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """The largest picture that is opened."""

    bytes_max: int = 12_000_000
    pixels_max: int = 50_000_000


def open_picture(data: bytes, limits: PictureLimits) -> Image.Image:
    """Return a picture in levels of grey, upright as its EXIF says; of an animation the first frame.

    Refuses with a `PictureRefused`: more bytes or pixels than the limits, an unknown format, a damaged file.
    """
    if len(data) > limits.bytes_max:
        raise refusals.TooManyBytes(
            f"The picture has {len(data)} bytes and the limit is {limits.bytes_max}; send a smaller one."
        )
    opened = _opened(data)
    width, height = opened.size
    if width * height > limits.pixels_max:
        raise refusals.TooManyPixels(
            f"The picture has {width} x {height} pixels and the limit is {limits.pixels_max}; take it at a lower"
            " resolution, or cut out the barcode."
        )
    try:
        opened.draft("L", opened.size)  # a JPEG's colours need not be worked out
        orientation = _orientation(opened)
        opened.load()
        grey = _grey(opened)
    except MemoryError:
        raise refusals.TooManyPixels from None
    except Exception as error:  # damaged files raise whatever their format's reader stumbles over
        raise refusals.BrokenPicture from error
    return grey.transpose(_TURNS[orientation]) if orientation in _TURNS else grey


def _opened(data: bytes) -> Image.Image:
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise refusals.TooManyPixels from None
    except UnidentifiedImageError:
        raise refusals.NotAPicture from None
    except Exception as error:  # a header that begins well and goes on badly
        raise refusals.BrokenPicture from error


def _orientation(picture: Image.Image) -> int:
    try:
        value = picture.getexif().get(_ORIENTATION, 1)
    except Exception:  # bad EXIF in a good picture
        return 1
    return value if isinstance(value, int) else 1


def _grey(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16"):
        return picture.point(lambda level: level * (1 / 256)).convert("L")  # convert alone cuts off at 255
    if picture.has_transparency_data:
        paper = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(paper, picture.convert("RGBA")).convert("L")
    return picture if picture.mode == "L" else picture.convert("L")
