"""With the generated Python client: every list to its last page, every record, batch, compare, search, typed errors."""

import importlib
import json
import os
import re
from pathlib import Path
from typing import Any

from procedure_kb_client import Client
from procedure_kb_client.api.procedures import compare_procedures, get_procedure, get_procedures_batch, list_procedures
from procedure_kb_client.api.search import search_everything
from procedure_kb_client.models import Comparison, Problem, ProcedureDetailBatch, SearchPage

DOCUMENT: dict[str, Any] = json.loads(Path("openapi.json").read_text(encoding="utf-8"))
RECORDS = ("procedures", "conditions", "pain-generators", "risks", "sources", "guide")


def operation(path: str) -> Any:
    found = DOCUMENT["paths"][path]["get"]
    tag = re.sub(r"\W+", "_", found["tags"][0])
    return importlib.import_module(f"procedure_kb_client.api.{tag}.{found['operationId']}")


def walk(client: Client, path: str, *of: str) -> list[Any]:
    items: list[Any] = []
    more: dict[str, str] = {}
    while True:
        answer = operation(path).sync_detailed(*of, client=client, limit=100, **more)
        assert answer.status_code == 200, (path, of, answer.content[:300])
        items += answer.parsed.items
        if answer.parsed.page.next_ is None:
            assert len(items) == answer.parsed.page.total, path
            return items
        more = {"cursor": answer.parsed.page.next_}


def lists_and_records(client: Client) -> tuple[int, int]:
    rows = records = 0
    listed = {
        path: [one["name"] for one in item["get"].get("parameters", [])]
        for path, item in DOCUMENT["paths"].items()
        if path.startswith("/v1/")
    }
    for path, names in listed.items():
        if "cursor" in names and "{" not in path and "q" not in {n for n in names if path.endswith("/search")}:
            rows += len(walk(client, path))
    for family in RECORDS:
        below = [path for path, names in listed.items() if path.startswith(f"/v1/{family}/{{slug}}/")]
        for item in walk(client, f"/v1/{family}"):
            answer = operation(f"/v1/{family}/{{slug}}").sync_detailed(item.slug, client=client)
            assert answer.parsed.slug == item.slug, (family, item.slug)
            records += 1
            for path in below:
                if "cursor" in listed[path]:
                    rows += len(walk(client, path, item.slug))
                else:
                    assert operation(path).sync(item.slug, client=client) is not None
    return rows, records


def problem(answer: Any, status: int, code: str) -> None:
    assert answer.status_code == status, answer
    assert isinstance(answer.parsed, Problem)
    assert (answer.parsed.code, answer.parsed.status) == (code, status)


def main() -> None:
    with Client(os.environ["KB_URL"], follow_redirects=True, raise_on_unexpected_status=True) as client:
        rows, records = lists_and_records(client)
        slugs = [one.slug for one in walk(client, "/v1/procedures")][:3]
        batch = get_procedures_batch.sync(client=client, slug=[*slugs, "none-such"])
        assert isinstance(batch, ProcedureDetailBatch)
        assert ([one.slug for one in batch.items], batch.not_found) == (slugs, ["none-such"])
        compared = compare_procedures.sync(client=client, procedure=slugs[:2])
        assert isinstance(compared, Comparison)
        assert [one.slug for one in compared.procedures] == slugs[:2]
        found = search_everything.sync(client=client, q="sciatica")
        assert isinstance(found, SearchPage)
        assert found.items
        problem(get_procedure.sync_detailed("epidurel", client=client), 404, "not_found")
        problem(compare_procedures.sync_detailed(client=client, procedure=slugs[:1]), 422, "invalid_parameter")
        problem(list_procedures.sync_detailed(client=client, release="0.0.0-none"), 410, "release_gone")
        assert get_procedure.sync_detailed("rhizotomy", client=client).status_code == 200
    print(f"python: {rows} rows, {records} records")


if __name__ == "__main__":
    main()
