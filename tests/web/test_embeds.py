"""Embeds over HTTP: builds, cards and frames. tests/browser/test_embeds.py loads them in the page of a clinic."""

import base64
import csv
import hashlib
import io
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from build import claim, condition, generator, page, procedure, relief, risk
from checkout import ROOT
from conftest import Client, Load

from app.settings import Settings
from app.web.embed.builds import ARCHIVE_DIR, Build, get_newest_build
from app.web.embed.compact import VARIANTS
from app.web.embed.snippets import EmbedConfig, list_csp_directives, render_element_tag, render_script_tag
from scripts.archive_embed import archive_build

CARDS = (
    *(f"/embed/v1/procedures/lumbar-medial-branch-radiofrequency-ablation/{variant}.json" for variant in VARIANTS),
    *(f"/embed/v1/conditions/lumbar-radiculopathy/options/{variant}.json" for variant in VARIANTS),
    "/embed/v1/relief/medial-branch-block.json",
    "/embed/v1/relief.json",
    "/embed/v1/search.json",
)
FRAMES = (
    "/embed/procedures/lumbar-medial-branch-radiofrequency-ablation",
    "/embed/procedures/lumbar-medial-branch-radiofrequency-ablation?variant=card",
    "/embed/procedures/lumbar-medial-branch-radiofrequency-ablation?variant=full&theme=dark",
    "/embed/procedures/lumbar-medial-branch-radiofrequency-ablation?sections=before,day,after",
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


def test_the_colors_and_typefaces_of_embeds_are_the_tokens_of_pages() -> None:
    tokens = (ROOT / "app/web/static/tokens.css").read_text(encoding="utf-8")
    [light, dark, *_] = [
        dict(re.findall(r"--([a-z-]+): ([^;]+);", block)) for block in re.findall(r":root {(.*?)}", tokens, re.DOTALL)
    ]
    sheet = get_newest_build().style_sheet.decode()
    embedded = dict(re.findall(r"--_([a-z-]+): ([^;]*light-dark[^;]*);", sheet))

    assert {"ink", "soft", "card", "faint", "line", "accent", "accent-ink", "warn", "warn-paper"} <= set(embedded)
    for name, value in embedded.items():
        token = name.removeprefix("own-")
        assert f"light-dark({light[token]}, {dark[token]})" in value, f"{name} is not the token --{token}"
    assert set(re.findall(r"#[0-9a-f]{6}", sheet)) <= {*light.values(), *dark.values()}
    assert f"--_serif: {light['serif']};" in sheet
    assert sheet.count(light["sans"]) == 2


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
    assert "local emergency number" in card["call"]["levels"][0]["text"]
    assert all(level["text"] for level in card["call"]["levels"])
    assert card["attribution"]["text"] == "procedure-kb contributors, CC BY 4.0"
    assert "not advice" in card["notice"]["text"]
    assert response.headers["kb-release"] == card["release"]


@pytest.mark.parametrize("path", FRAMES)
def test_every_frame_has_them_too_and_is_not_indexed(shipped: Client, path: str) -> None:
    response = shipped.get(path)

    assert response.status_code == 200
    for text in (
        "Call your local emergency number",
        "procedure-kb contributors, CC BY 4.0",
        "not advice",
        '<meta name="robots" content="noindex, indexifembedded">',
    ):
        assert text in response.text
    assert "frame-ancestors *" in response.headers["content-security-policy"]
    assert "unsafe" not in response.headers["content-security-policy"]
    assert "x-frame-options" not in response.headers
    assert not re.search(r"<style|style=|<script>|\son[a-z]+=", response.text)


@pytest.mark.parametrize("variant", ["card", "summary"])
def test_a_short_card_says_what_speaks_against_a_procedure_before_what_speaks_for_it(
    client: Client, load: Load, variant: str
) -> None:
    share = {"percent_min": 44.0, "percent_max": 44.0, "at": "P14D", "at_label": "14 days", "comparator_percent": 21.0}
    qualifiers = {"definition": "half the pain", "comparator": "placebo", "comparator_is_sham": True}
    rate = {
        "risk": "bleeding",
        "state": "known",
        "observed": 3,
        "n": 100,
        "per": "people",
        "seriousness": "serious",
    } | {"phrase": "some bled"}
    position = {"body": "A body", "position": "against", "year": 2024}
    load(
        risk("bleeding"),
        procedure(
            "p",
            claims=[
                claim("p--response-rate-1", "response_rate", share, qualifiers=qualifiers),
                claim("p--risk", "procedure_risk", rate),
                claim("p--position", "recommendation", position),
                claim("p--stop", "contraindication", {"label": "Clots", "strength": "relative", "topics": ["anatomy"]}),
            ],
        ),
    )

    lines = {row["name"]: row["text"] for row in load_lines(client, "p", variant)}

    assert list(lines)[:4] == ["Serious harms", "Say before if it is true of you", "Against", "How much it helps"]
    assert lines["Serious harms"] == "Bleeding: 3 of 100 people."
    assert lines["Against"] == "A body, 2024"
    assert lines["How much it helps"] == "440 of 1,000 respond (half the pain, 14 days); 210 of 1,000 with placebo"


@pytest.mark.parametrize("variant", ["card", "summary"])
def test_a_short_card_without_room_for_all_leaves_out_the_benefit_and_counts_the_other_harms(
    client: Client, load: Load, variant: str
) -> None:
    names = [f"A harm with a rather long name, number {number}" for number in range(30)]
    harms = [
        claim(
            f"p--risk-{n}",
            "procedure_risk",
            {"risk": f"harm-{n}", "phrase": "seen", "state": "known", "seriousness": "serious"},
        )
        for n in range(30)
    ]
    estimate = relief("p--relief-duration-1", min="P6M", max="P9M", label="6 to 9 months")
    load(*(risk(f"harm-{n}", name=name) for n, name in enumerate(names)), procedure("p", claims=[estimate, *harms]))

    lines = {row["name"]: row for row in load_lines(client, "p", variant)}

    named = [name for name in names if name in lines["Serious harms"]["text"]]
    [link] = lines["Serious harms"]["items"]
    assert lines["How much it helps"]["text"] == ""
    assert [item["url"] for item in lines["How much it helps"]["items"]] == ["/procedures/p#benefit"]
    assert len(named) in (range(1, 12) if variant == "card" else range(12, 30))
    assert link["text"] == f"{len(names) - len(named)} more serious, 30 harms in all"
    assert link["url"].endswith("/procedures/p#harms")


@pytest.mark.parametrize("variant", ["card", "summary"])
def test_a_short_card_names_every_serious_harm_before_it_gives_figures(
    client: Client, load: Load, variant: str
) -> None:
    names = [f"A harm with a name, number {number}" for number in range(8)]
    population = "people whose pain had lasted longer than three months and who had tried everything else before"
    rate = {"state": "known", "seriousness": "serious", "n": 100, "per": "people", "phrase": "some had it"}
    harms = [
        claim(
            f"p--risk-{n}",
            "procedure_risk",
            rate | {"risk": f"harm-{n}", "observed": n + 1},
            qualifiers={"population": population},
        )
        for n in range(8)
    ]
    load(*(risk(f"harm-{n}", name=name) for n, name in enumerate(names)), procedure("p", claims=harms))

    line = next(row for row in load_lines(client, "p", variant) if row["name"] == "Serious harms")

    assert [name for name in names if name not in line["text"]] == []
    assert line["text"].count("of 100 people") < 8
    assert [link["text"] for link in line["items"]] == ["All 8 harms"]


@pytest.mark.parametrize("variant", ["card", "summary"])
def test_every_short_card_names_every_serious_harm_and_says_what_is_known_of_the_benefit(
    shipped: Client, variant: str
) -> None:
    for row in shipped.get("/v1/procedures?limit=100").json()["items"]:
        record = shipped.get(f"/v1/procedures/{row['slug']}").json()
        lines = {
            line["name"].partition(" of its ")[0]: line["text"] for line in load_lines(shipped, row["slug"], variant)
        }
        names = {risk["risk"]["name"] for risk in record["serious_risks"]["items"]}
        assert {name for name in names if name not in lines["Serious harms"]} == set(), row["slug"]
        assert "How much it helps" in lines, row["slug"]


def test_a_card_shortens_what_it_is_where_that_makes_room_for_the_benefit(client: Client, load: Load) -> None:
    share = {"percent_min": 44.0, "percent_max": 44.0, "at": "P14D", "at_label": "14 days", "comparator_percent": 21.0}
    definition = "at least half of the pain gone, on a scale of 0 to 10 that people marked by themselves at home " * 2
    qualifiers = {
        "definition": definition.strip(),
        "comparator": "a placebo that was given in the same way and place",
        "comparator_is_sham": True,
    }
    summary = "A drug is put in a joint. It is done with a thin needle, which X-ray pictures lead to its place."
    texts = {"summary": {"text": summary, "claims": ["p--response-rate-1"]}}
    rate = claim("p--response-rate-1", "response_rate", share, qualifiers=qualifiers)
    harm = {"risk": "bleeding", "phrase": "seen", "state": "known", "seriousness": "serious"}
    load(risk("bleeding"), procedure("p", texts=texts, claims=[rate, claim("p--risk", "procedure_risk", harm)]))

    card = client.get("/embed/v1/procedures/p/card.json").json()
    lines = {row["name"]: row["text"] for row in load_lines(client, "p", "card")}

    assert card["lede"] == "A drug is put in a joint."
    assert lines["Serious harms"] == "Bleeding: how often is not stated."
    assert lines["How much it helps"].startswith("440 of 1,000 respond")


def load_lines(client: Client, slug: str, variant: str) -> list[dict[str, Any]]:
    """Lines of a short card."""
    [section] = client.get(f"/embed/v1/procedures/{slug}/{variant}.json").json()["sections"]
    [block] = section["blocks"]
    lines: list[dict[str, Any]] = block["items"]
    return lines


@pytest.mark.parametrize(
    ("sections", "shown"),
    [("before,day", {"before", "day"}), ("after,benefit", {"safety", "harms", "after", "benefit"})],
)
def test_chosen_sections_show_a_benefit_only_with_the_harms(shipped: Client, sections: str, shown: set[str]) -> None:
    slug = "lumbar-medial-branch-radiofrequency-ablation"
    headings = {
        section["key"]: section["heading"]
        for section in shipped.get(f"/embed/v1/procedures/{slug}/full.json").json()["sections"]
    }

    frame = shipped.get(f"/embed/procedures/{slug}?sections={sections}").text

    assert {key for key, heading in headings.items() if f'<h2 class="heading">{heading}</h2>' in frame} == shown


def test_a_chart_of_relief_says_what_can_go_wrong(client: Client, load: Load) -> None:
    rate = {
        "risk": "bleeding",
        "state": "known",
        "observed": 3,
        "n": 100,
        "per": "people",
        "seriousness": "serious",
    } | {"phrase": "some bled"}
    estimate = relief("p--relief-duration-1", min="P6M", max="P9M", label="6 to 9 months")
    load(
        risk("bleeding"),
        page("emergencies"),
        procedure("p", claims=[estimate, claim("p--risk", "procedure_risk", rate)]),
    )

    for path in ("/embed/v1/relief/p.json", "/embed/v1/relief.json", "/embed/relief-chart?procedure=p"):
        assert "Serious harms: Bleeding: 3 of 100 people." in client.get(path).text, path


def test_both_databases_give_the_same_bytes(shipped_urls: dict[str, str], runner: Any) -> None:
    from app.main import create_app

    bodies = []
    for url in shipped_urls.values():
        client = Client(create_app(Settings(database_url=url, loopback_url="http://127.0.0.1:8000")), runner)
        client.poll_release()
        paths = [
            *CARDS,
            *FRAMES,
            "/embed",
            f"/oembed?url={FRAMES[0]}",
            "/v1/procedures/lumbar-medial-branch-radiofrequency-ablation.jsonld",
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

    card = client.get("/embed/v1/procedures/rhizotomy/card.json")
    frame = client.get("/embed/procedures/rhizotomy?theme=dark")

    assert (card.status_code, card.headers["location"]) == (307, "/embed/v1/procedures/facet-rfa/card.json")
    assert (frame.status_code, frame.headers["location"]) == (307, "/embed/procedures/facet-rfa?theme=dark")


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/embed/procedures/facet-rfaa", 404, "Facet rfa"),
        ("/embed/procedures/facet-rfa?theme=pink", 422, "must be one of auto, light, dark"),
        ("/embed/procedures/facet-rfa?variant=tiny", 422, "must be one of card, summary, full"),
        ("/embed/procedures/facet-rfa?sections=before,nothing", 422, "must be some of before, day"),
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

    [closed] = client.get("/embed/v1/relief/long.json").json()["sections"][1]["blocks"]
    [open_ended] = client.get("/embed/v1/relief/open.json").json()["sections"][1]["blocks"]
    frame = client.get("/embed/relief-chart?procedure=long&procedure=silent").text

    assert 0 < open_ended["rows"][0]["low"] < closed["rows"][0]["low"] < closed["rows"][0]["high"] < 1
    assert open_ended["rows"][0]["high"] is None
    assert "Silent: no cited duration is known." in frame


def test_no_relief_is_shown_without_the_harms_and_the_positions_against_it(client: Client, load: Load) -> None:
    harm = {"risk": "stroke", "phrase": "stroke", "state": "known", "observed": 1, "n": 90, "per": "people"}
    against = {"body": "A body", "year": 2025, "position": "against"}
    load(
        risk("stroke", seriousness="life_threatening"),
        page("emergencies"),
        procedure("umbrella", claims=[relief("u", min="P1M")]),
        procedure(
            "form",
            broader=["umbrella"],
            claims=[claim("h", "procedure_risk", harm), claim("a", "recommendation", against)],
        ),
    )

    for path in (
        "/relief",
        "/embed/v1/relief/umbrella.json",
        "/embed/v1/relief.json",
        "/embed/relief-chart?procedure=umbrella&procedure=form",
        "/embed/relief-chart",
    ):
        text = client.get(path).text
        assert "1 of 90 people" in text, path
        assert "A body, 2025" in text, path
    rows = list(csv.DictReader(io.StringIO(client.get("/v1/procedures.csv").text)))
    (row,) = [row for row in rows if row["slug"] == "umbrella"]
    assert (row["serious_risk"], row["serious_risk_n"], row["serious_risk_subject"]) == ("stroke", "90", "form")


def test_options_start_with_warning_signs_and_care_without_a_procedure(client: Client, load: Load) -> None:
    flag = claim("c--flag", "red_flag", {"label": "Numb saddle"})
    load(condition("c", claims=[flag]), procedure("p", indicated=["c"]))

    headings = [
        section["heading"] for section in client.get("/embed/v1/conditions/c/options/full.json").json()["sections"]
    ]

    assert headings[:2] == ["Signs that need help", "Care without a procedure"]


def test_the_configurator_names_unknown_values(client: Client, load: Load) -> None:
    load(procedure("facet-rfa"))

    response = client.get("/embed?procedure=nothing&theme=pink&level=99&element=script")

    assert response.status_code == 200
    assert 'Nothing is called "nothing".' in response.text
    assert "KB_PUBLIC_URL" in response.text


def test_the_configurator_gives_the_lines_of_the_chosen_variant(client: Client, load: Load) -> None:
    load(procedure("facet-rfa"), condition("c"))

    element = client.get("/embed?element=kb-procedure&procedure=facet-rfa&variant=card").text
    frame = client.get("/embed?element=kb-options&condition=c&variant=full&way=frame").text

    assert '<kb-procedure slug="facet-rfa" variant="card">' in unescape(element)
    assert "/embed/conditions/c/options?variant=full" in frame


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
    parts |= {"heading", "title", "chart", "card"}
    assert parts - {"kb", "once"} == set(re.findall(r"`::part\(([a-z]+)\)`", text))
