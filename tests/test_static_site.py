"""The release as files: what the service answers, under the same paths."""

import json
import re
from pathlib import Path

import pytest
from build import condition, generator, page, procedure
from conftest import Client, Load

from app.errors import ConfigurationError
from app.main import create_app
from app.settings import Settings
from app.static_site import MARKER_FILE, write_site

# Addresses that need a server, as docs/static.md says.
DYNAMIC = re.compile(
    r"^/(search|compare|oembed|health/|no-such-page|v1/(search|suggest|compare)|embed$|embed/relief-chart\?|fhir|mcp)|^/v1/[a-z-]+/[^/]+/[a-z-]+$|\?"
)


@pytest.fixture
def written(load: Load, database_url: str, tmp_path: Path) -> Path:
    """A site of a small release, with more rows than a page has."""
    many = [procedure(f"p{n:03d}", treats=["facet-joint"]) for n in range(120)]
    load(
        generator("facet-joint"),
        condition("sciatica"),
        page("journey"),
        page("emergencies"),
        procedure("rfa", indicated=["sciatica"]),
        *many,
    )
    target = tmp_path / "site"
    write_site(create_app(Settings(database_url=database_url, export_dir=tmp_path / "export")), target)
    return target


def test_details_are_the_bytes_of_the_service_and_lists_are_whole(client: Client, written: Path) -> None:
    for path in ("/v1/procedures/p007", "/v1/conditions/sciatica", "/v1/pain-generators/facet-joint.jsonld"):
        assert (written / path[1:]).read_bytes() == client.get(path).content
    listed = json.loads((written / "v1/procedures/index.json").read_text())

    assert [one["slug"] for one in listed["items"]] == [*(f"p{n:03d}" for n in range(120)), "rfa"]
    assert listed["page"] == {"limit": 121, "total": 121, "next": None}
    assert (written / "v1/targets/matrix").read_bytes() == client.get("/v1/targets/matrix").content
    assert (written / "v1/export/kb.sqlite").read_bytes().startswith(b"SQLite format 3")
    assert (written / "v1/claims/p007--target-t0").exists()


def test_every_link_of_every_page_leads_to_a_file_or_is_said_to_need_a_server(written: Path) -> None:
    lost = {}
    for file in written.rglob("*.html"):
        for link in re.findall(r'(?:href|src|action)="(/[^"#]*)', file.read_text(encoding="utf-8")):
            target = written / link.lstrip("/")
            there = target.is_file() or (target / "index.html").is_file() or (target / "index.json").is_file()
            if not there and not DYNAMIC.search(link.replace("&amp;", "&")):
                lost[link] = file.relative_to(written).as_posix()

    assert lost == {}


def test_a_folder_of_somebody_else_is_not_touched_and_one_of_ours_is_replaced(
    written: Path, database_url: str, tmp_path: Path
) -> None:
    answers = create_app(Settings(database_url=database_url, export_dir=tmp_path / "export"))
    (written / "old").write_text("of an earlier run")
    write_site(answers, written)
    assert not (written / "old").exists()

    (written / MARKER_FILE).unlink()
    with pytest.raises(ConfigurationError, match="did not write"):
        write_site(answers, written)
    assert (written / "index.html").exists()
