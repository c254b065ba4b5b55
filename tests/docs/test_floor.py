"""docs/floor.md shows what is: drawn from the code's own tables, and what it names is in the schema."""

import re
import sys
from pathlib import Path

from graphql import GraphQLSchema, parse, validate

from pickmesh.core.floor.jobs import RULEBOOKS
from pickmesh.core.floor.transitions import ANY_STEP, LINE, SAME

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS))
import draw_floor  # noqa: E402 - stands beside its page, not in a package

PAGE = (DOCS / "floor.md").read_text(encoding="utf-8")


def test_what_the_page_shows_of_the_code_is_what_the_code_says() -> None:
    assert draw_floor.filled(PAGE) == PAGE, "run: python docs/draw_floor.py"


def test_every_step_of_every_job_can_be_reached_in_its_picture() -> None:
    for book in RULEBOOKS.values():
        ends = {end for _, end in draw_floor.arrows(book.table)}
        moves = [row for row in book.table.rows.values() if row.next != SAME]
        assert {row.next for row in moves if row.next != LINE} <= ends | {book.table.steps[0]}
        assert all(begin in book.table.steps for begin, _ in draw_floor.arrows(book.table))
        assert not [row for row in moves if row.step == ANY_STEP and not ends]


def test_the_operations_and_fields_the_page_names_are_in_the_schema(graphql_schema: GraphQLSchema) -> None:
    assert graphql_schema.query_type is not None
    assert graphql_schema.mutation_type is not None
    known = {*graphql_schema.query_type.fields, *graphql_schema.mutation_type.fields}
    known |= {field for type_ in graphql_schema.type_map.values() for field in getattr(type_, "fields", {})}
    prose = re.sub(r"<!-- .*? made by draw_floor\.py -->.*?<!-- end of .*? -->", "", PAGE, flags=re.DOTALL)
    named = set(re.findall(r"`([a-z]+[A-Z][A-Za-z]+)", prose))
    assert len(named) > 20
    assert named - known == set()
    for text in re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL):
        assert validate(graphql_schema, parse(text)) == []
