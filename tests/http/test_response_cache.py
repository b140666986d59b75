"""Response cache: bounded size, and the same bytes with and without it."""

import gzip

import brotli
import pytest
from build import procedure
from conftest import Client, Load

from app.domain.json import Json
from app.http.gateway import negotiate_encoding


def build_procedures(count: int) -> list[Json]:
    return [procedure(f"p{n:03d}") for n in range(count)]


def count_hits(client: Client) -> int:
    return client.app.metrics.hits


def test_the_cache_keeps_within_its_size_and_evicts_the_least_recently_used_responses(
    client: Client, load: Load
) -> None:
    load(*build_procedures(40))
    client.app.cache.max_bytes = 120_000

    for _ in range(2):
        for n in range(40):
            client.get(f"/v1/procedures/p{n:03d}")
            assert client.app.cache.size[1] <= 120_000

    assert 0 < client.app.cache.size[0] < 40
    hits = count_hits(client)
    client.get("/v1/procedures/p039")
    assert count_hits(client) == hits + 1
    client.get("/v1/procedures/p000")
    assert count_hits(client) == hits + 1


def test_what_is_evicted_frees_what_was_counted_for_it(client: Client, load: Load) -> None:
    load(*build_procedures(40))
    client.app.cache.max_bytes = 120_000

    def count_entries_after_a_round() -> int:
        for n in range(40):
            client.get(f"/v1/procedures/p{n:03d}", headers={"Accept-Encoding": ("br", "gzip", "identity")[n % 3]})
        return client.app.cache.size[0]

    first, *others = [count_entries_after_a_round() for _ in range(6)]

    assert others == [first] * 5


def test_urls_requested_once_do_not_evict_what_is_requested_often(client: Client, load: Load) -> None:
    load(*build_procedures(40))
    client.app.cache.max_bytes = 200_000
    for _ in range(2):
        client.get("/v1/procedures/p000")

    for n in range(1, 40):
        client.get(f"/v1/procedures/p{n:03d}")

    hits = count_hits(client)
    client.get("/v1/procedures/p000")
    assert count_hits(client) == hits + 1


def test_errors_do_not_evict_responses(client: Client, load: Load) -> None:
    load(*build_procedures(3))
    client.get("/v1/procedures/p001")

    client.app.cache.max_bytes = 400_000

    for n in range(60):
        assert client.get(f"/v1/procedures/none-{n}").status_code == 404

    entries, counted = client.app.cache.size
    assert entries < 30
    assert counted < 100_000
    hits = count_hits(client)
    client.get("/v1/procedures/p001")
    assert count_hits(client) == hits + 1


def test_a_response_too_large_for_the_cache_is_sent_and_not_cached(client: Client, load: Load) -> None:
    load(*build_procedures(30))
    client.app.cache.max_bytes = 9_000

    for _ in range(2):
        assert len(client.get("/v1/procedures?limit=30").json()["items"]) == 30

    assert client.app.cache.size == (0, 0)


def test_a_new_release_empties_the_cache(client: Client, load: Load) -> None:
    load(*build_procedures(3))
    previous_total = client.get("/v1/procedures?limit=1").json()["page"]["total"]

    load(*build_procedures(4))

    assert (previous_total, client.get("/v1/procedures?limit=1").json()["page"]["total"]) == (3, 4)


@pytest.mark.parametrize("disabled", [False, True])
def test_a_url_has_the_same_bytes_and_etag_with_and_without_the_cache(
    client: Client, load: Load, *, disabled: bool
) -> None:
    load(*build_procedures(3))
    client.app.cache.max_bytes = 0 if disabled else client.app.cache.max_bytes

    first, second = (client.get("/v1/procedures/p001", headers={"Accept-Encoding": "br"}) for _ in range(2))

    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert (client.app.cache.size[0] == 0) is disabled


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", ""),
        ("identity", ""),
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("*", "br"),
        ("*;q=0", ""),
        ("gzip;q=0", ""),
        ("br;q=nonsense", ""),
        ("GZIP", "gzip"),
        (",;=,,", ""),
    ],
)
def test_the_response_has_the_best_encoding_that_the_client_accepts(
    client: Client, load: Load, accepted: str, encoding: str
) -> None:
    load(*build_procedures(20))
    response = client.request("GET", "/v1/procedures", headers={"Accept-Encoding": accepted})

    assert response.headers.get("content-encoding", "") == encoding == negotiate_encoding(accepted.encode()).decode()
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.headers["etag"].endswith(f'-{encoding}"' if encoding else '"')


def test_compressed_bodies_decompress_to_the_uncompressed_body(client: Client, load: Load) -> None:
    load(*build_procedures(20))
    request = client.http.build_request("GET", "/v1/procedures", headers={"Accept-Encoding": "identity"})
    body = client.runner.run(client.http.send(request)).content

    for encoding, decompress in (("gzip", gzip.decompress), ("br", brotli.decompress)):
        cached = client.app.cache.find(b"/v1/procedures?")
        assert decompress(cached.variant(encoding.encode())[1]["body"]) == body
