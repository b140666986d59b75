"""The embed kit over HTTP: builds, cards, frames. tests/browser/test_embeds.py looks at them on a clinic's page."""

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


def test_the_newest_build_is_published() -> None:
    assert (ARCHIVE_DIR / f"kb.{get_newest_build().hash}.js").exists(), (
        "run `make archive-embed`: hosts pin builds that must not go away"
    )


@pytest.mark.parametrize("file", sorted(ARCHIVE_DIR.glob("kb.*.js")), ids=lambda file: file.name)
def test_a_published_build_has_the_bytes_that_its_name_says(file: Path) -> None:
    assert file.name == f"kb.{Build(file.read_bytes()).hash}.js"


def test_publishing_keeps_the_builds_before_and_writes_none_twice(tmp_path: Path) -> None:
    (tmp_path / "kb.0000000000000000.js").write_bytes(b"old")

    first, second = archive_build(tmp_path), archive_build(tmp_path)

    assert (first[1], second[1]) == (True, False)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("file", sorted(ARCHIVE_DIR.glob("kb.*.js")), ids=lambda file: file.name)
def test_every_published_build_is_answered_for_good_and_to_every_origin(client: Client, load: Load, file: Path) -> None:
    load(procedure("p"))

    answer = client.get(f"/embed/{file.name}")

    assert answer.content == file.read_bytes()
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-type"].startswith("text/javascript")


def test_the_address_without_hash_is_the_newest_and_is_asked_for_again(client: Client, load: Load) -> None:
    load(procedure("p"))

    answer = client.get("/embed/v1/kb.js")

    assert answer.content == get_newest_build().script
    assert "immutable" not in answer.headers["cache-control"]


def test_the_sheet_of_a_build_is_the_one_its_script_carries(client: Client, load: Load) -> None:
    load(procedure("p"))

    answer = client.get(f"/embed/kb.{get_newest_build().hash}.css")

    assert answer.headers["content-type"].startswith("text/css")
    assert b":host" in answer.content
    assert answer.content in get_newest_build().script
    assert b"\\" not in answer.content, "an escape in the template literal would mean something else in a sheet"


def test_an_unknown_build_is_a_problem_that_names_the_newest(client: Client, load: Load) -> None:
    load(procedure("p"))

    answer = client.get("/embed/kb.0123456789abcdef.js")

    assert (answer.status_code, answer.json()["suggestions"]) == (404, [get_newest_build().path])


def test_the_integrity_hash_is_of_the_bytes() -> None:
    digest = base64.b64encode(hashlib.sha384(get_newest_build().script).digest()).decode()

    assert get_newest_build().integrity == f"sha384-{digest}"


def test_the_script_makes_no_markup_from_text_and_no_style_in_line() -> None:
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
def test_a_card_always_says_when_to_call_whose_it_is_and_that_it_is_no_advice(shipped: Client, path: str) -> None:
    answer = shipped.get(path)

    card: dict[str, Any] = answer.json()
    assert answer.status_code == 200
    assert card["version"] == 1
    assert card["call"]["heading"] == "When to call"
    assert all(one["text"] for one in card["call"]["levels"])
    assert card["attribution"]["text"] == "procedure-kb contributors, CC BY 4.0"
    assert "not advice" in card["notice"]["text"]
    assert answer.headers["kb-release"] == card["release"]


@pytest.mark.parametrize("path", FRAMES)
def test_a_frame_says_the_same_and_is_not_to_be_found_by_itself(shipped: Client, path: str) -> None:
    answer = shipped.get(path)

    assert answer.status_code == 200
    for words in (
        "When to call",
        "procedure-kb contributors, CC BY 4.0",
        "not advice",
        '<meta name="robots" content="noindex">',
    ):
        assert words in answer.text
    assert "frame-ancestors *" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers
    assert not re.search(r"<style|style=|<script>|\son[a-z]+=", answer.text)


def test_both_engines_give_the_same_bytes(shipped_urls: dict[str, str], runner: Any) -> None:
    from app.main import create_app

    found = []
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
        found.append({path: client.get(path).content for path in paths})
        client.close()

    assert found[0] == found[1]


def test_who_may_frame_is_a_setting(database_url: str, load: Load, runner: Any) -> None:
    from app.main import create_app

    load(procedure("p"))
    other = Client(create_app(Settings(database_url=database_url, frame_ancestors="https://clinic.example")), runner)
    other.poll_release()

    framed, plain = other.get("/embed/procedures/p"), other.get("/procedures/p")
    other.close()

    assert framed.headers["content-security-policy"].endswith("frame-ancestors https://clinic.example")
    assert plain.headers["content-security-policy"].endswith("frame-ancestors 'none'")


def test_a_name_leads_to_the_card_of_its_record(client: Client, load: Load) -> None:
    load(procedure("facet-rfa", names=[{"text": "Rhizotomy", "kind": "synonym"}]))

    card = client.get("/embed/v1/procedures/rhizotomy.json")
    framed = client.get("/embed/procedures/rhizotomy?theme=dark")

    assert (card.status_code, card.headers["location"]) == (307, "/embed/v1/procedures/facet-rfa.json")
    assert (framed.status_code, framed.headers["location"]) == (307, "/embed/procedures/facet-rfa?theme=dark")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/embed/procedures/facet-rfaa", 404, "Facet rfa"),
        ("/embed/procedures/facet-rfa?theme=pink", 422, "one of auto, light, dark"),
        ("/embed/relief-chart?procedure=facet-rfaa", 422, "Facet rfa"),
        ("/embed/relief-chart?" + "&".join(["procedure=facet-rfa"] * 13), 422, "at most 12"),
    ],
)
def test_a_frame_says_what_is_wrong_as_a_page(client: Client, load: Load, path: str, status: int, words: str) -> None:
    load(procedure("facet-rfa"))

    answer = client.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert words in answer.text


def test_a_chart_places_its_estimates_and_says_which_procedure_has_none(client: Client, load: Load) -> None:
    load(
        generator("joint"),
        page("emergencies"),
        procedure("long", claims=[relief("long--relief", min="P1Y", max="P2Y", label="1 to 2 years")]),
        procedure("open", claims=[relief("open--relief", min="P3M", label="3 months and more")]),
        procedure("silent"),
    )

    [drawn] = client.get("/embed/v1/relief/long.json").json()["sections"][0]["blocks"]
    [half] = client.get("/embed/v1/relief/open.json").json()["sections"][0]["blocks"]
    framed = client.get("/embed/relief-chart?procedure=long&procedure=silent").text

    assert 0 < half["rows"][0]["low"] < drawn["rows"][0]["low"] < drawn["rows"][0]["high"] < 1
    assert half["rows"][0]["high"] is None
    assert "Silent: no cited duration is known." in framed


def test_the_options_say_what_comes_before_a_procedure(client: Client, load: Load) -> None:
    flag = claim("c--flag", "red_flag", {"label": "Numb saddle"})
    load(condition("c", claims=[flag]), procedure("p", indicated=["c"]))

    headings = [one["heading"] for one in client.get("/embed/v1/conditions/c/options.json").json()["sections"]]

    assert headings[:2] == ["Signs that need help", "Care without a procedure"]


def test_the_configurator_says_what_it_does_not_know(client: Client, load: Load) -> None:
    load(procedure("facet-rfa"))

    answer = client.get("/embed?procedure=nothing&theme=pink&level=99&element=script")

    assert answer.status_code == 200
    assert 'Nothing is called "nothing".' in answer.text
    assert "KB_PUBLIC_URL" in answer.text


@pytest.mark.parametrize("name", ["README.md", "docs/embedding.md"])
def test_the_lines_to_copy_in_the_documentation_are_the_ones_that_work(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    choice = EmbedConfig("kb-procedure", "lumbar-medial-branch-radiofrequency-ablation", "Radiofrequency ablation")

    assert render_element_tag(choice, "https://kb.example.org") in text
    assert render_script_tag("https://kb.example.org", get_newest_build()) in text


def test_the_documentation_has_the_policy_and_every_name_for_theming() -> None:
    text = (ROOT / "docs/embedding.md").read_text(encoding="utf-8")
    script = get_newest_build().script.decode()

    assert all(line in text for line, _ in list_csp_directives("https://kb.example.org"))
    assert set(re.findall(r"var\((--kb-[a-z-]+)", script)) == set(re.findall(r"`(--kb-[a-z-]+)`", text))
    parts = {
        one for names in re.findall(r'createNode\((?:"[a-z0-9]+"|`[^`]*`), "([a-z ]+)"', script) for one in names.split()
    }
    parts |= {"heading", "title", "chart"}
    assert parts - {"kb"} == set(re.findall(r"`::part\(([a-z]+)\)`", text))
