"""A value that does not match its pattern is rejected with a plain message and an example, never a regular expression."""

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
from app.settings import FEATURES, Settings


def find_patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(pattern := node.get("pattern"), str):
            yield pattern
        for child in node.values():
            yield from find_patterns(child)
    elif isinstance(node, list):
        for child in node:
            yield from find_patterns(child)


def test_every_pattern_has_a_plain_message() -> None:
    document = create_app(Settings(database_url="sqlite://", features=tuple(FEATURES))).app.openapi()  # type: ignore[attr-defined]
    schemas_with_patterns = [
        document,
        Settings.model_json_schema(),
        [json.loads(schema) for schema in build_schemas().values()],
        [model.model_json_schema() for model in ToolArguments.__subclasses__()],
    ]

    patterns = set(find_patterns(schemas_with_patterns))

    assert patterns
    assert patterns <= PATTERN_MESSAGES.keys()
    assert not [message for message in PATTERN_MESSAGES.values() if "[" in message or "^" in message]


@pytest.mark.parametrize(
    ("path", "parameter", "text"),
    [
        ("/v1/procedures?min_relief=6+months", "min_relief", "such as P6M"),
        ("/v1/procedures?updated_since=1/2", "updated_since", "such as 1.2.0"),
        ("/v1/sources?release=%C3%A9", "release", "such as 1.2.0"),
    ],
)
def test_a_malformed_value_is_rejected_with_an_example(
    client: Client, load: Load, path: str, parameter: str, text: str
) -> None:
    load(procedure("p"))

    response = client.get(path)

    (error,) = response.json()["errors"]
    assert (response.status_code, error["parameter"]) == (422, parameter)
    assert text in error["message"]
    assert "^" not in response.text
