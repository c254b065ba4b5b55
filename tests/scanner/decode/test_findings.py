import pytest
from PIL import Image

from pickmesh.scanner.decode.barcode import Corners, Reading
from pickmesh.scanner.decode.findings import Findings

PICTURE = Image.new("L", (400, 200), 255)
HERE: Corners = ((50, 50), (250, 50), (250, 110), (50, 110))
THERE: Corners = ((50, 150), (250, 150), (250, 190), (50, 190))


def ean(text: str) -> Reading:
    return Reading(text, text.encode(), "EAN-13", "]E0", HERE, "zxing-cpp", None)


@pytest.mark.parametrize("order", [1, -1])
def test_one_symbol_holds_one_code_so_a_rival_of_the_expected_one_is_not_told(order: int) -> None:
    findings = Findings({"06902345678903"})
    for text in ("6902345678903", "2962341672903")[::order]:
        findings.add(ean(text), PICTURE, HERE, late=False)
    assert [(each.text, each.doubtful) for each in findings.barcodes()] == [("6902345678903", False)]


def test_rivals_of_which_none_is_sure_are_both_told_with_doubt() -> None:
    findings = Findings(set())
    for text in ("6902345678903", "2962341672903"):
        findings.add(ean(text), PICTURE, HERE, late=False)
    told = [(each.text, each.doubtful) for each in findings.barcodes()]
    assert told == [("6902345678903", True), ("2962341672903", True)]


def test_a_doubtful_code_elsewhere_in_the_picture_is_told_beside_a_sure_one() -> None:
    findings = Findings({"06902345678903"})
    findings.add(ean("6902345678903"), PICTURE, HERE, late=False)
    findings.add(ean("2962341672903"), PICTURE, THERE, late=False)
    told = [(each.text, each.doubtful) for each in findings.barcodes()]
    assert told == [("6902345678903", False), ("2962341672903", True)]
