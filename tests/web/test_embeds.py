"""Embeds over HTTP: builds, cards and frames. tests/browser/test_embeds.py loads them in the page of a clinic."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from build import claim, condition, generator, page, procedure, relief
from checkout import ROOT
from conftest import Client, Load

from app.settings import Settings
from app.web.embed.builds import ARCHIVE_DIR, Build, get_newest_build
from app.web.embed.snippets import EmbedConfig, list_csp_directives, render_element_tag, render_script_tag
from scripts.archive_embed import archive_build

CARDS = (
    "/embed/v1/procedures/lumbar-medial-branch-radiofrequency-ablation.json",
    "/embed/v1/conditions/lumbar-radiculopathy/options.json",
    "/embed/v1/relief/medial-branch-block.json",
    "/embed/v1/relief.json",
    "/embed/v1/search.json",
)
FRAMES = (
    "/embed/procedures/lumbar-medial-branch-radiofrequency-ablation",
    "/embed/conditions/lumbar-radiculopathy/options",
    "/embed/relief-chart?procedure=medial-branch-block&procedure=provocation-discography",
    "/embed/relief-chart",
    "/embed/search?q=sciatica",
)


def test_the_newest_build_is_archived() -> None:
    assert (ARCHIVE_DIR / f"kb.{get_newest_build().hash}.js").exists(), (
        "run `make archive-embed`: websites pin builds, so none may disappear"
    )


@pytest.mark.parametrize("file", sorted(ARCHIVE_DIR.glob("kb.*.js")), ids=lambda file: file.name)
def test_the_name_of_an_archived_build_is_the_hash_of_its_bytes(file: Path) -> None:
    assert file.name == f"kb.{Build(file.read_bytes()).hash}.js"


def test_archiving_keeps_earlier_builds_and_writes_a_build_once(tmp_path: Path) -> None:
    (tmp_path / "kb.0000000000000000.js").write_bytes(b"old")

    first, second = archive_build(tmp_path), archive_build(tmp_path)

    assert (first[1], second[1]) == (True, False)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("file", sorted(ARCHIVE_DIR.glob("kb.*.js")), ids=lambda file: file.name)
def test_archived_builds_are_immutable_and_available_to_every_origin(client: Client, load: Load, file: Path) -> None:
    load(procedure("p"))

    response = client.get(f"/embed/{file.name}")

    assert response.content == file.read_bytes()
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["content-type"].startswith("text/javascript")


def test_the_url_without_a_hash_is_the_newest_build_and_is_not_immutable(client: Client, load: Load) -> None:
    load(procedure("p"))

    response = client.get("/embed/v1/kb.js")

    assert response.content == get_newest_build().script
    assert "immutable" not in response.headers["cache-control"]


def test_the_style_sheet_of_a_build_is_the_one_in_its_script(client: Client, load: Load) -> None:
    load(procedure("p"))

    response = client.get(f"/embed/kb.{get_newest_build().hash}.css")

    assert response.headers["content-type"].startswith("text/css")
    assert b":host" in response.content
    assert response.content in get_newest_build().script
    assert b"\\" not in response.content, "an escape in the template literal would mean something else in a sheet"


def test_an_unknown_build_is_a_problem_that_suggests_the_newest(client: Client, load: Load) -> None:
    load(procedure("p"))

    response = client.get("/embed/kb.0123456789abcdef.js")

    assert (response.status_code, response.json()["suggestions"]) == (404, [get_newest_build().path])


def test_the_integrity_hash_matches_the_bytes() -> None:
    digest = base64.b64encode(hashlib.sha384(get_newest_build().script).digest()).decode()

    assert get_newest_build().integrity == f"sha384-{digest}"


def test_the_script_creates_no_markup_from_text_and_no_inline_style() -> None:
    script = get_newest_build().script.decode()

    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        ".style",
        "setHTML",
        "new Function",
    ):
        assert forbidden not in script


@pytest.mark.parametrize("path", CARDS)
def test_every_card_has_when_to_call_the_attribution_and_the_notice(shipped: Client, path: str) -> None:
    response = shipped.get(path)

    card: dict[str, Any] = response.json()
    assert response.status_code == 200
    assert card["version"] == 1
    assert card["call"]["heading"] == "When to call"
    assert all(level["text"] for level in card["call"]["levels"])
    assert card["attribution"]["text"] == "procedure-kb contributors, CC BY 4.0"
    assert "not advice" in card["notice"]["text"]
    assert response.headers["kb-release"] == card["release"]


@pytest.mark.parametrize("path", FRAMES)
def test_every_frame_has_them_too_and_is_not_indexed(shipped: Client, path: str) -> None:
    response = shipped.get(path)

    assert response.status_code == 200
    for text in (
        "When to call",
        "procedure-kb contributors, CC BY 4.0",
        "not advice",
        '<meta name="robots" content="noindex">',
    ):
        assert text in response.text
    assert "frame-ancestors *" in response.headers["content-security-policy"]
    assert "unsafe" not in response.headers["content-security-policy"]
    assert "x-frame-options" not in response.headers
    assert not re.search(r"<style|style=|<script>|\son[a-z]+=", response.text)


def test_both_databases_give_the_same_bytes(shipped_urls: dict[str, str], runner: Any) -> None:
    from app.main import create_app

    bodies = []
    for url in shipped_urls.values():
        client = Client(create_app(Settings(database_url=url)), runner)
        client.poll_release()
        paths = [
            *CARDS,
            *FRAMES,
            "/embed",
            f"/oembed?url={FRAMES[0]}",
            f"/v1{CARDS[0].removeprefix('/embed/v1').removesuffix('.json')}.jsonld",
        ]
        bodies.append({path: client.get(path).content for path in paths})
        client.close()

    assert bodies[0] == bodies[1]


def test_frame_ancestors_are_a_setting(database_url: str, load: Load, runner: Any) -> None:
    from app.main import create_app

    load(procedure("p"))
    framing_client = Client(
        create_app(Settings(database_url=database_url, frame_ancestors="https://clinic.example")), runner
    )
    framing_client.poll_release()

    frame, page = framing_client.get("/embed/procedures/p"), framing_client.get("/procedures/p")
    framing_client.close()

    assert frame.headers["content-security-policy"].endswith("frame-ancestors https://clinic.example")
    assert page.headers["content-security-policy"].endswith("frame-ancestors 'none'")


def test_a_name_redirects_to_the_card_of_its_record(client: Client, load: Load) -> None:
    load(procedure("facet-rfa", names=[{"text": "Rhizotomy", "kind": "synonym"}]))

    card = client.get("/embed/v1/procedures/rhizotomy.json")
    frame = client.get("/embed/procedures/rhizotomy?theme=dark")

    assert (card.status_code, card.headers["location"]) == (307, "/embed/v1/procedures/facet-rfa.json")
    assert (frame.status_code, frame.headers["location"]) == (307, "/embed/procedures/facet-rfa?theme=dark")


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/embed/procedures/facet-rfaa", 404, "Facet rfa"),
        ("/embed/procedures/facet-rfa?theme=pink", 422, "must be one of auto, light, dark"),
        ("/embed/relief-chart?procedure=facet-rfaa", 422, "Facet rfa"),
        ("/embed/relief-chart?" + "&".join(["procedure=facet-rfa"] * 13), 422, "at most 12"),
    ],
)
def test_a_frame_shows_an_error_as_a_page(client: Client, load: Load, path: str, status: int, text: str) -> None:
    load(procedure("facet-rfa"))

    response = client.get(path)

    assert (response.status_code, response.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert text in response.text


def test_a_chart_places_its_estimates_and_names_procedures_without_one(client: Client, load: Load) -> None:
    load(
        generator("joint"),
        page("emergencies"),
        procedure("long", claims=[relief("long--relief", min="P1Y", max="P2Y", label="1 to 2 years")]),
        procedure("open", claims=[relief("open--relief", min="P3M", label="3 months and more")]),
        procedure("silent"),
    )

    [closed] = client.get("/embed/v1/relief/long.json").json()["sections"][0]["blocks"]
    [open_ended] = client.get("/embed/v1/relief/open.json").json()["sections"][0]["blocks"]
    frame = client.get("/embed/relief-chart?procedure=long&procedure=silent").text

    assert 0 < open_ended["rows"][0]["low"] < closed["rows"][0]["low"] < closed["rows"][0]["high"] < 1
    assert open_ended["rows"][0]["high"] is None
    assert "Silent: no cited duration is known." in frame


def test_options_start_with_warning_signs_and_care_without_a_procedure(client: Client, load: Load) -> None:
    flag = claim("c--flag", "red_flag", {"label": "Numb saddle"})
    load(condition("c", claims=[flag]), procedure("p", indicated=["c"]))

    headings = [section["heading"] for section in client.get("/embed/v1/conditions/c/options.json").json()["sections"]]

    assert headings[:2] == ["Signs that need help", "Care without a procedure"]


def test_the_configurator_names_unknown_values(client: Client, load: Load) -> None:
    load(procedure("facet-rfa"))

    response = client.get("/embed?procedure=nothing&theme=pink&level=99&element=script")

    assert response.status_code == 200
    assert 'Nothing is called "nothing".' in response.text
    assert "KB_PUBLIC_URL" in response.text


@pytest.mark.parametrize("name", ["README.md", "docs/embedding.md"])
def test_the_snippets_in_the_documentation_are_current(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    config = EmbedConfig("kb-procedure", "lumbar-medial-branch-radiofrequency-ablation", "Radiofrequency ablation")

    assert render_element_tag(config, "https://kb.example.org") in text
    assert render_script_tag("https://kb.example.org", get_newest_build()) in text


def test_the_documentation_lists_the_policy_and_all_theming_names() -> None:
    text = (ROOT / "docs/embedding.md").read_text(encoding="utf-8")
    script = get_newest_build().script.decode()

    assert all(line in text for line, _ in list_csp_directives("https://kb.example.org"))
    assert set(re.findall(r"var\((--kb-[a-z-]+)", script)) == set(re.findall(r"`(--kb-[a-z-]+)`", text))
    parts = {
        part
        for names in re.findall(r'createNode\((?:"[a-z0-9]+"|`[^`]*`), "([a-z ]+)"', script)
        for part in names.split()
    }
    parts |= {"heading", "title", "chart"}
    assert parts - {"kb"} == set(re.findall(r"`::part\(([a-z]+)\)`", text))
