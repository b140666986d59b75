"""JSON Schemas of the seed files, for validation and completion in editors."""

import json
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from app.domain.clinic import ClinicEdition
from app.seed import schema as seed
from app.seed.reader import LIST_FILES, RECORD_FOLDERS, SINGLE_FILES


def build_schemas() -> dict[str, str]:
    """Build the text of each schema by file name."""
    single: dict[str, type[BaseModel]] = {"release": seed.ReleaseFile, "review": seed.ReviewIn, "clinic": ClinicEdition}
    single |= {record_type.replace("_", "-"): cls for _, cls, _, record_type in RECORD_FOLDERS}
    single |= {name.removesuffix(".json"): cls for name, cls, _ in SINGLE_FILES}
    schemas = {name: cls.model_json_schema(by_alias=True) for name, cls in single.items()}
    for file_name, key, entry_cls, *_ in LIST_FILES:
        name = file_name.removesuffix(".json")
        entry = TypeAdapter(entry_cls).json_schema(by_alias=True)
        definitions = entry.pop("$defs", {})
        schemas[name] = {
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
        for name, schema in schemas.items()
    }


def write_schemas(root: Path) -> list[str]:
    """Write missing and outdated schemas to `root`/schema and return their file names."""
    folder = root / "schema"
    folder.mkdir(parents=True, exist_ok=True)
    outdated = list_outdated_schemas(root)
    for name in outdated:
        (folder / name).write_text(build_schemas()[name], encoding="utf-8")
    return outdated


def list_outdated_schemas(root: Path) -> list[str]:
    """File names of schemas that are missing or differ from the code."""
    folder = root / "schema"
    return [
        name
        for name, text in build_schemas().items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    ]
