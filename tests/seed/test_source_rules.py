"""Rules of sources: identifiers, standing, and claims that rest on a void source."""

from pathlib import Path
from typing import Any

import pytest
from build import claim, procedure, risk, source, write_seed

from app.loader.content import load_content
from app.seed.problems import SeedInvalid


def list_problems(root: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(SeedInvalid) as raised:
        load_content(root)
    assert all(problem.line > 1 for problem in raised.value.problems)
    return [(problem.file, problem.pointer, problem.message) for problem in raised.value.problems]


@pytest.mark.parametrize("standing", ["retracted", "withdrawn"])
def test_a_claim_on_a_void_source_is_refused(tmp_path: Path, standing: str) -> None:
    cited = claim("p--bleeding", "procedure_risk", {"risk": "bleeding", "phrase": "x", "state": "known"}, source="void")
    cited["citations"].insert(0, {"source": "trial"})
    void = source("void", standing=standing, replaced_by="trial")
    root = write_seed(tmp_path / "seed", risk("bleeding"), void, procedure("p", claims=[cited]))

    assert list_problems(root) == [
        (
            "procedures/p.json",
            "/claims/0/citations/1/source",
            f"source 'void' is {standing}: no claim may rest on it; cite 'trial' if it states the same",
        )
    ]


@pytest.mark.parametrize("standing", ["current", "corrected", "superseded"])
def test_a_claim_may_rest_on_any_other_source(tmp_path: Path, standing: str) -> None:
    cited = claim("p--bleeding", "procedure_risk", {"risk": "bleeding", "phrase": "x", "state": "known"}, source="old")
    root = write_seed(
        tmp_path / "seed", risk("bleeding"), source("old", standing=standing), procedure("p", claims=[cited])
    )

    assert load_content(root).graph.claims.keys() == {"p--bleeding"}


@pytest.mark.parametrize(
    ("field", "first", "second"),
    [
        ("doi", "10.1000/ABC", "10.1000/abc"),
        ("pmid", "12351602", "12351602"),
        ("pmcid", "PMC5737310", "PMC5737310"),
        ("number", "IPG578", "ipg578"),
    ],
)
def test_two_sources_with_one_identifier_are_refused(tmp_path: Path, field: str, first: str, second: str) -> None:
    root = write_seed(tmp_path / "seed", source("a", **{field: first}), source("b", **{field: second}))

    ((file, pointer, message),) = list_problems(root)

    assert (file, pointer.rsplit("/", 1)[-1]) == ("sources.json", field)
    assert message == f"{second!r} is already the {field} of 'a': one publication is one source"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"doi": "https://doi.org/10.1000/abc"}, "must be a DOI without the resolver URL"),
        ({"pmid": "PMID 12351602"}, "must be the digits of a PubMed id"),
        ({"pmcid": "5737310"}, "must be a PubMed Central id"),
        ({"standing": "obsolete"}, "not one of"),
        ({"standing": "retracted", "standing_date": "2025-02-30"}, "not a valid date"),
        ({"replaced_by": "trial"}, "a current source has neither standing_date nor replaced_by"),
        ({"standing_date": "2025-02-03"}, "a current source has neither standing_date nor replaced_by"),
        ({"standing": "superseded", "replaced_by": "trail"}, "unknown source 'trail'; did you mean 'trial'?"),
        ({"standing": "superseded", "replaced_by": "a"}, "a source cannot replace itself"),
        ({"year": 2020, "year_reason": "undated page"}, "there is one"),
    ],
)
def test_a_source_in_the_wrong_form_is_refused(tmp_path: Path, fields: dict[str, Any], text: str) -> None:
    root = write_seed(tmp_path / "seed", source("a", **fields))

    ((file, pointer, message),) = list_problems(root)

    assert (file, pointer.startswith("/sources/")) == ("sources.json", True)
    assert text in message
