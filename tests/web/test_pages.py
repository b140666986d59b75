"""Every page is well-formed, safe, findable, and its links work."""

import re
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from build import condition, generator, page, procedure, risk
from checkout import ROOT
from web.site_pages import list_page_paths, parse

HEADINGS = ("h1", "h2", "h3", "h4")


def _pages(shipped: Any) -> list[tuple[str, Any]]:
    responses = []
    for path in list_page_paths(shipped):
        # Rendering all pages may take longer than the limit for an unpolled database.
        shipped.poll_release()
        responses.append((path, shipped.get(path)))
    return responses


def test_every_page_is_served_and_loads_nothing_from_another_host(shipped: Any) -> None:
    for path, response in _pages(shipped):
        assert response.status_code == 200, path
        headers = response.headers
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy, path
        assert "default-src 'none'" in policy, path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin", path
        assert "set-cookie" not in headers, path
        tree = parse(response.text)
        for element in tree.all():
            assert "style" not in element.attributes, path
            assert not [name for name in element.attributes if name.startswith("on")], path
            # A browser loads neither of these.
            is_loaded = element.name == "link" and element.attributes.get("rel") not in {"canonical", "alternate"}
            loaded = element.attributes.get("src") or (element.attributes.get("href") if is_loaded else "")
            assert not (loaded or "").startswith(("http", "//")), path
            if element.name == "script":
                assert not element.text or element.attributes.get("type") == "application/ld+json", path
            assert element.name != "style", path


def test_every_page_has_one_title_one_h1_no_skipped_heading_and_unique_ids(shipped: Any) -> None:
    for path, response in _pages(shipped):
        tree = parse(response.text)
        assert next(tree.all("html")).attributes["lang"] == "en", path
        assert len(list(tree.all("main"))) == 1, path
        levels = [int(heading.name[1]) for heading in tree.all(*HEADINGS)]
        assert levels.count(1) == 1, path
        assert levels[0] == 1, path
        assert all(after - before <= 1 for before, after in pairwise(levels)), (path, levels)
        duplicates = [
            element_id
            for element_id, n in Counter(e.attributes["id"] for e in tree.all() if "id" in e.attributes).items()
            if n > 1
        ]
        assert not duplicates, (path, duplicates)
        references = [element.attributes.get("aria-labelledby", "") for element in tree.all()]
        assert all(tree.by_id(element_id) for names in references for element_id in names.split()), path


def test_links_within_a_page_and_between_pages_lead_somewhere(shipped: Any) -> None:
    trees: dict[str, Any] = {}
    for path, response in _pages(shipped):
        tree = parse(response.text)
        for link in tree.all("a"):
            target, _, anchor = link.attributes["href"].partition("#")
            if target.startswith(("http", "mailto:")):
                continue
            if not target:
                assert tree.by_id(anchor), (path, anchor)
            elif anchor and len(trees) < 40:
                if trees.get(target) is None:
                    trees[target] = parse(shipped.get(target).text)
                assert trees[target].by_id(anchor), (path, target, anchor)
            elif target not in trees and len(trees) < 400:
                assert shipped.get(target).status_code == 200, (path, target)
                trees[target] = None


def test_every_page_has_a_canonical_url_and_a_description(shipped: Any) -> None:
    for path, response in _pages(shipped):
        tree = parse(response.text)
        assert [element for element in tree.all("link") if element.attributes.get("rel") == "canonical"], path
        descriptions = [element for element in tree.all("meta") if element.attributes.get("name") == "description"]
        assert descriptions, path
        assert descriptions[0].attributes["content"], path
        if not path.endswith("/leaflet"):
            assert [element for element in tree.all("meta") if element.attributes.get("property") == "og:title"], path


def test_the_sitemap_lists_every_record(shipped: Any) -> None:
    listed = set(re.findall(r"<loc>http://127.0.0.1:8000([^<]+)</loc>", shipped.get("/sitemap.xml").text))

    for path in list_page_paths(shipped):
        if "?" not in path and not path.endswith("/leaflet"):
            assert path in listed


def test_crawlers_may_read_pages_and_what_other_websites_embed(client: Any) -> None:
    assert "Disallow" not in client.get("/robots.txt").text


def test_an_unknown_page_is_a_page_with_suggestions(client: Any, load: Any) -> None:
    load(procedure("knee-rfa", treats=["knee"]), generator("knee"))

    wrong = client.get("/procedures/kne-rfa")
    nowhere = client.get("/procedure")

    assert wrong.status_code == nowhere.status_code == 404
    assert "/procedures/knee-rfa" in {link.attributes["href"] for link in parse(wrong.text).all("a")}
    assert "/procedures" in {link.attributes["href"] for link in next(parse(nowhere.text).all("main")).all("a")}
    assert any(meta.attributes.get("name") == "robots" for meta in parse(wrong.text).all("meta"))


def test_unknown_api_and_static_urls_return_a_problem(client: Any, load: Any) -> None:
    load(procedure("knee-rfa"))

    assert client.get("/v1/nothing").headers["content-type"] == "application/problem+json"
    assert client.get("/static/nothing.css").headers["content-type"] == "application/problem+json"


def test_an_unknown_filter_of_the_matrix_is_rejected_with_a_suggestion(client: Any, load: Any) -> None:
    load(procedure("knee-rfa", treats=["knee"]), generator("knee"))

    response = client.get("/matrix?family=injectoin")

    assert response.status_code == 422
    assert "injection" in response.text


def test_the_matrix_can_be_turned_and_filtered_by_role(client: Any, load: Any) -> None:
    load(
        procedure("knee-rfa", treats=["knee"]),
        procedure("hip-block", diagnoses=["hip"]),
        generator("knee"),
        generator("hip"),
    )

    rows = [header.text for header in parse(client.get("/matrix?by=pain_generator&role=treats").text).all("th")]

    assert rows == ["Knee rfa", "Knee"]


def test_more_than_six_procedures_are_not_compared(client: Any, load: Any) -> None:
    names = [f"rfa-{n}" for n in range(7)]
    load(*(procedure(name) for name in names))

    response = client.get("/compare?" + "&".join(f"procedure={name}" for name in names))

    assert "at most six" in response.text
    assert "<table" not in response.text


def test_markup_in_any_text_field_is_shown_as_text(client: Any, load: Any) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    texts = {
        name: {"text": hostile, "claims": ["bad-p--target-t0"]}
        for name in ("summary", "preparation", "what_happens", "afterwards", "clinical")
    }
    claims = [
        {
            "id": f"bad-p--{kind.replace('_', '-')}-1",
            "kind": kind,
            "statement": hostile,
            "value": value,
            "qualifiers": dict.fromkeys(("population", "comparator", "definition", "time"), hostile),
            "citations": [{"source": "trial", "locator": hostile}],
        }
        for kind, value in _values(hostile).items()
    ]
    load(
        procedure(
            "bad-p",
            treats=["bad-g"],
            indicated=["bad-c"],
            claims=claims,
            name=f"P {hostile}",
            texts=texts,
            key_messages=[{"text": hostile, "claims": ["bad-p--target-t0"]}] * 2,
        ),
        procedure("bad-q", treats=["bad-g"], indicated=["bad-c"], name=f"Q {hostile}"),
        condition("bad-c", arises_from=["bad-g"], name=f"C {hostile}"),
        generator("bad-g", name=f"G {hostile}"),
        risk("bad-r", name=f"R {hostile}", lay_name=hostile, description=hostile),
        page("bad-page", title=f"T {hostile}"),
        {
            "_": "sources",
            "slug": "bad-s",
            "title": f"S {hostile}",
            "design": "rct",
            "publisher": hostile,
            "note": hostile,
        },
    )
    paths = (
        "/ /procedures /conditions /pain-generators /risks /matrix /relief /compare /guide /sources /releases".split()
    )
    paths += [
        "/procedures/bad-p",
        "/procedures/bad-p/evidence",
        "/conditions/bad-c/evidence",
        "/procedures/bad-p/leaflet",
        "/conditions/bad-c",
        "/pain-generators/bad-g",
    ]
    paths += ["/risks/bad-r", "/guide/bad-page", "/sources/bad-s", "/compare?procedure=bad-p&procedure=bad-q"]
    paths += ["/search?q=%3Cscript%3Ealert(1)%3C/script%3E%20bad", "/procedures/%3Cscript%3E", "/%3Cscript%3Ealert"]

    for path in paths:
        response = client.get(path)
        tree = parse(response.text)
        assert response.status_code in {200, 404}, path
        assert not [
            script
            for script in tree.all("script")
            if script.text and "ld+json" not in script.attributes.get("type", "")
        ], path
        assert not list(tree.all("img")), path
        assert not [name for element in tree.all() for name in element.attributes if name.startswith("on")], path
    assert "<script>alert(1)</script>" in parse(client.get("/procedures/bad-p/evidence").text).text


def _values(hostile: str) -> dict[str, dict[str, Any]]:
    return {
        "relief_duration": {
            "measure": "duration",
            "statistic": "range",
            "intent": "therapeutic",
            "magnitude": "month",
            "covers": "procedure",
            "label": hostile,
            "min": "P3M",
            "max": "P6M",
        },
        "response_rate": {"percent_min": 40.0, "percent_max": 40.0, "at_label": hostile},
        "procedure_risk": {
            "risk": "bad-r",
            "phrase": hostile,
            "state": "known",
            "observed": 3,
            "n": 100,
            "per": "people",
            "severity": hostile,
            "timeframe": hostile,
        },
        "finding": {"outcome": hostile, "direction": "favors", "effect": hostile, "at_label": hostile},
        "recommendation": {"body": hostile, "position": "for"},
        "coverage": {"payer": hostile},
        "contraindication": {"label": hostile, "topics": ["pregnancy"]},
        "safety_warning": {"label": hostile, "body": hostile},
        "bleeding_risk": {"risk_class": "low", "scheme": hostile},
        "implant_compatibility": {"label": hostile, "device": hostile, "position": "caution"},
        "practice": {"label": hostile, "topic": "visits"},
        "when_to_call": {"tier": "same_day", "signs": [hostile]},
        "mechanism": {"label": hostile},
    }


PATHS_OF_A_RELEASE = (
    *(
        "/",
        "/procedures",
        "/procedures/p",
        "/procedures/p/evidence",
        "/procedures/p/leaflet",
        "/matrix",
        "/relief",
        "/search?q=p",
        "/compare",
    ),
    *("/docs", "/problems/gone", "/embed", "/embed/procedures/p", "/embed/relief-chart"),
    *("/embed/v1/procedures/p/card.json", "/embed/v1/relief.json", "/embed/v1/search.json"),
)


@pytest.mark.parametrize("path", PATHS_OF_A_RELEASE)
def test_the_release_parameter_is_checked_outside_the_api_too(client: Any, load: Any, path: str) -> None:
    load(procedure("p"))
    version = client.get("/v1/releases/current").json()["version"].replace("+", "%2B")
    separator = "&" if "?" in path else "?"

    without_release, same_release = client.get(path), client.get(f"{path}{separator}release={version}")
    other_release = client.get(f"{path}{separator}release=0.0.1")
    both_releases = client.get(f"{path}{separator}release={version}&release=0.0.1")

    assert (
        without_release.status_code,
        same_release.status_code,
        other_release.status_code,
        both_releases.status_code,
    ) == (200, 200, 410, 410)
    assert "The current release is" in other_release.text
    unchanged = client.get(path, headers={"If-None-Match": without_release.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert client.get("/no-such-page?release=0.0.1").status_code == 404


def test_the_accessibility_report_names_tests_that_there_are() -> None:
    report = (ROOT / "docs/accessibility.md").read_text(encoding="utf-8")
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))

    assert {name for name in re.findall(r"`(test_\w+)`", report) if f"def {name}(" not in tests} == set()
