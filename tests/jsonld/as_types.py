"""Write the JSON-LD of all records and pages as typed TypeScript constants: `as_types.py DIRECTORY`."""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

import httpx

from app.formats.jsonld import THERAPY
from app.http.release_watcher import read_current_release
from app.main import create_app
from app.settings import load_settings

RECORDS = ("procedures", "conditions", "pain-generators")
PAGES = ("/", "/procedures", "/matrix", "/relief", "/guide", "/sources", "/notice")
BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


def narrow_types(value: Any) -> Any:
    """Give each nested node one type, as the package requires: a treatment gets the narrower of its two."""
    if isinstance(value, list):
        return [narrow_types(child) for child in value]
    if isinstance(value, dict):
        return {
            key: "MedicalTherapy" if key == "@type" and child == THERAPY else narrow_types(child)
            for key, child in value.items()
        }
    return value


def render_constant(name: str, node: dict[str, Any]) -> str:
    types = node["@type"]
    typed = (
        f"MergeLeafTypes<[{', '.join(f'S.{name}Leaf' for name in types)}]>" if isinstance(types, list) else f"S.{types}"
    )
    content = {key: child if key == "@type" else narrow_types(child) for key, child in node.items()}
    return f"export const {name}: S.WithContext<{typed}> = {json.dumps(content, ensure_ascii=False)};"


def render_constants(name: str, node: dict[str, Any]) -> list[str]:
    """Constants of a node; the action of a site apart, whose inputs the package types apart from the action."""
    if node["@type"] != "WebSite":
        return [render_constant(name, node)]
    action = json.dumps(node["potentialAction"])
    site = {key: child for key, child in node.items() if key != "potentialAction"}
    typed_action = f"export const {name}Action: WithActionConstraints<S.SearchAction> = {action};"
    return [render_constant(name, site), typed_action]


async def load_nodes() -> dict[str, dict[str, Any]]:
    app = create_app(load_settings())
    engine = app.app.state.services.engine  # type: ignore[attr-defined]
    release = read_current_release(engine)
    assert release is not None
    app.adopt_release(release.revision)
    nodes = {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://kb.test") as client:
        for folder in RECORDS:
            for slug in await list_slugs(client, folder):
                response = await client.get(f"/v1/{folder}/{slug}.jsonld")
                nodes[f"{folder} {slug}"] = response.raise_for_status().json()
        for path in PAGES:
            page = (await client.get(path)).raise_for_status().text
            for n, block in enumerate(BLOCK.findall(page)):
                nodes[f"page{n} {path}"] = json.loads(block)
    engine.dispose()
    return nodes


async def list_slugs(client: httpx.AsyncClient, folder: str) -> list[str]:
    slugs: list[str] = []
    cursor = None
    while True:
        page = (
            await client.get(f"/v1/{folder}", params={"limit": 100} | ({"cursor": cursor} if cursor else {}))
        ).json()
        slugs += [record["slug"] for record in page["items"]]
        cursor = page["page"]["next"]
        if cursor is None:
            return slugs


def main() -> None:
    nodes = asyncio.run(load_nodes())
    head = 'import type * as S from "schema-dts";\nimport type { MergeLeafTypes, WithActionConstraints } from "schema-dts";\n'
    lines = [line for n, node in enumerate(nodes.values()) for line in render_constants(f"n{n}", node)]
    (Path(sys.argv[1]) / "nodes.ts").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(nodes)} nodes: {sum(not name.startswith('page') for name in nodes)} records, the rest pages")


main()
