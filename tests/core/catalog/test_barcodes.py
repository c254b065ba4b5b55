import pytest

from pickmesh.core.catalog import barcodes


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("4006381333931", "04006381333931"),
        (" 4006381333931\n", "04006381333931"),
        ("４００６３８１３３３９３１", "04006381333931"),
        ("96385074", "00000096385074"),
        ("4006381333932", "4006381333932"),
        ("bx-20 a", "BX-20 A"),
        ("", ""),
    ],
)
def test_a_barcode_has_one_spelling(text: str, key: str) -> None:
    assert barcodes.barcode_key(text) == key
