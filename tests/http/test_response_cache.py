"""What is held of answers: bounded, never harmful, the same bytes."""

import gzip

import brotli
import pytest
from build import procedure
from conftest import Client, Load

from app.http.response_cache import MAX_CACHED_ERRORS, negotiate_encoding


def many(count: int) -> list[dict[str, object]]:
    return [procedure(f"p{n:03d}") for n in range(count)]


def hits(client: Client) -> int:
    return client.app.metrics.hits


def test_held_answers_stay_within_their_bound_and_the_least_used_go_first(client: Client, load: Load) -> None:
    load(*many(40))
    client.app.cache_bytes = 120_000

    for _ in range(2):
        for n in range(40):
            client.get(f"/v1/procedures/p{n:03d}")
            assert client.app.cache_size[1] <= 120_000

    assert 0 < client.app.cache_size[0] < 40
    before = hits(client)
    client.get("/v1/procedures/p039")
    assert hits(client) == before + 1
    client.get("/v1/procedures/p000")
    assert hits(client) == before + 1


def test_made_up_addresses_do_not_push_out_real_ones(client: Client, load: Load) -> None:
    load(*many(3))
    client.get("/v1/procedures/p001")

    for n in range(MAX_CACHED_ERRORS + 50):
        assert client.get(f"/v1/procedures/none-{n}").status_code == 404

    assert client.app.cache_size[0] <= MAX_CACHED_ERRORS + 1
    before = hits(client)
    client.get("/v1/procedures/p001")
    assert hits(client) == before + 1


def test_an_answer_too_large_for_the_cache_is_given_and_not_held(client: Client, load: Load) -> None:
    load(*many(30))
    client.app.cache_bytes = 9_000

    for _ in range(2):
        assert len(client.get("/v1/procedures?limit=30").json()["items"]) == 30

    assert client.app.cache_size == (0, 0)


def test_a_new_release_empties_what_is_held(client: Client, load: Load) -> None:
    load(*many(3))
    old = client.get("/v1/procedures?limit=1").json()["page"]["total"]

    load(*many(4))

    assert (old, client.get("/v1/procedures?limit=1").json()["page"]["total"]) == (3, 4)


@pytest.mark.parametrize("switched_off", [False, True])
def test_held_or_not_an_address_has_the_same_bytes_and_etag(client: Client, load: Load, *, switched_off: bool) -> None:
    load(*many(3))
    client.app.cache_bytes = 0 if switched_off else client.app.cache_bytes

    first, second = (client.get("/v1/procedures/p001", headers={"Accept-Encoding": "br"}) for _ in range(2))

    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert (client.app.cache_size[0] == 0) is switched_off


@pytest.mark.parametrize(
    ("accepted", "chosen"),
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
def test_the_encoding_is_the_best_that_the_caller_takes(client: Client, load: Load, accepted: str, chosen: str) -> None:
    load(*many(20))
    answer = client.request("GET", "/v1/procedures", headers={"Accept-Encoding": accepted})

    assert answer.headers.get("content-encoding", "") == chosen == negotiate_encoding(accepted.encode()).decode()
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["etag"].endswith(f'-{chosen}"' if chosen else '"')


def test_compressed_bodies_are_the_plain_one(client: Client, load: Load) -> None:
    load(*many(20))
    request = client.http.build_request("GET", "/v1/procedures", headers={"Accept-Encoding": "identity"})
    plain = client.runner.run(client.http.send(request)).content

    for name, unpack in (("gzip", gzip.decompress), ("br", brotli.decompress)):
        entry = client.app._responses[b"/v1/procedures?"]
        assert unpack(entry.variant(name.encode())[1]["body"]) == plain
