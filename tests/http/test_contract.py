import asyncio
import base64
from pathlib import Path

import pytest
from build import condition, generator, procedure
from conftest import Client, Load
from hypothesis import given, settings
from hypothesis import strategies as st

from app.db.migrations import migrate
from app.db.write_engine import create_write_engine
from app.main import create_app
from app.settings import Settings
from app.version import code_fingerprint


def build_procedures(count: int) -> list[dict[str, object]]:
    return [procedure(f"p{n:03d}") for n in range(count)]


def list_all_slugs(client: Client, path: str) -> list[str]:
    """Slugs of a list, page by page."""
    slugs: list[str] = []
    response = client.get(path)
    while True:
        slugs += [item["slug"] for item in response.json()["items"]]
        next_cursor = response.json()["page"]["next"]
        if next_cursor is None:
            assert 'rel="next"' not in response.headers.get("link", "")
            return slugs
        next_url = response.headers["link"].split(">")[0].removeprefix("<")
        assert next_cursor in next_url
        response = client.get(next_url)


def test_pages_cover_the_whole_list_once_and_in_order(client: Client, load: Load) -> None:
    load(*build_procedures(25))

    assert list_all_slugs(client, "/v1/procedures?limit=10") == [f"p{n:03d}" for n in range(25)]
    assert list_all_slugs(client, "/v1/procedures?limit=10&sort=-name") == [f"p{n:03d}" for n in reversed(range(25))]


def test_a_percent_encoded_parameter_name_is_decoded(client: Client, load: Load) -> None:
    load(*build_procedures(5))
    cursor = client.get("/v1/procedures?limit=2").json()["page"]["next"]

    second = client.get(f"/v1/procedures?li%6Dit=2&c%75rsor={cursor}")

    assert second.headers["link"].count("ursor=") == 1
    assert list_all_slugs(client, f"/v1/procedures?li%6Dit=2&%63ursor={cursor}") == ["p002", "p003", "p004"]


def test_next_is_null_on_an_exactly_full_last_page(client: Client, load: Load) -> None:
    load(*build_procedures(10))

    page = client.get("/v1/procedures?limit=5").json()["page"]
    last = client.get(f"/v1/procedures?limit=5&cursor={page['next']}").json()["page"]

    assert page["total"] == 10
    assert last["next"] is None


def test_a_cursor_from_an_earlier_release_gets_410(client: Client, load: Load) -> None:
    load(*build_procedures(10))
    cursor = client.get("/v1/procedures?limit=5").json()["page"]["next"]

    load(*build_procedures(11))

    response = client.get(f"/v1/procedures?limit=5&cursor={cursor}")
    assert (response.status_code, response.json()["code"]) == (410, "release_gone")


@pytest.mark.parametrize("cursor", ["x", "%20", "e30", "a" * 300, base64.urlsafe_b64encode(b"a|b|c|d").decode()])
def test_a_malformed_cursor_gets_400(client: Client, load: Load, cursor: str) -> None:
    load(*build_procedures(3))

    response = client.get(f"/v1/procedures?cursor={cursor}")

    assert (response.status_code, response.json()["code"]) == (400, "bad_cursor")


def test_a_cursor_of_another_list_is_rejected(client: Client, load: Load) -> None:
    load(*build_procedures(10), *[condition(f"c{n}") for n in range(10)])
    cursor = client.get("/v1/procedures?limit=5").json()["page"]["next"]

    assert client.get(f"/v1/conditions?limit=5&cursor={cursor}").status_code == 400


def test_a_cursor_from_a_newer_release_gets_503_until_the_replica_catches_up(client: Client, load: Load) -> None:
    load(*build_procedures(3))
    cursor = base64.urlsafe_b64encode(b"ffff|999.0.0|aaaa|3").decode()

    response = client.get(f"/v1/procedures?cursor={cursor}")

    assert (response.status_code, response.json()["code"]) == (503, "replica_behind")
    assert int(response.headers["retry-after"]) > 0


def test_an_unknown_parameter_is_rejected_with_a_suggestion(client: Client, load: Load) -> None:
    load(*build_procedures(1))

    response = client.get("/v1/procedures?famly=ablation")

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"][0]["parameter"] == "famly"
    assert "family" in response.json()["suggestions"]


@pytest.mark.parametrize(
    ("query", "parameter", "suggestion"),
    [
        ("family=ablashun", "family", "ablation"),
        ("limit=101", "limit", None),
        ("limit=0", "limit", None),
        ("limit=5&limit=6", "limit", None),
        ("min_relief=3 months", "min_relief", None),
        ("sort=nam", "sort", "name"),
        ("facet=famly", "facet", "family"),
        ("limit=99999999999999999999999", "limit", None),
        ("updated_since=9.9.9", "updated_since", None),
    ],
)
def test_an_invalid_value_is_rejected_with_the_name_of_its_parameter(
    client: Client, load: Load, query: str, parameter: str, suggestion: str | None
) -> None:
    load(*build_procedures(1))

    response = client.get(f"/v1/procedures?{query}")

    assert response.status_code == 422, response.text
    assert response.json()["errors"][0]["parameter"] == parameter
    if suggestion:
        assert suggestion in response.json()["suggestions"]


def test_an_unknown_record_in_a_filter_suggests_the_most_similar_record(client: Client, load: Load) -> None:
    load(generator("facet-joint"), procedure("p"))

    response = client.get("/v1/procedures?pain_generator=facett-joint")

    assert response.status_code == 422
    assert response.json()["suggestions"][0]["slug"] == "facet-joint"


def test_a_known_name_redirects_temporarily_and_a_former_slug_permanently(client: Client, load: Load) -> None:
    names = [{"text": "Rhizotomy", "kind": "synonym"}]
    load(procedure("radiofrequency-ablation", names=names, former_slugs=["rf-lesion"]))

    by_name = client.get("/v1/procedures/rhizotomy/targets?limit=5")
    by_former_slug = client.get("/v1/procedures/rf-lesion")

    assert (by_name.status_code, by_name.headers["location"]) == (
        307,
        "/v1/procedures/radiofrequency-ablation/targets?limit=5",
    )
    assert (by_former_slug.status_code, by_former_slug.headers["location"]) == (
        308,
        "/v1/procedures/radiofrequency-ablation",
    )


def test_a_name_of_several_records_is_ambiguous(client: Client, load: Load) -> None:
    shared = [{"text": "Radiculopathy", "kind": "synonym", "ambiguous": True}]
    load(condition("lumbar", names=shared), condition("cervical", names=shared))

    response = client.get("/v1/conditions/radiculopathy")

    assert (response.status_code, response.json()["code"]) == (404, "ambiguous_name")
    assert {suggestion["slug"] for suggestion in response.json()["suggestions"]} == {"lumbar", "cervical"}
    assert client.get("/v1/procedures?condition=radiculopathy").status_code == 422


def test_a_misspelled_slug_gets_404_with_suggestions(client: Client, load: Load) -> None:
    load(procedure("epidural-steroid-injection"), procedure("vertebroplasty"))

    response = client.get("/v1/procedures/epidurel")

    assert response.status_code == 404
    assert response.json()["suggestions"][0]["slug"] == "epidural-steroid-injection"
    assert response.json()["instance"] == "/v1/procedures/epidurel"


def test_every_path_checks_the_release_parameter(client: Client, load: Load) -> None:
    load(procedure("p"))
    version = client.get("/v1/releases/current").json()["version"]

    assert client.get("/v1/procedures/p", params={"release": version}).status_code == 200
    assert client.get("/v1/procedures/p?release=0.0.1").status_code == 410


def test_readiness_ignores_the_release_parameter(client: Client, load: Load) -> None:
    load(procedure("p"))

    assert client.get("/health/ready?release=0.0.1").status_code == 200


def test_a_request_with_a_matching_etag_gets_304_without_a_body(client: Client, load: Load) -> None:
    load(procedure("p"))
    first = client.get("/v1/procedures/p")

    again = client.get("/v1/procedures/p", headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    assert client.get("/v1/procedures/p", headers={"If-None-Match": '"other"'}).status_code == 200


def test_health_checks_never_get_304(client: Client, load: Load) -> None:
    load(procedure("p"))

    for path in ("/health/live", "/health/ready"):
        assert client.get(path, headers={"If-None-Match": "*"}).status_code == 200


def test_each_encoding_has_its_own_strong_etag_and_the_same_content(client: Client, load: Load) -> None:
    load(procedure("p"))

    responses = [
        client.get("/v1/procedures/p", headers={"Accept-Encoding": encoding}) for encoding in ("identity", "gzip", "br")
    ]

    assert [response.headers.get("content-encoding") for response in responses] == [None, "gzip", "br"]
    assert len({response.headers["etag"] for response in responses}) == 3
    assert len({response.json()["slug"] for response in responses}) == 1
    assert all(response.headers["vary"] == "Accept-Encoding" for response in responses)
    unencoded = client.get("/v1/procedures/p", headers={"Accept-Encoding": "br;q=0, gzip;q=0"})
    assert "content-encoding" not in unencoded.headers


def test_head_has_the_headers_of_get_and_no_body(client: Client, load: Load) -> None:
    load(procedure("p"))

    head, get = client.request("HEAD", "/v1/procedures/p"), client.get("/v1/procedures/p")

    assert head.content == b""
    assert dict(head.headers) == dict(get.headers)


def test_other_methods_get_405_and_allow_lists_the_supported_ones(client: Client, load: Load) -> None:
    load(procedure("p"))

    for method in ("POST", "PUT", "DELETE", "PATCH", "BREW"):
        response = client.request(method, "/v1/procedures/p")
        assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert client.request("OPTIONS", "/v1/procedures/p").headers["allow"] == "GET, HEAD, OPTIONS"


def test_every_response_names_its_release_and_allows_cross_origin_requests(client: Client, load: Load) -> None:
    load(procedure("p"))

    for path in ("/v1/procedures", "/v1/procedures/p", "/v1/procedures/none", "/v1/nothing"):
        response = client.get(path)
        assert response.headers["access-control-allow-origin"] == "*"
        assert "ETag" in response.headers["access-control-expose-headers"]
    assert client.get("/v1/procedures").headers["kb-release"] == client.get("/v1/releases/current").json()["version"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/procedures/p", 200),
        ("HEAD", "/v1/procedures/p", 200),
        ("GET", "/v1/procedures/rhizotomy", 307),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/procedures?limit=0", 422),
        ("GET", "/v1/procedures/%zz", 400),
        ("GET", "/v1/procedures?q=" + "a" * 9000, 414),
        ("POST", "/v1/procedures", 405),
        ("OPTIONS", "/v1/procedures", 204),
        ("OPTIONS", "/mcp", 204),
        ("GET", "/mcp", 404),
        ("POST", "/mcp", 404),
        ("GET", "/fhir/metadata", 404),
        ("GET", "/health/live", 200),
        ("GET", "/health/ready", 200),
        ("GET", "/metrics", 200),
        ("GET", "/", 200),
        ("GET", "/nothing", 404),
        ("GET", "/procedures/p", 200),
        ("GET", "/static/icon.svg", 200),
        ("GET", "/embed", 200),
        ("GET", "/embed/procedures/p", 200),
        ("GET", "/oembed?url=/procedures/p", 404),
        ("GET", "/sitemap.xml", 404),
        ("GET", "/openapi.json", 200),
        ("GET", "/v1/export/kb.sqlite", 200),
        ("GET", "/v1/procedures/p.jsonld", 200),
        ("GET", "/v1/releases.atom", 200),
    ],
)
def test_every_answer_names_the_build_that_made_it(
    client: Client, load: Load, method: str, path: str, status: int
) -> None:
    load(procedure("p", names=[{"text": "Rhizotomy", "kind": "synonym"}]))

    for _ in range(2):
        response = client.request(method, path)
        assert response.status_code == status
        assert response.headers.get_list("kb-build") == [code_fingerprint()]
        if (tag := response.headers.get("etag")) and not path.startswith(("/health", "/metrics")):
            unchanged = client.request(method, path, headers={"If-None-Match": tag})
            assert (unchanged.status_code, unchanged.headers.get_list("kb-build")) == (304, [code_fingerprint()])


def test_no_header_of_a_request_but_its_encoding_changes_an_answer(client: Client, load: Load) -> None:
    load(procedure("p", names=[{"text": "Rhizotomy", "kind": "synonym"}]))
    sent = (
        "accept",
        "accept-language",
        "prefer",
        "host",
        "x-forwarded-host",
        "x-forwarded-proto",
        "origin",
        "range",
        "cookie",
    )

    for path in ("/v1/procedures/p", "/v1/nothing", "/v1/procedures/rhizotomy", "/procedures/p", "/", "/nothing"):
        client.app.adopt_release("")
        client.poll_release()
        odd = client.get(path, headers={**dict.fromkeys(sent, "a?b#c"), "accept-encoding": "identity"})
        client.app.adopt_release("")
        client.poll_release()
        plain = client.get(path, headers={"accept-encoding": "identity"})
        assert (odd.status_code, odd.content, odd.headers) == (plain.status_code, plain.content, plain.headers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_is_counted_under_its_route(client: Client, load: Load, method: str) -> None:
    load(procedure("p"))
    client.request(method, "/v1/procedures/p")

    assert 'route="/procedures/{slug}"' in client.get("/metrics").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/procedures/%00", 400),
        ("/v1/procedures?q=%00", 400),
        ("/v1/procedures/%ff", 400),
        ("/v1/procedures/%zz", 400),
        ("/v1/procedures?q=%ED%A0%80", 400),
        ("/v1/procedures?q=" + "a" * 9000, 414),
        ("/v1/procedures?q=" + "a" * 300, 422),
        ("/v1/procedures/" + "a" * 300, 422),
        ("/v2/procedures", 404),
        ("/v1/procedures/a%2Fb", 404),
        ("/v1/procedures/%F0%9F%98%80", 404),
        ("/v1/claims/none", 404),
        ("/v1/releases/none", 404),
        ("/v1/releases/1%7C/changes", 404),
        ("/v1/compare?procedure=p", 422),
        ("/v1/compare?procedure=p&procedure=p", 422),
    ],
)
def test_a_bad_url_gets_a_problem(client: Client, load: Load, path: str, status: int) -> None:
    load(procedure("p"))

    response = client.get(path)

    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"


def test_too_many_headers_get_431(client: Client, load: Load) -> None:
    load(procedure("p"))

    assert client.get("/v1/procedures", headers={f"x-{n}": "y" for n in range(120)}).status_code == 431
    assert client.get("/v1/procedures", headers={"x-long": "y" * 17_000}).status_code == 431


def test_an_empty_database_gets_503_not_loaded(tmp_path: Path, runner: asyncio.Runner) -> None:
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    engine = create_write_engine(url)
    migrate(engine)
    engine.dispose()
    client = Client(create_app(Settings(database_url=url)), runner)

    response = client.get("/v1/procedures")

    assert (response.status_code, response.json()["code"]) == (503, "not_loaded")
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200
    client.close()


@settings(max_examples=60)
@given(
    parameter=st.sampled_from(["q", "family", "condition", "cursor", "limit", "sort", "min_relief", "release", "x"]),
    value=st.text(max_size=60),
)
def test_no_query_gets_a_5xx(shipped: Client, parameter: str, value: str) -> None:
    try:
        response = shipped.get("/v1/procedures", params={parameter: value})
    except UnicodeEncodeError:
        return
    assert response.status_code in {200, 400, 410, 422}
    if response.status_code != 200:
        assert response.json()["title"]


def test_an_unhandled_exception_becomes_a_problem_without_internals(
    client: Client, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(procedure("facet-rfa"))

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("app.api.v1.procedures.list_page", fail)
    response = client.get("/v1/procedures")

    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert "secret" not in response.text
    assert client.get("/v1/procedures/facet-rfa").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/procedures?famly=x"), ("GET", "/v1/nope"), ("POST", "/v1/procedures"), ("GET", "/v1/%ff")],
)
def test_an_error_response_names_the_current_release(client: Client, load: Load, method: str, path: str) -> None:
    load(procedure("p"))
    version = client.get("/v1/releases/current").json()["version"]

    assert client.request(method, path).headers["kb-release"] == version
