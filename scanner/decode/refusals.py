"""Why a picture is not read: each a sentence that names the remedy."""

from typing import ClassVar


class PictureRefused(Exception):
    """This picture cannot be read; take it again."""

    code: ClassVar[str] = "PICTURE_REFUSED"

    def __init__(self, message: str | None = None) -> None:
        self.general = " ".join((self.__doc__ or "").split())
        self.message = message or self.general
        super().__init__(self.message)


class TooManyBytes(PictureRefused):
    """The picture has too many bytes; send a smaller one."""

    code = "PICTURE_TOO_LARGE"


class NotAPicture(PictureRefused):
    """This is no picture pickmesh can open; send a JPEG, PNG, WebP, GIF or BMP file."""

    code = "NOT_A_PICTURE"


class TooManyPixels(PictureRefused):
    """The picture has too many pixels; take it at a lower resolution, or cut out the barcode."""

    code = "TOO_MANY_PIXELS"


class BrokenPicture(PictureRefused):
    """The picture is damaged or only part of it arrived; send it again, or take it again."""

    code = "BROKEN_PICTURE"


class TookTooLong(PictureRefused):
    """Reading this picture took too long and was given up; go closer to the barcode and take it again."""

    code = "PICTURE_TOOK_TOO_LONG"


class ReaderDied(PictureRefused):
    """Reading this picture needed more than a reader may have; take it at a lower resolution, or closer."""

    code = "PICTURE_BROKE_READER"


class Busy(PictureRefused):
    """Too many pictures wait to be read; send this one again in a moment, or type the code."""

    code = "BUSY"
