"""The registry of the domain: what a new claim kind and a new field need, and that nothing in the content vanishes."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from build import claim, condition, generator, procedure, risk
from checkout import ROOT

from app.domain.claim_kinds import CLAIM_KINDS_BY_RECORD_TYPE
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES, TYPES_WITH_BLOCKS, get_evidence_path

STATEMENT = "Most people stay for two nights."
SEARCHED_OUTPUTS = (
    *("detail", "page", "claims.csv", "kb.ndjson", "kb.json", "kb.sqlite", "FHIR resource", "MCP get", "claim"),
    *("JSON Schema of the seed", "OpenAPI document", "FHIR StructureDefinition", "FHIR code system"),
)
# File -> (text in it, text that replaces it).
NEW_CLAIM_KIND: dict[str, tuple[str, str]] = {
    "app/domain/claim_kinds.py": (
        'ClaimKind("guide", "Patient guide", ""),',
        """ClaimKind(
        "hospital_stay",
        "Hospital stay",
        "hospital_stays",
        {"procedure": PageSection("How long people stay", "afterwards")},
        values.HospitalStayValue,
    ),
    ClaimKind("guide", "Patient guide", ""),""",
    ),
    "app/domain/values.py": (
        "class StatementValue(Value):",
        '''class HospitalStayValue(Value):
    """How long people stay in hospital after a procedure."""

    nights: int
    conditions: Annotated[list[str], RecordSlug("condition")] = []


class StatementValue(Value):''',
    ),
}
NEW_FIELD: dict[str, tuple[str, str]] = {
    "app/domain/record_types.py": ('"implant"),', '"implant", "position"),'),
    "app/seed/schema.py": (
        "    related: list[RelatedProcedureIn] = []",
        "    position: str\n    related: list[RelatedProcedureIn] = []",
    ),
    "app/schemas/records.py": (
        "    implant: bool = Field(",
        '    position: str = Field(description="How the patient lies.")\n    implant: bool = Field(',
    ),
    "app/web/templates/procedure_evidence.html": (
        "<h1>{{ record.name }}</h1>",
        "<h1>{{ record.name }}</h1>{{ record.position }}",
    ),
}
# Writes a seed, loads it into a copy of the application, and prints every output as JSON.
SCRIPT = """
import asyncio, json, sqlite3, sys
from pathlib import Path
import httpx
from build import claim, condition, procedure, write_seed
from app.db.migrations import migrate
from app.db.write_engine import create_write_engine
from app.http.release_watcher import read_current_release
from app.loader.content import load_content
from app.loader.json_schemas import build_schemas
from app.loader.writer import write_content
from app.main import create_app
from app.settings import Settings

root = Path(sys.argv[1])
claims = [claim("stay-1", "hospital_stay", {"nights": 2, "conditions": ["sciatica"]}, statement=sys.argv[2])]
seed = write_seed(root / "seed", procedure("fusion", claims=claims, position="prone-on-a-table"), condition("sciatica"))
settings = Settings(
    database_url=f"sqlite:///{root}/kb.sqlite3", export_dir=root / "export", search_dir=root / "search",
    features=("fhir", "mcp"), public_url="https://kb.test",
)
writer = create_write_engine(settings.database_url)
migrate(writer)
write_content(writer, load_content(seed))
app = create_app(settings)
app.database_can_hang = False
release = read_current_release(app.app.state.services.engine)
app.adopt_release(release.revision, release.version)


async def request_outputs() -> dict[str, str]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://kb.test") as http:
        async def get(path: str) -> str:
            response = await http.get(path)
            assert response.status_code == 200, (path, response.text)
            return response.text

        (root / "exported.sqlite").write_bytes((await http.get("/v1/export/kb.sqlite")).content)
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
        arguments = {"name": "fusion", "sections": ["hospital_stays"]}
        with sqlite3.connect(root / "exported.sqlite") as database:
            rows = database.execute("SELECT * FROM claim").fetchall() + database.execute("SELECT * FROM tag").fetchall()
        outputs = {
            "detail": await get("/v1/procedures/fusion"),
            "page": await get("/procedures/fusion/evidence"),
            "claim": await get("/v1/claims/stay-1"),
            "claims.csv": await get("/v1/export/claims.csv"),
            "procedures.csv": await get("/v1/export/procedures.csv"),
            "kb.json": await get("/v1/export/kb.json"),
            "kb.ndjson": await get("/v1/export/kb.ndjson"),
            "kb.sqlite": str(rows),
            "FHIR resource": await get("/fhir/Evidence/stay-1"),
            "FHIR record": await get("/fhir/ActivityDefinition/fusion"),
            "FHIR StructureDefinition": await get("/fhir/StructureDefinition/value-hospital-stay"),
            "FHIR StructureDefinition of records": await get("/fhir/StructureDefinition/record"),
            "FHIR code system": await get("/fhir/CodeSystem/claim-kinds"),
            "OpenAPI document": await get("/openapi.json"),
            "JSON Schema of the seed": build_schemas()["procedure.json"],
        }
        # Only with its lifespan does the application answer MCP; without, it builds the exports when they are requested.
        async with app.app.router.lifespan_context(app.app):
            called = await http.post(
                "/mcp",
                json={**call, "params": {"name": "get", "arguments": arguments}},
                headers={"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"},
            )
        return {**outputs, "MCP get": called.text}


print(json.dumps(asyncio.run(request_outputs())))
"""


def read_outputs(directory: Path, *changes: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Outputs of a copy of the application with changes, by name."""
    copy = directory / "copy"
    for folder in ("app", "migrations"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for change in changes:
        for name, (old, new) in change.items():
            text = (copy / name).read_text(encoding="utf-8")
            assert text.count(old) == 1, f"{old!r} is not once in {name}"
            (copy / name).write_text(text.replace(old, new), encoding="utf-8")
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(directory), STATEMENT],
        cwd=copy,
        env={"PYTHONPATH": f"{copy}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    outputs: dict[str, str] = json.loads(process.stdout)
    return outputs


@pytest.fixture(scope="module")
def changed_outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return read_outputs(tmp_path_factory.mktemp("registry"), NEW_CLAIM_KIND, NEW_FIELD)


def test_a_new_claim_kind_is_a_row_and_a_value_model() -> None:
    assert list(NEW_CLAIM_KIND) == ["app/domain/claim_kinds.py", "app/domain/values.py"]


@pytest.mark.parametrize("output", SEARCHED_OUTPUTS)
def test_a_new_claim_kind_is_in_every_output(changed_outputs: dict[str, str], output: str) -> None:
    described = {
        "JSON Schema of the seed": "HospitalStayClaimIn",
        "OpenAPI document": "HospitalStayClaimOut",
        "FHIR StructureDefinition": "How long people stay in hospital",
        "FHIR code system": "Hospital stay",
    }

    assert described.get(output, STATEMENT) in changed_outputs[output]


def test_a_new_claim_kind_has_its_block_value_and_heading(changed_outputs: dict[str, str]) -> None:
    (stay,) = json.loads(changed_outputs["detail"])["hospital_stays"]["items"]

    assert stay["value"]["nights"] == 2
    assert stay["value"]["conditions"] == [{"type": "condition", "slug": "sciatica", "name": "Sciatica"}]
    assert "<h3>How long people stay</h3>" in changed_outputs["page"]
    assert '"valueInteger":2' in changed_outputs["FHIR resource"]


def test_a_new_field_of_a_procedure_touches_at_most_five_files() -> None:
    # The fifth is a test.
    assert len(NEW_FIELD) <= 4


@pytest.mark.parametrize(
    "output",
    ["detail", "page", "procedures.csv", "kb.json", "kb.ndjson", "kb.sqlite", "FHIR record", "MCP get"],
)
def test_a_new_field_of_a_procedure_is_in_every_output(changed_outputs: dict[str, str], output: str) -> None:
    assert "prone-on-a-table" in changed_outputs[output]


def test_a_new_field_of_a_procedure_is_described(changed_outputs: dict[str, str]) -> None:
    for output in ("OpenAPI document", "FHIR StructureDefinition of records"):
        assert "How the patient lies." in changed_outputs[output]
    assert '"position"' in changed_outputs["JSON Schema of the seed"]


def build_value(claim_kind: str) -> Json:
    """Value of a claim that a seed accepts."""
    values: dict[str, Json] = {
        "target": {"pain_generator": "g", "role": "treats"},
        "indication": {"condition": "c", "role": "treats"},
        "procedure_risk": {"risk": "r", "phrase": "bruise", "state": "known"},
        "relief_duration": {"measure": "duration", "statistic": "range", "intent": "therapeutic", "magnitude": "month"}
        | {"label": "months"},
        "onset": {"magnitude": "day", "label": "days"},
        "response_rate": {},
        "finding": {"outcome": "pain", "direction": "unclear"},
        "recommendation": {"body": "A body", "position": "for", "procedures": []},
        "evidence_grade": {"grade_stated": "B"},
        "coverage": {"payer": "A payer"},
        "contraindication": {"label": "A label", "topics": ["other"]},
        "safety_warning": {"label": "A label", "body": "A body"},
        "bleeding_risk": {"risk_class": "low", "scheme": "A scheme"},
        "implant_compatibility": {"label": "A label", "device": "A device", "position": "caution"},
        "practice": {"label": "A label", "topic": "visits"},
        "when_to_call": {"tier": "same_day", "signs": ["A sign"]},
    }
    return values.get(claim_kind, {"label": "A label"})


BUILDERS: dict[str, Any] = {"procedure": procedure, "condition": condition, "pain_generator": generator}


@pytest.fixture
def records_with_everything() -> list[Json]:
    """A record of each type, with a claim of each kind and every text that it may have."""
    records = [risk("r")]
    for record_type, build in BUILDERS.items():
        slug = record_type[0].replace("p", "p" if record_type == "procedure" else "g")
        claims = [
            claim(f"{slug}--{row.name.replace('_', '-')}-1", row.name, build_value(row.name))
            for row in CLAIM_KINDS_BY_RECORD_TYPE[record_type]
        ]
        texts = {
            name: {"text": f"Text {name} of {slug}.", "claims": [claims[0]["id"]]}
            for name in RECORD_TYPES[record_type].texts
        }
        messages = [{"text": f"Message of {slug}.", "claims": [claims[0]["id"]]}]
        record = build(slug, texts=texts, key_messages=messages) | {"claims": claims}
        records.append(record)
    return records


def test_the_page_of_a_record_shows_every_claim_and_text(
    client: Any, load: Any, records_with_everything: list[Json]
) -> None:
    load(*records_with_everything)

    record_type_by_folder = {row.folder: name for name, row in RECORD_TYPES.items()}
    for record in records_with_everything[1:]:
        page = client.get(get_evidence_path(record_type_by_folder[record["_"]], record["slug"])).text
        missing = [claim["id"] for claim in record["claims"] if f'id="{claim["id"]}"' not in page]
        missing += [text["text"] for text in record["texts"].values() if text["text"] not in page]
        assert missing == []


def test_the_detail_of_a_record_shows_every_claim_and_text(
    client: Any, load: Any, records_with_everything: list[Json]
) -> None:
    load(*records_with_everything)

    for record in records_with_everything[1:]:
        detail = client.get(f"/v1/{record['_'].replace('_', '-')}/{record['slug']}").text
        assert [claim["id"] for claim in record["claims"] if f'"id":"{claim["id"]}"' not in detail] == []
        assert [text["text"] for text in record["texts"].values() if text["text"] not in detail] == []


@pytest.mark.parametrize("record_type", TYPES_WITH_BLOCKS)
def test_the_template_of_a_page_has_every_part_that_the_registry_names(record_type: str) -> None:
    name = {"pain_generator": "generator"}.get(record_type, record_type)
    name += "_evidence" if RECORD_TYPES[record_type].has_evidence_page else ""
    template = (ROOT / "app" / "web" / "templates" / f"{name}.html").read_text(encoding="utf-8")
    parts = set(re.findall(r'sections\("(\w+)"\)', template))

    for row in CLAIM_KINDS_BY_RECORD_TYPE[record_type]:
        section = row.sections[record_type]
        if section.part and not section.in_template:
            assert section.part in parts, row.name
