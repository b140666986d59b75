"""Every page: well-formed, safe, findable, and true to its own links."""

import re
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from build import condition, generator, page, procedure, risk
from web.walking import addresses, parse

HEADINGS = ("h1", "h2", "h3", "h4")


def _pages(shipped: Any) -> list[tuple[str, Any]]:
    found = []
    for path in addresses(shipped):
        # On a busy machine a long page outlasts the patience with a database not heard of: here nobody polls it.
        shipped.poll_release()
        found.append((path, shipped.get(path)))
    return found


def test_every_page_is_answered_and_keeps_nothing_from_another_host(shipped: Any) -> None:
    for path, answer in _pages(shipped):
        assert answer.status_code == 200, path
        headers = answer.headers
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy, path
        assert "default-src 'none'" in policy, path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin", path
        assert "set-cookie" not in headers, path
        tree = parse(answer.text)
        for element in tree.all():
            assert "style" not in element.attributes, path
            assert not [name for name in element.attributes if name.startswith("on")], path
            loaded = element.attributes.get("src") or (element.attributes.get("href") if element.name == "link" else "")
            assert not (loaded or "").startswith(("http", "//")), path
            if element.name == "script":
                assert not element.text or element.attributes.get("type") == "application/ld+json", path
            assert element.name != "style", path


def test_every_page_has_one_title_one_h1_no_skipped_heading_and_unique_ids(shipped: Any) -> None:
    for path, answer in _pages(shipped):
        tree = parse(answer.text)
        assert next(tree.all("html")).attributes["lang"] == "en", path
        assert len(list(tree.all("main"))) == 1, path
        levels = [int(one.name[1]) for one in tree.all(*HEADINGS)]
        assert levels.count(1) == 1, path
        assert levels[0] == 1, path
        assert all(after - before <= 1 for before, after in pairwise(levels)), (path, levels)
        twice = [
            one for one, n in Counter(e.attributes["id"] for e in tree.all() if "id" in e.attributes).items() if n > 1
        ]
        assert not twice, (path, twice)
        named = [one.attributes.get("aria-labelledby", "") for one in tree.all()]
        assert all(tree.by_id(wanted) for names in named for wanted in names.split()), path


def test_links_within_a_page_and_between_pages_lead_somewhere(shipped: Any) -> None:
    known: dict[str, Any] = {}
    for path, answer in _pages(shipped):
        tree = parse(answer.text)
        for link in tree.all("a"):
            target, _, part = link.attributes["href"].partition("#")
            if target.startswith(("http", "mailto:")):
                continue
            if not target:
                assert tree.by_id(part), (path, part)
            elif part and len(known) < 40:
                if known.get(target) is None:
                    known[target] = parse(shipped.get(target).text)
                assert known[target].by_id(part), (path, target, part)
            elif target not in known and len(known) < 400:
                assert shipped.get(target).status_code == 200, (path, target)
                known[target] = None


def test_every_page_says_its_canonical_address_and_what_it_is_about(shipped: Any) -> None:
    for path, answer in _pages(shipped):
        tree = parse(answer.text)
        assert [one for one in tree.all("link") if one.attributes.get("rel") == "canonical"], path
        about = [one for one in tree.all("meta") if one.attributes.get("name") == "description"]
        assert about, path
        assert about[0].attributes["content"], path
        if not path.endswith("/leaflet"):
            assert [one for one in tree.all("meta") if one.attributes.get("property") == "og:title"], path


def test_the_sitemap_lists_every_record(shipped: Any) -> None:
    listed = set(re.findall(r"<loc>([^<]+)</loc>", shipped.get("/sitemap.xml").text))

    for path in addresses(shipped):
        if "?" not in path and not path.endswith("/leaflet"):
            assert path in listed


def test_robots_may_read_pages_and_not_embeds(client: Any) -> None:
    assert "Disallow: /embed/" in client.get("/robots.txt").text


def test_an_unknown_page_is_a_page_with_suggestions(client: Any, load: Any) -> None:
    load(procedure("knee-rfa", treats=["knee"]), generator("knee"))

    wrong = client.get("/procedures/kne-rfa")
    nowhere = client.get("/procedure")

    assert wrong.status_code == nowhere.status_code == 404
    assert "/procedures/knee-rfa" in {one.attributes["href"] for one in parse(wrong.text).all("a")}
    assert "/procedures" in {one.attributes["href"] for one in next(parse(nowhere.text).all("main")).all("a")}
    assert any(one.attributes.get("name") == "robots" for one in parse(wrong.text).all("meta"))


def test_what_programs_read_is_missing_as_a_problem(client: Any, load: Any) -> None:
    load(procedure("knee-rfa"))

    assert client.get("/v1/nothing").headers["content-type"] == "application/problem+json"
    assert client.get("/static/nothing.css").headers["content-type"] == "application/problem+json"


def test_an_unknown_filter_of_the_heat_map_is_refused_with_the_nearest(client: Any, load: Any) -> None:
    load(procedure("knee-rfa", treats=["knee"]), generator("knee"))

    answer = client.get("/matrix?family=injectoin")

    assert answer.status_code == 422
    assert "injection" in answer.text


def test_the_heat_map_turns_and_filters_by_role(client: Any, load: Any) -> None:
    load(
        procedure("knee-rfa", treats=["knee"]),
        procedure("hip-block", diagnoses=["hip"]),
        generator("knee"),
        generator("hip"),
    )

    rows = [one.text for one in parse(client.get("/matrix?by=pain_generator&role=treats").text).all("th")]

    assert rows == ["Knee rfa", "Knee"]


def test_more_than_six_procedures_are_not_compared(client: Any, load: Any) -> None:
    names = [f"rfa-{n}" for n in range(7)]
    load(*(procedure(one) for one in names))

    answer = client.get("/compare?" + "&".join(f"procedure={one}" for one in names))

    assert "at most six" in answer.text
    assert "<table" not in answer.text


def test_markup_in_any_text_field_is_shown_as_text(client: Any, load: Any) -> None:
    bad = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    texts = {
        name: {"text": bad, "claims": ["bad-p--target-t0"]}
        for name in ("summary", "preparation", "what_happens", "afterwards", "when_to_call", "clinical")
    }
    claims = [
        {
            "id": f"bad-p--{kind.replace('_', '-')}-1",
            "kind": kind,
            "statement": bad,
            "value": value,
            "qualifiers": dict.fromkeys(("population", "comparator", "definition", "time"), bad),
            "citations": [{"source": "trial", "locator": bad}],
        }
        for kind, value in _values(bad).items()
    ]
    load(
        procedure(
            "bad-p",
            treats=["bad-g"],
            indicated=["bad-c"],
            claims=claims,
            name=f"P {bad}",
            texts=texts,
            key_messages=[{"text": bad, "claims": ["bad-p--target-t0"]}] * 2,
        ),
        procedure("bad-q", treats=["bad-g"], indicated=["bad-c"], name=f"Q {bad}"),
        condition("bad-c", arises_from=["bad-g"], name=f"C {bad}"),
        generator("bad-g", name=f"G {bad}"),
        risk("bad-r", name=f"R {bad}", lay_name=bad, description=bad),
        page("bad-page", title=f"T {bad}"),
        {"_": "sources", "slug": "bad-s", "title": f"S {bad}", "design": "rct", "publisher": bad, "note": bad},
    )
    paths = (
        "/ /procedures /conditions /pain-generators /risks /matrix /relief /compare /guide /sources /releases".split()
    )
    paths += ["/procedures/bad-p", "/procedures/bad-p/leaflet", "/conditions/bad-c", "/pain-generators/bad-g"]
    paths += ["/risks/bad-r", "/guide/bad-page", "/sources/bad-s", "/compare?procedure=bad-p&procedure=bad-q"]
    paths += ["/search?q=%3Cscript%3Ealert(1)%3C/script%3E%20bad", "/procedures/%3Cscript%3E", "/%3Cscript%3Ealert"]

    for path in paths:
        answer = client.get(path)
        tree = parse(answer.text)
        assert answer.status_code in {200, 404}, path
        assert not [
            one for one in tree.all("script") if one.text and "ld+json" not in one.attributes.get("type", "")
        ], path
        assert not list(tree.all("img")), path
        assert not [name for one in tree.all() for name in one.attributes if name.startswith("on")], path
    assert "<script>alert(1)</script>" in parse(client.get("/procedures/bad-p").text).text


def _values(bad: str) -> dict[str, dict[str, Any]]:
    return {
        "relief_duration": {
            "measure": "duration",
            "statistic": "range",
            "intent": "therapeutic",
            "magnitude": "month",
            "label": bad,
            "min": "P3M",
            "max": "P6M",
        },
        "response_rate": {"percent_min": 40.0, "percent_max": 40.0, "at_label": bad},
        "procedure_risk": {
            "risk": "bad-r",
            "phrase": bad,
            "state": "known",
            "observed": 3,
            "n": 100,
            "per": bad,
            "timeframe": bad,
        },
        "finding": {"outcome": bad, "direction": "favours", "effect": bad, "at_label": bad},
        "recommendation": {"body": bad, "position": "for"},
        "coverage": {"payer": bad},
        "contraindication": {"label": bad},
        "mechanism": {"label": bad},
    }


OF_A_RELEASE = (
    *("/", "/procedures", "/procedures/p", "/procedures/p/leaflet", "/matrix", "/relief", "/search?q=p", "/compare"),
    *("/docs", "/problems/gone", "/sitemap.xml", "/embed", "/embed/procedures/p", "/embed/relief-chart"),
    *("/embed/v1/procedures/p.json", "/embed/v1/relief.json", "/embed/v1/search.json", "/oembed?url=/procedures/p"),
)


@pytest.mark.parametrize("path", OF_A_RELEASE)
def test_release_is_a_precondition_outside_the_api_too(client: Any, load: Any, path: str) -> None:
    load(procedure("p"))
    version = client.get("/v1/releases/current").json()["version"].replace("+", "%2B")
    mark = "&" if "?" in path else "?"

    plain, kept = client.get(path), client.get(f"{path}{mark}release={version}")
    other = client.get(f"{path}{mark}release=0.0.1")
    both = client.get(f"{path}{mark}release={version}&release=0.0.1")

    assert (plain.status_code, kept.status_code, other.status_code, both.status_code) == (200, 200, 410, 410)
    assert "The current release is" in other.text
    assert client.get("/no-such-page?release=0.0.1").status_code == 404
