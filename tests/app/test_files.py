import codecs
import tracemalloc
from pathlib import Path

import openpyxl
import pytest

from pickmesh.app import files
from pickmesh.app.files import Columns, FileRefused, Limits, Table

COLUMNS = Columns(required=("sku", "quantity"), optional=("lot", "note"))


def opened(path: Path, limits: Limits | None = None) -> Table:
    return files.open_table(path, COLUMNS, limits or Limits())


def written(tmp_path: Path, content: str | bytes, name: str = "stock.csv", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def refusal_of(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(FileRefused) as refused:
        opened(path, limits)
    return refused.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_text_is_read_in_every_encoding_people_send(tmp_path: Path, encoding: str) -> None:
    table = opened(written(tmp_path, "sku,quantity,note\nA,1,䶮家的杯子\n", encoding=encoding))
    assert (table.kind, table.row_count) == (encoding, 1)
    (row,) = table.rows()
    assert (row.number, row.cells) == (2, {"sku": "A", "quantity": "1", "note": "䶮家的杯子"})


def test_a_character_cut_by_the_reading_chunk_is_still_one_character(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_CHUNK", 7)
    for encoding in ("utf-8", "gb18030"):
        table = opened(written(tmp_path, "sku,quantity\n" + "杯,1\n碗䶮,2\n" * 20, encoding=encoding))
        assert (table.kind, table.row_count) == (encoding, 40)


def test_rows_keep_the_numbers_a_spreadsheet_shows(tmp_path: Path) -> None:
    text = 'sku,quantity,note\nA,1,"two\nlines"\n\n,,\n B , 2 ,x\n'
    assert [(row.number, row.cells["sku"]) for row in opened(written(tmp_path, text)).rows()] == [(2, "A"), (5, "B")]


def test_semicolons_and_tabs_separate_too(tmp_path: Path) -> None:
    for separator in ";\t":
        path = written(tmp_path, f"SKU{separator}Quantity\nA{separator}1,5\n")
        assert [row.cells for row in opened(path).rows()] == [{"sku": "A", "quantity": "1,5"}]


def test_a_row_of_the_wrong_width_is_a_problem_of_that_row_only(tmp_path: Path) -> None:
    rows = list(opened(written(tmp_path, "sku,quantity\nA,1,2\nB,3,,\nC\n")).rows())
    assert [(row.number, row.problem is None) for row in rows] == [(2, False), (3, True), (4, False)]
    assert rows[0].problem == (
        "This row has 3 cells but the header names 2 columns; put text that holds a comma between double quotes."
    )


def test_what_is_wrong_with_a_header_is_named(tmp_path: Path) -> None:
    assert refusal_of(written(tmp_path, "sku,note\n")) == (
        "“stock.csv” lacks the column quantity; its first row must name: sku, quantity (and may name: lot, note)."
    )
    assert refusal_of(written(tmp_path, "sku,quantity,sku\n")) == (
        "“stock.csv” names the column sku more than once; keep one of each."
    )
    assert refusal_of(written(tmp_path, "sku,quantity,lots\n")) == (
        "“stock.csv” has the unknown column “lots” (did you mean “lot”?); rename or remove it."
        " Known are: sku, quantity, lot, note."
    )


def test_files_that_are_no_tables_are_refused_with_the_remedy(tmp_path: Path) -> None:
    assert refusal_of(tmp_path / "none.csv") == (
        f"There is no file “{tmp_path / 'none.csv'}”; check the name and the folder."
    )
    assert refusal_of(written(tmp_path, "")) == (
        "“stock.csv” is empty; its first row must name the columns: sku, quantity."
    )
    assert refusal_of(written(tmp_path, b"sku,quantity\nA,\xff\xfe\n")) == (
        "“stock.csv” is neither UTF-8 nor GB18030 (byte 15 is not UTF-8); save it as “CSV UTF-8” and import that."
    )
    assert refusal_of(written(tmp_path, codecs.BOM_UTF16_LE + "sku,quantity\n".encode("utf-16-le"))) == (
        "“stock.csv” is written in UTF-16; save it as “CSV UTF-8” and import that."
    )
    assert refusal_of(written(tmp_path, 'sku,quantity\nA,"1\nB,2\n')) == (
        "“stock.csv” cannot be read as CSV at row 2 (unexpected end of data); look for a double quote that is not"
        " closed there, or save the file again as CSV UTF-8."
    )


def test_sizes_over_the_limits_are_refused_by_name(tmp_path: Path) -> None:
    path = written(tmp_path, "sku,quantity\nA,1\nB,2\n")
    assert refusal_of(path, Limits(bytes_max=20)) == (
        "“stock.csv” has 21 bytes and the limit is 20; split it into smaller files, or raise PICKMESH_FILE_BYTES_MAX."
    )
    assert refusal_of(path, Limits(rows_max=1)) == (
        "“stock.csv” has 2 rows and the limit is 1; split it into smaller files, or raise PICKMESH_FILE_ROWS_MAX."
    )


def workbook(path: Path, *rows: list[object]) -> Path:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("any")
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_reads_like_a_csv(tmp_path: Path) -> None:
    path = workbook(tmp_path / "stock.xlsx", ["sku", "quantity", "note"], ["A", 3, None], [], [7.0, 2.5, "x"])
    table = opened(path)
    assert (table.kind, table.row_count) == ("xlsx", 3)
    assert [(row.number, row.cells) for row in table.rows()] == [
        (2, {"sku": "A", "quantity": "3", "note": ""}),
        (4, {"sku": "7", "quantity": "2.5", "note": "x"}),
    ]


def test_a_number_longer_than_a_spreadsheet_keeps_is_marked_and_not_invented(tmp_path: Path) -> None:
    path = workbook(tmp_path / "stock.xlsx", ["sku", "quantity"], [2446290209345684413, 1])
    assert [row.cells["sku"] for row in opened(path).rows()] == ["2.446290E+18"]


def test_what_only_calls_itself_a_workbook_is_refused(tmp_path: Path) -> None:
    sentence = (
        "“stock.xlsx” is not an Excel workbook (.xlsx) that can be read; open it in a spreadsheet program and save it"
        " as .xlsx or as CSV UTF-8."
    )
    assert refusal_of(written(tmp_path, "sku,quantity\nA,1\n", "stock.xlsx")) == sentence
    assert refusal_of(written(tmp_path, b"PK\x03\x04 and nothing of a zip", "stock.xlsx")) == sentence
    whole = workbook(tmp_path / "whole.xlsx", ["sku", "quantity"], ["A", 1]).read_bytes()
    start = whole.index(b"xl/worksheets/sheet1.xml") + 60
    damaged = whole[:start] + bytes(byte ^ 0xFF for byte in whole[start : start + 40]) + whole[start + 40 :]
    assert refusal_of(written(tmp_path, damaged, "stock.xlsx")) == sentence


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for count in (2_000, 40_000):
        path = written(tmp_path, "sku,quantity\n" + "".join(f"SKU-{index},1\n" for index in range(count)))
        tracemalloc.start()
        assert sum(1 for _ in opened(path).rows()) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 3 * files._CHUNK
