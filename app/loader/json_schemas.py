"""JSON Schemas of the seed files, so that editors complete them."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from app.seed import schema as seed


def schemas() -> dict[str, str]:
    """Text of each schema by file name."""
    single: dict[str, Any] = {
        "procedure": seed.Procedure,
        "condition": seed.Condition,
        "pain-generator": seed.PainGenerator,
        "about": seed.About,
        "editorial": seed.Editorial,
        "release": seed.ReleaseFile,
    }
    lists: dict[str, tuple[str, Any]] = {
        "risks": ("risks", seed.Risk),
        "sources": ("sources", seed.Source),
        "guide": ("pages", seed.GuidePage),
        "withdrawn": ("withdrawn", seed.Withdrawn),
    }
    found = {name: cls.model_json_schema(by_alias=True) for name, cls in single.items()}
    for name, (key, cls) in lists.items():
        entry = TypeAdapter(cls).json_schema(by_alias=True)
        definitions = entry.pop("$defs", {})
        found[name] = {
            "$defs": definitions,
            "type": "object",
            "title": name.capitalize(),
            "properties": {"$schema": {"type": "string"}, key: {"type": "array", "items": entry}},
            "required": [key],
            "additionalProperties": False,
        }
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {
        f"{name}.json": json.dumps(draft | schema, indent=1, ensure_ascii=False) + "\n"
        for name, schema in found.items()
    }


def write_schemas(root: Path) -> list[str]:
    """Write what differs below `root`/schema; names of what was written."""
    folder = root / "schema"
    folder.mkdir(parents=True, exist_ok=True)
    written = stale(root)
    for name in written:
        (folder / name).write_text(schemas()[name], encoding="utf-8")
    return written


def stale(root: Path) -> list[str]:
    """Names of schemas whose file is missing or differs from the code."""
    folder = root / "schema"
    return [
        name
        for name, text in schemas().items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    ]
