"""The compatibility promise of docs/compatibility.md, against the kept document of the last release."""

import copy
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from checkout import ROOT
from openapi_difference import differences

from app import __version__
from app.domain.json import Json
from app.main import create_app
from app.openapi.document import openapi_of
from app.settings import Settings

KEPT = ROOT / "docs" / "openapi"


def current() -> Json:
    found: Json = openapi_of(create_app(Settings()).app)  # type: ignore[arg-type]
    return found


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def last() -> tuple[str, Json]:
    versions = sorted((path.stem for path in KEPT.glob("*.json")), key=numbers)
    return versions[-1], json.loads((KEPT / f"{versions[-1]}.json").read_text(encoding="utf-8"))


def may_break(old: str, new: str) -> bool:
    """A major version may; before 1.0 a minor one may."""
    first, second = numbers(old), numbers(new)
    return second[0] > first[0] or (second[0] == 0 and second[1] > first[1])


def test_nothing_breaks_a_client_of_the_last_release_unless_the_version_says_so() -> None:
    version, old = last()
    found = differences(old, current())
    breaking = [f"{one.kind}: {one.where}" for one in found if one.breaking]

    remedy = f"a client of {version} breaks: raise the version, or (while {version} is unreleased) KB_KEEP_OPENAPI=1"
    assert not breaking or may_break(version, __version__), "\n".join([remedy, *breaking])


def test_the_kept_document_has_no_later_version_than_the_code() -> None:
    assert numbers(last()[0]) <= numbers(__version__)


PROCEDURES = ("paths", "/v1/procedures", "get")


def at(document: Json, *path: str) -> Any:
    for key in path:
        document = document[key]
    return document


def summary(document: Json) -> Json:
    found: Json = document["components"]["schemas"]["ProcedureSummary"]
    return found


def parameter(document: Json, name: str) -> Json:
    return next(one for one in at(document, *PROCEDURES)["parameters"] if one["name"] == name)


@pytest.mark.parametrize(
    ("change", "where", "breaking"),
    [
        (lambda d: d["paths"].pop("/v1/quality"), "GET /v1/quality", True),
        (lambda d: d["paths"].update({"/v1/new": d["paths"]["/v1/quality"]}), "GET /v1/new", False),
        (lambda d: summary(d)["properties"].pop("family"), "ProcedureSummary.family", True),
        (lambda d: summary(d)["properties"].update(new={"type": "string"}), "ProcedureSummary.new", False),
        (lambda d: summary(d)["required"].remove("family"), "ProcedureSummary.family may be left out", True),
        (
            lambda d: summary(d)["properties"]["name"].update(type=["string", "null"]),
            "ProcedureSummary.name type",
            True,
        ),
        (
            lambda d: summary(d)["properties"]["summary"].update(type="string"),
            "ProcedureSummary.summary type",
            False,
        ),
        (
            lambda d: parameter(d, "limit")["schema"].update(maximum=50),
            "GET /v1/procedures?limit maximum",
            True,
        ),
        (
            lambda d: parameter(d, "family")["schema"]["items"]["enum"].remove("ablation"),
            "GET /v1/procedures?family[]=ablation",
            True,
        ),
        (lambda d: parameter(d, "limit").update(required=True), "GET /v1/procedures?limit is required", True),
        (
            lambda d: at(d, *PROCEDURES)["parameters"].append({"name": "new", "schema": {}}),
            "GET /v1/procedures?new",
            False,
        ),
        (lambda d: at(d, *PROCEDURES).update(operationId="other"), "GET /v1/procedures operationId", True),
    ],
)
def test_each_change_is_known_for_what_it_does_to_a_client(
    change: Callable[[Json], Any], where: str, *, breaking: bool
) -> None:
    old = current()
    new = copy.deepcopy(old)
    change(new)

    assert (where, breaking) in {(one.where, one.breaking) for one in differences(old, new)}


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [("0.1.0", "0.1.1", False), ("0.1.0", "0.2.0", True), ("1.1.0", "1.2.0", False), ("1.1.0", "2.0.0", True)],
)
def test_a_major_version_may_break_and_before_the_first_a_minor_one(old: str, new: str, *, allowed: bool) -> None:
    assert may_break(old, new) is allowed


def test_the_kept_document_is_kept_when_asked() -> None:
    """`KB_KEEP_OPENAPI=1 pytest tests/http/test_compatibility.py` keeps the document of the version at hand."""
    path = KEPT / f"{__version__}.json"
    if os.environ.get("KB_KEEP_OPENAPI"):
        path.write_text(json.dumps(current(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    assert path.exists(), "a new version keeps its document: KB_KEEP_OPENAPI=1"
