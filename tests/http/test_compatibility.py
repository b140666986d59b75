"""The compatibility promise of docs/compatibility.md, checked against the OpenAPI document of the last release."""

import copy
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from checkout import ROOT
from openapi_difference import list_differences

from app import __version__
from app.domain.json import Json
from app.main import create_app
from app.openapi.document import build_openapi
from app.settings import Settings

SAVED = ROOT / "docs" / "openapi"


def build_current() -> Json:
    document: Json = build_openapi(create_app(Settings()).app)  # type: ignore[arg-type]
    return document


def version_tuple(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def load_last() -> tuple[str, Json]:
    versions = sorted((path.stem for path in SAVED.glob("*.json")), key=version_tuple)
    return versions[-1], json.loads((SAVED / f"{versions[-1]}.json").read_text(encoding="utf-8"))


def may_break(old: str, new: str) -> bool:
    """Whether the step from `old` to `new` may break clients: a major version may, and before 1.0 a minor version."""
    before, after = version_tuple(old), version_tuple(new)
    return after[0] > before[0] or (after[0] == 0 and after[1] > before[1])


def test_no_change_breaks_clients_of_the_last_release_within_a_version() -> None:
    version, old = load_last()
    changes = list_differences(old, build_current())
    breaking = [f"{change.action}: {change.location}" for change in changes if change.breaking]

    remedy = f"clients of {version} would break: raise the version, or set KB_KEEP_OPENAPI=1 if {version} is unreleased"
    assert not breaking or may_break(version, __version__), "\n".join([remedy, *breaking])


def test_the_saved_document_is_not_newer_than_the_code() -> None:
    assert version_tuple(load_last()[0]) <= version_tuple(__version__)


def list_operation(document: Json) -> Json:
    operation: Json = document["paths"]["/v1/procedures"]["get"]
    return operation


def summary_schema(document: Json) -> Json:
    schema: Json = document["components"]["schemas"]["ProcedureSummary"]
    return schema


def parameter(document: Json, name: str) -> Json:
    return next(parameter for parameter in list_operation(document)["parameters"] if parameter["name"] == name)


@pytest.mark.parametrize(
    ("change", "location", "breaking"),
    [
        (lambda d: d["paths"].pop("/v1/quality"), "GET /v1/quality", True),
        (lambda d: d["paths"].update({"/v1/new": d["paths"]["/v1/quality"]}), "GET /v1/new", False),
        (lambda d: summary_schema(d)["properties"].pop("family"), "ProcedureSummary.family", True),
        (lambda d: summary_schema(d)["properties"].update(new={"type": "string"}), "ProcedureSummary.new", False),
        (lambda d: summary_schema(d)["required"].remove("family"), "ProcedureSummary.family is optional", True),
        (
            lambda d: summary_schema(d)["properties"]["name"].update(type=["string", "null"]),
            "ProcedureSummary.name type",
            True,
        ),
        (
            lambda d: summary_schema(d)["properties"]["summary"].update(type="string"),
            "ProcedureSummary.summary type",
            False,
        ),
        (
            lambda d: parameter(d, "limit")["schema"].update(maximum=50),
            "GET /v1/procedures?limit maximum",
            True,
        ),
        (
            lambda d: parameter(d, "family")["schema"]["items"]["x-extensible-enum"].remove("ablation"),
            "GET /v1/procedures?family[]=ablation",
            True,
        ),
        (lambda d: parameter(d, "limit").update(required=True), "GET /v1/procedures?limit is required", True),
        (
            lambda d: list_operation(d)["parameters"].append({"name": "new", "schema": {}}),
            "GET /v1/procedures?new",
            False,
        ),
        (lambda d: list_operation(d).update(operationId="other"), "GET /v1/procedures operationId", True),
    ],
)
def test_each_change_is_classified_by_its_effect_on_clients(
    change: Callable[[Json], Any], location: str, *, breaking: bool
) -> None:
    old = build_current()
    new = copy.deepcopy(old)
    change(new)

    assert (location, breaking) in {(change.location, change.breaking) for change in list_differences(old, new)}


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [("0.1.0", "0.1.1", False), ("0.1.0", "0.2.0", True), ("1.1.0", "1.2.0", False), ("1.1.0", "2.0.0", True)],
)
def test_a_major_version_may_break_clients_and_before_1_0_a_minor_version(old: str, new: str, *, allowed: bool) -> None:
    assert may_break(old, new) is allowed


def test_the_document_of_the_current_version_is_saved() -> None:
    """`KB_KEEP_OPENAPI=1 pytest tests/http/test_compatibility.py` saves the document of the current version."""
    path = SAVED / f"{__version__}.json"
    if os.environ.get("KB_KEEP_OPENAPI"):
        path.write_text(json.dumps(build_current(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    assert path.exists(), "no document saved for this version: set KB_KEEP_OPENAPI=1"
