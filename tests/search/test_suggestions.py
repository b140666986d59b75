"""Suggestions: every prefix of every name, not averages; and the same in every process."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from build import condition, generator, procedure, risk
from checkout import ROOT
from conftest import Client, Load

from app.text.normalize import normalize

Items = list[dict[str, Any]]


def suggest(client: Client, typed: str, **parameters: Any) -> Items:
    items: Items = client.get("/v1/suggest", params={"q": typed, **parameters}).json()["items"]
    return items


@pytest.fixture
def one_engine(shipped: Client, request: pytest.FixtureRequest) -> Client:
    if "postgresql" in request.node.name:
        pytest.skip("suggestions come from the index, which both engines share")
    return shipped


def test_names_that_begin_with_what_is_typed_come_first_and_whole_names_before_them(one_engine: Client) -> None:
    names = {
        normalize(item["name"])
        for path in ("procedures", "conditions", "pain-generators")
        for item in one_engine.get(f"/v1/{path}?limit=100").json()["items"]
    }
    assert len(names) > 100
    for typed in sorted({name[:length] for name in names for length in (2, 4, 7)} | names):
        items = suggest(one_engine, typed, limit=20)
        texts = [normalize(item["text"]) for item in items]
        assert items, typed
        begins = [text.startswith(typed) for text in texts]
        assert begins == sorted(begins, reverse=True), (typed, texts)
        assert typed not in texts or texts[0] == typed, (typed, texts)
        records = [(item["type"], item["slug"]) for item in items]
        assert len(set(records)) == len(records), typed


def test_the_order_of_suggestions_is_that_of_closeness_then_type_then_length(client: Client, load: Load) -> None:
    load(
        procedure("first", name="Knee block of the joint"),
        procedure("second", name="Knee block", names=[{"text": "Knee bloc", "kind": "synonym"}]),
        procedure("third", name="Injection", names=[{"text": "Knee shot", "kind": "synonym"}]),
        procedure("fourth", name="Block of the knee"),
        condition("fifth", name="Knee pain"),
        generator("sixth", name="Knee"),
        risk("seventh", name="Knee swelling"),
    )

    def slugs(typed: str, **parameters: Any) -> list[str]:
        return [item["slug"] for item in suggest(client, typed, **parameters)]

    assert slugs("knee")[0] == "sixth"
    assert slugs("knee block")[:2] == ["second", "first"]
    assert slugs("knee bl")[:2] == ["second", "first"]
    everything = slugs("kne")
    assert sorted(everything) == ["fifth", "first", "fourth", "second", "seventh", "sixth", "third"]
    # What only has a word that begins so is last; a synonym comes after preferred names of the same type.
    assert everything[-1] == "fourth"
    assert everything.index("third") > everything.index("first")
    assert slugs("kne", limit=3) == everything[:3]
    assert [slugs("kne", type=kind) for kind in ("condition", "risk")] == [["fifth"], ["seventh"]]
    # Misspelled.
    assert slugs("knea")[0] == "sixth"
    assert slugs("swelinng") == ["seventh"]
    assert slugs("xxxxxxxx") == []


def test_suggestions_do_not_depend_on_the_process(tmp_path: Any) -> None:
    script = tmp_path / "suggest.py"
    script.write_text(
        "import asyncio, json, sys\n"
        "from pathlib import Path\n"
        "from build import condition, procedure, write_seed\n"
        "from conftest import Client\n"
        "from app.db.migrations import migrate\n"
        "from app.db.write_engine import create_write_engine\n"
        "from app.loader.content import load_content\n"
        "from app.loader.writer import write_content\n"
        "from app.main import create_app\n"
        "from app.settings import Settings\n"
        "root = Path(sys.argv[1])\n"
        # More names are as near to what is typed as are compared.
        "words = [f'b{letter}nd' for letter in 'abcdefghijklmo']\n"
        "write_seed(root / 'seed', *(condition(w, name=w.title() + ' pain') for w in words))\n"
        "url = f'sqlite:///{root}/kb.sqlite3'\n"
        "engine = create_write_engine(url); migrate(engine); write_content(engine, load_content(root / 'seed'))\n"
        "with asyncio.Runner() as runner:\n"
        "    client = Client(create_app(Settings(database_url=url, search_dir=root / 'search')), runner)\n"
        "    client.poll_release()\n"
        "    typed = ['bxnd', 'bynd', 'bznd', 'bxnd pain']\n"
        "    paths = ('/v1/suggest', '/v1/search')\n"
        "    print(json.dumps([client.get(p, params={'q': t}).json()['items'] for p in paths for t in typed]))\n",
        encoding="utf-8",
    )
    outputs = []
    for seed in ("0", "1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
        command = [sys.executable, str(script), str(tmp_path / seed)]
        output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        outputs.append(json.loads(output))

    assert outputs[0] == outputs[1] == outputs[2]
    assert any(outputs[0])
