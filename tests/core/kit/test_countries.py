"""Country codes: ISO 3166 alpha-2 and nothing else, with the code that was meant."""

import pytest

from pickmesh.core.kit import countries


def test_all_countries_of_the_standard_are_known() -> None:
    assert len(countries.COUNTRIES) == 249
    assert [countries.country_problem(code) for code in ("CN", "HK", "GB", "US", "JP")] == [None] * 5


@pytest.mark.parametrize(
    ("code", "remedy"), [("UK", "write GB."), ("cn", "write CN."), ("China", "write CN."), ("XX", "such as CN.")]
)
def test_what_is_no_country_is_told_with_the_remedy(code: str, remedy: str) -> None:
    assert (countries.country_problem(code) or "").endswith(remedy)
