"""Withdrawn records: 410 under every slug that they had, with their replacements."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from build import procedure, source, write_seed
from conftest import Client
from sqlalchemy import Engine

from app.domain.json import Json
from app.loader.content import load_content
from app.loader.release_file import write_release
from app.loader.writer import write_content

LoadStep = Callable[..., None]
RENAMED = procedure("facet-rfa", name="Facet rhizotomy", former_slugs=["facet-rhizotomy", "facet-burning"])
KEPT = procedure("facet-injection")
WITHDRAWN = {
    "_": "withdrawn",
    "type": "procedure",
    "slug": "facet-rfa",
    "reason": "A duplicate.",
    "replaced_by": ["facet-injection"],
}


@pytest.fixture
def load_step(client: Client, writer: Engine, tmp_path: Path) -> LoadStep:
    """Function that loads records as the next state of one history, released if `version` is set."""
    root = tmp_path / "seed"

    def load_records(*records: Json, version: str = "") -> None:
        shutil.rmtree(root / "procedures", ignore_errors=True)
        write_seed(root, *records)
        if version:
            write_release(root, load_content(root), version=version, date="2026-01-01", title=version)
        write_content(writer, load_content(root))
        client.poll_release()

    return load_records


@pytest.mark.parametrize("released", [True, False])
def test_every_former_slug_of_a_withdrawn_record_gets_410(
    client: Client, load_step: LoadStep, *, released: bool
) -> None:
    load_step(RENAMED, KEPT, version="1.0.0")
    assert client.get("/v1/procedures/facet-rhizotomy").status_code == 308

    load_step(KEPT, WITHDRAWN, version="1.1.0" if released else "")

    gone = client.get("/v1/procedures/facet-rfa")
    problem = gone.json()
    replacement = {"type": "procedure", "slug": "facet-injection", "name": "Facet injection"}
    assert (gone.status_code, problem["code"], problem["replaced_by"]) == (410, "gone", [replacement])
    assert problem["suggestions"] == problem["replaced_by"]
    for slug in ("facet-rhizotomy", "facet-burning"):
        former = client.get(f"/v1/procedures/{slug}")
        assert former.status_code == 410
        assert former.text == gone.text.replace("facet-rfa", slug)
    assert client.get("/v1/procedures/facet-burning/targets").status_code == 410
    assert client.get("/v1/procedures/facet-buring").status_code == 404


def test_a_former_slug_that_another_record_took_over_still_redirects(client: Client, load_step: LoadStep) -> None:
    load_step(RENAMED, KEPT, version="1.0.0")

    load_step({**KEPT, "former_slugs": ["facet-burning"]}, WITHDRAWN)

    moved = client.get("/v1/procedures/facet-burning")
    assert (moved.status_code, moved.headers["location"]) == (308, "/v1/procedures/facet-injection")
    assert client.get("/v1/procedures/facet-rhizotomy").status_code == 410


def test_only_the_problem_of_a_withdrawn_record_has_replacements(client: Client, load_step: LoadStep) -> None:
    load_step(KEPT)

    assert client.get("/v1/procedures/facet-injektion").json()["replaced_by"] == []
    assert client.get("/v1/procedures?famly=x").json()["replaced_by"] == []


def test_changes_give_a_removed_record_its_last_name(client: Client, load_step: LoadStep) -> None:
    load_step({**RENAMED, "name": "Rhizotomy"}, KEPT, version="1.0.0")
    load_step(RENAMED, KEPT, version="1.1.0")
    load_step(KEPT, WITHDRAWN, version="1.2.0")

    for version, change_type in (("1.0.0", "added"), ("1.1.0", "changed"), ("1.2.0", "removed")):
        (change,) = client.get(f"/v1/releases/{version}/changes?entity=procedures/facet-rfa").json()["items"]
        assert (change["change"], change["name"], change["links"]["record"]) == (change_type, "Facet rhizotomy", None)
    feed = client.get("/v1/releases/1.2.0/changes.feed.json?entity=procedures/facet-rfa").json()
    assert "Facet rhizotomy" in feed["items"][0]["title"]
    (about,) = client.get("/v1/releases/1.0.0/changes?entity=about").json()["items"]
    assert about["name"] is None


def test_changes_give_a_source_that_was_removed_since_the_last_release_its_title(
    client: Client, load_step: LoadStep
) -> None:
    load_step(KEPT, source("old-trial", title="An old trial"), version="1.0.0")
    load_step(KEPT)

    version = client.get("/v1/releases/current").json()["version"].replace("+", "%2B")
    (change,) = client.get(f"/v1/releases/{version}/changes").json()["items"]
    assert (change["change"], change["name"]) == ("removed", "An old trial")
