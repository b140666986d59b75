"""Refusals of parameters: they name what the caller sent and what was probably meant, in the words of this service."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from build import condition, generator, procedure
from conftest import Client, Load

from app.api.v1 import exports, procedure_claims
from app.domain.patterns import validation_message
from app.main import create_app
from app.openapi.document import build_openapi
from app.settings import Settings

DOCUMENT: dict[str, Any] = build_openapi(create_app(Settings()).app)  # type: ignore[arg-type]
BAD_VALUES = ("", "zzz", "x" * 450, "-1", "9" * 40, "1.5", "a,b", "{}", "['a']", "\u202e", "ablation,injection")
WORDS_OF_PYDANTIC = re.compile(r"\bshould\b|Input|Field required|Extra|Value error|unable|pattern|\^|\\d")


def list_parameters() -> list[tuple[str, str]]:
    """Path and name of each query parameter."""
    return [
        (path, parameter["name"])
        for path, item in DOCUMENT["paths"].items()
        for parameter in item["get"].get("parameters", ())
        if parameter["in"] == "query"
    ]


def fill(path: str) -> str:
    return re.sub(r"\{\w+\}", "p", path)


def test_every_parameter_is_refused_in_the_words_of_this_service(client: Client, load: Load) -> None:
    load(procedure("p"))
    refusals = 0

    for path, name in list_parameters():
        queries = [(value, f"{name}={quote(value)}") for value in BAD_VALUES]
        queries += [("two", f"{name}=one&{name}=two"), ("v20", "&".join(f"{name}=v{n}" for n in range(25)))]
        queries += [("stray", f"{name}x=stray"), ("stray", f"{name}x=first&{name}x=stray")]
        for sent, query in queries:
            # The fast path, and FastAPI: it gets the paths with escapes.
            for url in (fill(path), fill(path).replace("/v1", "/%76%31")):
                response = client.get(f"{url}?{query}")
                assert response.status_code < 500, (url, query)
                if response.status_code != 422:
                    continue
                refusals += 1
                errors = response.json()["errors"]
                assert errors, (url, query)
                for error in errors:
                    assert error["value"] is None or isinstance(error["value"], str)
                    assert error["message"], (url, query)
                    assert not WORDS_OF_PYDANTIC.search(error["message"]), (url, query, error)
                    if error["parameter"] in {name, f"{name}x"} and error["value"] is not None and len(sent) < 200:
                        assert f"={quote(error['value'])}" in query, (url, query, error)
    assert refusals > 1_000


@pytest.mark.parametrize(
    ("query", "value", "message"),
    [
        ("family=ablation,injection", "ablation,injection", "family=ablation&family=injection"),
        ("sort=name,-relief", "name,-relief", "is not one of name, -name"),
        ("condition=sciatica,gout", "sciatica,gout", "condition=sciatica&condition=gout"),
        ("family=ablashun", "ablashun", "did you mean 'ablation'?"),
        ("page=2", "2", "did you mean 'cursor'?"),
        ("offset=20", "20", "did you mean 'cursor'?"),
        ("per_page=5", "5", "did you mean 'limit'?"),
        ("size=5", "5", "did you mean 'limit'?"),
        ("search=knee", "knee", "did you mean 'q'?"),
        ("query=knee", "knee", "did you mean 'q'?"),
        ("sort_by=name", "name", "did you mean 'sort'?"),
        ("order=desc", "desc", "did you mean 'sort'?"),
        ("famly=ablation", "ablation", "did you mean 'family'?"),
        ("famly=a&famly=b", "b", "did you mean 'family'?"),
        ("limit=x", "x", "must be a whole number"),
        ("limit=0", "0", "must be at least 1"),
        ("limit=101", "101", "must be at most 100"),
        ("implant=maybe", "maybe", "must be true or false"),
        ("q=", "", "must not be empty"),
        ("condition=" + "&condition=".join(f"c{n}" for n in range(21)), "c20", "may have at most 20 values"),
    ],
)
def test_a_refusal_says_what_was_sent_and_what_to_send(
    client: Client, load: Load, query: str, value: str, message: str
) -> None:
    load(generator("knee"), condition("sciatica"), condition("gout"), procedure("p"))

    for path in ("/v1/procedures", "/%761/procedures"):
        (error,) = client.get(f"{path}?{query}").json()["errors"]

        assert error["value"] == value
        assert message in error["message"]


def test_a_missing_parameter_has_no_value(client: Client, load: Load) -> None:
    load(procedure("p"))

    for url in ("/v1/search", "/v1/compare", "/v1/procedures/batch", "/v1/search?query=x"):
        errors = {error["parameter"]: error for error in client.get(url).json()["errors"]}
        (missing,) = (error for error in errors.values() if error["message"] == "is required")
        assert missing["value"] is None


def test_an_allowed_empty_value_leaves_no_gap_in_the_message() -> None:
    error = {"type": "value_error", "msg": "Value error, 'x' is not one of a, b", "ctx": {}}

    assert validation_message(error) == "'x' is not one of a, b"


def test_a_table_with_too_many_rows_names_the_filters_that_narrow_it(
    client: Client, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(procedure("p"), procedure("q"))
    monkeypatch.setattr(exports, "MAX_ROWS", 1)

    response = client.get("/v1/procedures.csv?sort=-name&family=injection")

    assert (response.status_code, response.json()["detail"]) == (
        422,
        "more than 1 rows; narrow the list or use /v1/export",
    )
    named = {error["parameter"] for error in response.json()["errors"]}
    assert named >= {"family", "body_region", "condition", "min_relief"}
    assert not named & {"sort", "bom", "release"}


def test_a_matrix_with_too_many_cells_names_the_filters_that_narrow_it(
    client: Client, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(generator("g"), procedure("p", treats=["g"]))
    monkeypatch.setattr(procedure_claims, "MAX_CELLS", 0)

    response = client.get("/v1/targets/matrix?role=treats")

    assert response.status_code == 422
    assert [error["parameter"] for error in response.json()["errors"]] == ["role", "family", "body_region"]
