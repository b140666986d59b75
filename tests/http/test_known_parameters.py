"""Parameters: the API refuses what it does not know, cheaply and briefly; pages ignore it, and keep no copy for it."""

import asyncio
import re
import time

import pytest
from build import condition, generator, procedure
from conftest import Client, Load

from app.http.known_parameters import PAGE_PARAMETERS
from app.main import create_app
from app.settings import Settings

API_PATHS = ("/v1", "/v1/procedures", "/v1/search", "/v1/export/manifest.json", "/%76%31/procedures", "/openapi.json", "/openapi-3.0.json")  # fmt: skip
MANY = "&".join(f"made_up_{number}=x" for number in range(100))


@pytest.fixture
def fhir(database_url: str, load: Load, runner: asyncio.Runner) -> Client:
    load(procedure("p"))
    fhir_client = Client(
        create_app(Settings(database_url=database_url, features=("fhir",), public_url="https://kb.test")), runner
    )
    fhir_client.poll_release()
    return fhir_client


@pytest.mark.parametrize("path", API_PATHS)
def test_the_api_refuses_unknown_parameters_and_tells_twenty(client: Client, load: Load, path: str) -> None:
    load(procedure("p"))

    response = client.get(f"{path}?{MANY}")

    assert response.status_code == 422
    assert len(response.json()["errors"]) == 20
    assert response.json()["detail"].endswith("; and 80 more") or path == "/v1/search"
    assert len(response.content) < 16_000


def test_the_fhir_form_of_a_refusal_counts_the_rest(fhir: Client) -> None:
    for path in ("/fhir/ActivityDefinition", "/fhir/metadata", "/fhir/openapi.json"):
        response = fhir.get(f"{path}?{MANY}")

        # FHIR refuses parameters with 400.
        assert response.status_code == 400
        issues = response.json()["issue"]
        assert [issue["details"]["text"] for issue in issues[20:]] == ["and 80 more"]
        assert len(response.content) < 16_000
    fhir.close()


def test_too_many_values_of_one_parameter_are_told_in_brief(client: Client, load: Load) -> None:
    load(procedure("p"))

    for query in ("limit=5&" * 100, "family=" + "&family=".join("x" * 70 for _ in range(100))):
        response = client.get(f"/v1/procedures?{query[:7900].rstrip('&')}")

        assert response.status_code == 422
        assert len(response.content) < 16_000


@pytest.mark.parametrize("path", [*API_PATHS, "/search", "/oembed", "/fhir/Evidence"])
def test_more_than_a_hundred_parameters_are_refused_unread(fhir: Client, path: str) -> None:
    response = fhir.get(f"{path}?{'a=1&' * 100}")

    assert response.status_code == (400 if path.startswith("/fhir/") else 422)
    assert "at most 100" in response.text
    assert response.headers["cache-control"] == "no-store"
    assert len(response.content) < 1_000
    fhir.close()


def test_a_refusal_costs_less_than_a_few_milliseconds(client: Client, load: Load) -> None:
    load(procedure("p"))
    query = "&".join(f"{number:070}={number}" for number in range(100))[:7_900]
    client.get(f"/v1/procedures?{query}")

    began = time.perf_counter()
    for number in range(20):
        assert client.get(f"/v1/procedures?a{number}&{query[:7_800]}").status_code == 422

    # A tenth of what one took when each unknown name was compared with all known ones.
    assert (time.perf_counter() - began) / 20 < 0.05


def test_pages_frames_cards_and_oembed_share_one_response_for_whatever_they_do_not_know(
    client: Client, load: Load
) -> None:
    load(generator("knee"), condition("gout"), procedure("p", indicated=["gout"], treats=["knee"]))

    for path in (
        "/",
        "/procedures/p",
        "/search?q=knee",
        "/matrix?role=treats",
        "/compare?procedure=p",
        "/relief?start=0",
        "/embed/procedures/p?theme=dark",
        "/embed/v1/procedures/p.json",
        "/embed/v1/kb.js",
        "/oembed?url=/procedures/p&maxwidth=400",
        "/robots.txt",
        "/procedures/none",
        "/no-such-page",
        "/v1/infobutton?mainSearchCriteria.v.dn=gout",
    ):
        separator = "&" if "?" in path else "?"
        plain = client.get(path)
        entries, hits = client.app.cache.size[0], client.app.metrics.hits

        for number in range(5):
            response = client.get(f"{path}{separator}utm_source={number}&fbclid={number}&dnt=1&a{number}")

            assert (response.status_code, response.content) == (plain.status_code, plain.content), path
            assert response.headers == plain.headers
        assert client.app.cache.size[0] == entries, path
        assert client.app.metrics.hits == hits + 5, path


def test_a_page_keeps_the_parameters_that_it_knows(client: Client, load: Load) -> None:
    load(*(procedure(f"p{number}", treats=["knee"]) for number in range(3)), generator("knee"))

    assert client.get("/embed/procedures/p1?dnt=1&theme=nonsense").status_code == 422
    assert client.get("/search?utm_source=x&q=knee").text.count('value="knee"') > 0
    assert client.get("/procedures/p1?utm_source=x&release=0.0.1").status_code == 410
    assert client.get("/oembed?dnt=1&url=/procedures/p1&format=yaml").status_code == 501
    redirect = client.get("/matrix/?role=treats&utm_source=x")
    assert redirect.headers["location"] == "/matrix?role=treats"
    assert client.get("/v1//procedures?utm_source=x").headers["location"] == "/v1/procedures?utm_source=x"


def test_every_parameter_of_a_form_is_known(client: Client, load: Load) -> None:
    load(generator("knee"), condition("gout"), procedure("p", indicated=["gout"], treats=["knee"]))
    names: set[str] = set()
    for path in ("/search", "/matrix", "/compare", "/relief", "/embed", "/embed/search", "/"):
        names.update(re.findall(r'<(?:input|select)[^>]* name="([^"]+)"', client.get(path).text))

    assert {"q", "role", "family", "body_region", "by", "procedure", "condition", "theme"} <= names <= PAGE_PARAMETERS


def test_made_up_searches_drop_nothing_that_the_release_needs(client: Client, load: Load) -> None:
    load(*(procedure(f"p{number}") for number in range(3)))
    services = client.app.app.state.services  # type: ignore[attr-defined]
    services.values_by_request.max_bytes = 20_000
    client.get("/v1/search?q=p1")
    index = services.prepared.find(client.app.revision, "index")

    for number in range(100):
        client.get(f"/v1/procedures?limit=1&sort=-name&facet=family&name_or_alias={number}")
        client.get(f"/v1/procedures?limit=1&min_relief=P{number + 1}D&facet=family&facet=intent")
        assert services.values_by_request.bytes <= 20_000

    assert services.values_by_request.bytes > 5_000
    assert index is services.prepared.find(client.app.revision, "index")


def test_the_kept_values_of_requests_are_those_used_last(client: Client, load: Load) -> None:
    load(procedure("p"))
    values = client.app.app.state.services.values_by_request  # type: ignore[attr-defined]
    values.max_bytes, built = 3_000, []

    def get(key: int) -> int:
        return int(values.get(("key", key), lambda: built.append(key) or key))

    for key in (1, 2, 1, 3, 1, 4, 5, 6, 1):
        assert get(key) == key

    assert built.count(1) == 1
    assert values.bytes <= 3_000
