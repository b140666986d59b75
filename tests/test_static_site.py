"""Static site: the responses of the service as files under the same paths."""

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

# URLs that need a server, according to docs/static.md.
DYNAMIC = re.compile(
    r"^/(search|compare|oembed|health/|no-such-page|v1/(search|suggest|compare)|embed$|embed/relief-chart\?|fhir|mcp)|^/v1/[a-z-]+/[^/]+/[a-z-]+$|\?"
)


@pytest.fixture
def site(load: Load, database_url: str, tmp_path: Path) -> Path:
    """Static site of a small release whose procedures fill more than one page of the API."""
    procedures = [procedure(f"p{n:03d}", treats=["facet-joint"]) for n in range(120)]
    load(
        generator("facet-joint"),
        condition("sciatica"),
        page("journey"),
        page("emergencies"),
        procedure("rfa", indicated=["sciatica"]),
        *procedures,
    )
    directory = tmp_path / "site"
    write_site(create_app(Settings(database_url=database_url, export_dir=tmp_path / "export")), directory)
    return directory


def test_details_are_the_bytes_of_the_service_and_lists_are_complete(client: Client, site: Path) -> None:
    for path in ("/v1/procedures/p007", "/v1/conditions/sciatica", "/v1/pain-generators/facet-joint.jsonld"):
        assert (site / path[1:]).read_bytes() == client.get(path).content
    procedures = json.loads((site / "v1/procedures/index.json").read_text())

    assert [item["slug"] for item in procedures["items"]] == [*(f"p{n:03d}" for n in range(120)), "rfa"]
    assert procedures["page"] == {"limit": 121, "total": 121, "next": None}
    assert (site / "v1/targets/matrix").read_bytes() == client.get("/v1/targets/matrix").content
    assert (site / "v1/export/kb.sqlite").read_bytes().startswith(b"SQLite format 3")
    assert (site / "v1/claims/p007--target-t0").exists()


def test_every_link_leads_to_a_file_or_is_documented_to_need_a_server(site: Path) -> None:
    dead = {}
    for file in site.rglob("*.html"):
        for link in re.findall(r'(?:href|src|action)="(/[^"#]*)', file.read_text(encoding="utf-8")):
            target = site / link.lstrip("/")
            exists = target.is_file() or (target / "index.html").is_file() or (target / "index.json").is_file()
            if not exists and not DYNAMIC.search(link.replace("&amp;", "&")):
                dead[link] = file.relative_to(site).as_posix()

    assert dead == {}


def test_a_site_is_overwritten_and_any_other_directory_is_refused(
    site: Path, database_url: str, tmp_path: Path
) -> None:
    app = create_app(Settings(database_url=database_url, export_dir=tmp_path / "export"))
    (site / "old").write_text("from an earlier run")
    write_site(app, site)
    assert not (site / "old").exists()

    (site / MARKER_FILE).unlink()
    with pytest.raises(ConfigurationError, match="did not write"):
        write_site(app, site)
    assert (site / "index.html").exists()
