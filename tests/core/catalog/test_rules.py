"""Rows that are wrong by themselves; what they meet in the catalog is tested through save_products."""

from dataclasses import replace

import pytest

from pickmesh.core.catalog import rules
from pickmesh.core.catalog.rules import NewBarcode, NewComponent, NewSku
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refusal

KETTLE = NewSku("KET01", "KET", "不锈钢水壶", "Steel kettle", weight_g=900, price_micros=89_000_000)
NOTHING = rules.Known({}, {}, {}, {}, {}, {})


def refusal_of(new: NewSku) -> Refusal | None:
    ids = {code: new_id() for code in (new.code, *(part.sku_code for part in new.components or ()))}
    return rules.settle([new], ids, NOTHING)[1].get(0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": ""}, "code"),
        ({"code": " KET01"}, "code"),
        ({"code": "K" * 65}, "code"),
        ({"code": "KET\n01"}, "code"),
        ({"product_code": ""}, "productCode"),
        ({"name_zh": " ", "name_en": ""}, "nameZh"),
        ({"name_en": "x" * 201}, "nameEn"),
        ({"weight_g": -1}, "weightG"),
        ({"height_mm": 10**9 + 1}, "heightMm"),
        ({"price_micros": -1}, "priceMicros"),
        ({"cost_micros": 10**15 + 1}, "costMicros"),
        ({"currency": "rmb"}, "currency"),
        ({"currency": "ＣＮＹ"}, "currency"),
        ({"barcodes": (NewBarcode(""),)}, "barcodes"),
        ({"barcodes": (NewBarcode("4006381333931", 0),)}, "barcodes"),
        ({"barcodes": (NewBarcode("4006381333931"), NewBarcode("04006381333931", 6))}, "barcodes"),
        ({"barcodes": tuple(NewBarcode(f"X{number}") for number in range(51))}, "barcodes"),
        ({"components": (NewComponent("LID", -1),)}, "components"),
        ({"components": (NewComponent("LID", 1), NewComponent("LID", 2))}, "components"),
        ({"components": (NewComponent("LID", 1),)}, "components"),
    ],
)
def test_a_row_that_is_wrong_by_itself_says_which_column(change: dict[str, object], field: str) -> None:
    refusal = refusal_of(replace(KETTLE, **change))  # type: ignore[arg-type]  # each change names one field's own type
    assert refusal is not None
    assert refusal.field == (field,)


def test_a_sound_row_is_drafted_with_barcodes_in_their_one_spelling() -> None:
    new = replace(KETTLE, barcodes=(NewBarcode("4006381333931"), NewBarcode("4006381333931"), NewBarcode("bx-6", 6)))
    drafts, refused = rules.settle([new], {"KET01": new_id()}, NOTHING)
    assert refused == {}
    assert drafts[0].barcodes == {"04006381333931": 1, "BX-6": 6}
