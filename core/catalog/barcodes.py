"""How a barcode is kept and looked up."""

from pickmesh.scanner.codes import gtin, wedge


def barcode_key(text: str) -> str:
    """Return the one spelling of a barcode: a GTIN as 14 digits, anything else as it is in upper case."""
    cleaned = wedge.clean(text).text
    return gtin.normalise(cleaned) or cleaned.upper()
