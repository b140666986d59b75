"""What must have a form is refused in words with an example: nobody reads regular expressions."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from build import procedure
from conftest import Client, Load

from app.api.mcp.arguments import ToolArguments
from app.domain.patterns import PATTERN_MESSAGES
from app.loader.json_schemas import build_schemas
from app.main import create_app
from app.settings import EXTRAS, Settings


def patterns_in(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(found := node.get("pattern"), str):
            yield found
        for one in node.values():
            yield from patterns_in(one)
    elif isinstance(node, list):
        for one in node:
            yield from patterns_in(one)


def test_every_form_that_something_must_have_is_put_in_words() -> None:
    document = create_app(Settings(database_url="sqlite://", extras=tuple(EXTRAS))).app.openapi()  # type: ignore[attr-defined]
    places = [
        document,
        Settings.model_json_schema(),
        [json.loads(schema) for schema in build_schemas().values()],
        [model.model_json_schema() for model in ToolArguments.__subclasses__()],
    ]

    found = set(patterns_in(places))

    assert found
    assert found <= PATTERN_MESSAGES.keys()
    assert not [words for words in PATTERN_MESSAGES.values() if "[" in words or "^" in words]


@pytest.mark.parametrize(
    ("path", "parameter", "words"),
    [
        ("/v1/procedures?min_relief=6+months", "min_relief", "such as P6M"),
        ("/v1/procedures?updated_since=1/2", "updated_since", "such as 1.2.0"),
        ("/v1/sources?release=%C3%A9", "release", "such as 1.2.0"),
    ],
)
def test_a_malformed_value_is_told_what_would_be_right(
    client: Client, load: Load, path: str, parameter: str, words: str
) -> None:
    load(procedure("p"))

    answer = client.get(path)

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["parameter"]) == (422, parameter)
    assert words in error["message"]
    assert "^" not in answer.text
