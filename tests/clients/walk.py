"""Walk the API with the generated Python client: every list to its last page, every record, batch, compare, search, errors."""

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
RECORDS = ("procedures", "conditions", "pain-generators", "risks", "sources", "emergencies", "guide")


def load_operation(path: str) -> Any:
    operation = DOCUMENT["paths"][path]["get"]
    tag = re.sub(r"\W+", "_", operation["tags"][0])
    return importlib.import_module(f"procedure_kb_client.api.{tag}.{operation['operationId']}")


def list_items(client: Client, path: str, *path_values: str) -> list[Any]:
    items: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        response = load_operation(path).sync_detailed(*path_values, client=client, limit=100, **cursor)
        assert response.status_code == 200, (path, path_values, response.content[:300])
        items += response.parsed.items
        if response.parsed.page.next_ is None:
            assert len(items) == response.parsed.page.total, path
            return items
        cursor = {"cursor": response.parsed.page.next_}


def walk_lists_and_records(client: Client) -> tuple[int, int]:
    rows = records = 0
    parameters = {
        path: [parameter["name"] for parameter in item["get"].get("parameters", [])]
        for path, item in DOCUMENT["paths"].items()
        if path.startswith("/v1/")
    }
    for path, names in parameters.items():
        if "cursor" in names and "{" not in path and not path.endswith("/search"):
            rows += len(list_items(client, path))
    for family in RECORDS:
        subpaths = [path for path in parameters if path.startswith(f"/v1/{family}/{{slug}}/")]
        for item in list_items(client, f"/v1/{family}"):
            response = load_operation(f"/v1/{family}/{{slug}}").sync_detailed(item.slug, client=client)
            assert response.parsed.slug == item.slug, (family, item.slug)
            records += 1
            for path in subpaths:
                if "cursor" in parameters[path]:
                    rows += len(list_items(client, path, item.slug))
                else:
                    assert load_operation(path).sync(item.slug, client=client) is not None
    return rows, records


def check_problem(response: Any, status: int, code: str) -> None:
    assert response.status_code == status, response
    assert isinstance(response.parsed, Problem)
    assert (response.parsed.code, response.parsed.status) == (code, status)


def main() -> None:
    with Client(os.environ["KB_URL"], follow_redirects=True, raise_on_unexpected_status=True) as client:
        rows, records = walk_lists_and_records(client)
        slugs = [procedure.slug for procedure in list_items(client, "/v1/procedures")][:3]
        batch = get_procedures_batch.sync(client=client, slug=[*slugs, "none-such"])
        assert isinstance(batch, ProcedureDetailBatch)
        assert ([procedure.slug for procedure in batch.items], batch.not_found) == (slugs, ["none-such"])
        comparison = compare_procedures.sync(client=client, procedure=slugs[:2])
        assert isinstance(comparison, Comparison)
        assert [procedure.slug for procedure in comparison.procedures] == slugs[:2]
        results = search_everything.sync(client=client, q="sciatica")
        assert isinstance(results, SearchPage)
        assert results.items
        check_problem(get_procedure.sync_detailed("epidurel", client=client), 404, "not_found")
        check_problem(compare_procedures.sync_detailed(client=client, procedure=slugs[:1]), 422, "invalid_parameter")
        check_problem(list_procedures.sync_detailed(client=client, release="0.0.0-none"), 410, "release_gone")
        assert get_procedure.sync_detailed("rhizotomy", client=client).status_code == 200
    print(f"python: {rows} rows, {records} records")


if __name__ == "__main__":
    main()
