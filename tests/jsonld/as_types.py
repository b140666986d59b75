"""Write the JSON-LD of every procedure, condition and pain generator, and of the pages, as typed constants: `as_types.py DIRECTORY`."""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

import httpx

from app.formats.jsonld import THERAPY
from app.http.release_watcher import look
from app.main import create_app
from app.settings import load_settings

RECORDS = ("procedures", "conditions", "pain-generators")
PAGES = ("/", "/procedures", "/matrix", "/relief", "/guide", "/sources", "/notice")
BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


def nested(value: Any) -> Any:
    """The types of the package give a nested node one type: of a treatment that is the narrower of its two."""
    if isinstance(value, list):
        return [nested(one) for one in value]
    if isinstance(value, dict):
        return {
            key: "MedicalTherapy" if key == "@type" and one == THERAPY else nested(one) for key, one in value.items()
        }
    return value


def constant(name: str, node: dict[str, Any]) -> str:
    types = node["@type"]
    typed = (
        f"MergeLeafTypes<[{', '.join(f'S.{one}Leaf' for one in types)}]>" if isinstance(types, list) else f"S.{types}"
    )
    shown = {key: one if key == "@type" else nested(one) for key, one in node.items()}
    return f"export const {name}: S.WithContext<{typed}> = {json.dumps(shown, ensure_ascii=False)};"


async def nodes() -> dict[str, dict[str, Any]]:
    app = create_app(load_settings())
    engine = app.app.state.engine  # type: ignore[attr-defined]
    release = look(engine)
    assert release is not None
    app.see(release.revision)
    found = {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://kb.test") as client:
        for folder in RECORDS:
            for slug in await slugs(client, folder):
                answer = await client.get(f"/v1/{folder}/{slug}.jsonld")
                found[f"{folder} {slug}"] = answer.raise_for_status().json()
        for path in PAGES:
            page = (await client.get(path)).raise_for_status().text
            for n, block in enumerate(BLOCK.findall(page)):
                found[f"page{n} {path}"] = json.loads(block)
    engine.dispose()
    return found


async def slugs(client: httpx.AsyncClient, folder: str) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        answer = (
            await client.get(f"/v1/{folder}", params={"limit": 100} | ({"cursor": cursor} if cursor else {}))
        ).json()
        found += [one["slug"] for one in answer["items"]]
        cursor = answer["page"]["next"]
        if cursor is None:
            return found


def main() -> None:
    found = asyncio.run(nodes())
    head = 'import type * as S from "schema-dts";\nimport type { MergeLeafTypes } from "schema-dts";\n'
    lines = [constant(f"n{n}", node) for n, node in enumerate(found.values())]
    (Path(sys.argv[1]) / "nodes.ts").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(found)} nodes: {sum(not name.startswith('page') for name in found)} records, the rest pages")


main()
