"""The release as files under their own paths, so that any static host serves it: the application asked in this process.

What needs a query (search, suggest, compare, batches) or stands below a detail (its relations one by one) is not among
them; `docs/static.md` lists what is.
"""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx
import orjson

from app.errors import ConfigurationError, list_errors_by_code
from app.http.response_cache import ResponseCache
from app.web.embed.builds import builds
from app.web.pages.static_and_sitemap import HASHED
from app.web.rendering import asset_path

# What a folder written here holds, so that it may be replaced: never somebody's other files.
MARK: Final = ".procedure-kb"
_TEMPLATE: Final = re.compile(r"\{(\w+)\}")
_FOLDERS: Final = ("procedures", "conditions", "pain-generators", "risks", "sources", "guide")
# Without a query these say nothing, or what they say is no content.
_LEFT_OUT: Final = re.compile(r"^/(compare|search|oembed|metrics|health/.*|v1/(search|suggest|compare|.*/batch))$")
# A detail is a file, so nothing can stand below it.
_BELOW_A_DETAIL: Final = re.compile(r"^/v1/(procedures|conditions|pain-generators|risks)/\{slug\}/")
Say = Callable[[str], None]


def write_site(answers: ResponseCache, target: Path, *, each: Say = lambda _: None) -> int:
    """Write every file below `target`, all of one release, and replace what an earlier run wrote. How many files."""
    if target.exists() and any(target.iterdir()) and not (target / MARK).exists():
        raise ConfigurationError(f"{target} holds files that this program did not write: name another folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        count = asyncio.run(_Site(answers, work, each).write())
        if target.exists():
            shutil.rmtree(target)
        work.chmod(0o755)
        os.rename(work, target)  # noqa: PTH104 - atomic: a folder is whole or not there
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return count


class _Site:
    def __init__(self, answers: ResponseCache, root: Path, each: Say) -> None:
        # Nobody waits for one answer here: a busy machine is no reason to give up.
        answers.database_can_hang = False
        transport: Any = httpx.ASGITransport(app=answers)
        self.http = httpx.AsyncClient(
            transport=transport, base_url="http://static.invalid", headers={"Accept-Encoding": "identity"}
        )
        self.known: list[str] = answers.app.state.known_paths  # type: ignore[attr-defined]
        self.root = root
        self.each = each
        self.release = ""
        self.policies: dict[str, str] = {}
        # Folders of JSON, and folders with anything else in or below them.
        self.typed: set[str] = set()
        self.untyped: set[str] = set()

    async def write(self) -> int:
        count = 0
        async with self.http:
            self.release = (await self._get("/v1/releases/current")).json()["version"]
            targets = [target async for target in self._targets()]
            folders = {target.rpartition("/")[0] for target in targets}
            for target in targets:
                self._put(target, await self._answer(target), is_folder=target in folders)
                self.each(target)
                count += 1
            lost = await self.http.get("/no-such-page", headers={"Accept": "text/html"})
        (self.root / "404.html").write_bytes(lost.content)
        (self.root / "_headers").write_text(self._headers(), encoding="utf-8")
        (self.root / MARK).write_text(f"{self.release}\n", encoding="utf-8")
        return count + 2

    async def _get(self, target: str) -> httpx.Response:
        answer = await self.http.get(target, follow_redirects=False)
        if answer.status_code != 200:
            raise ConfigurationError(f"{target} answers {answer.status_code}: the site cannot be written whole.")
        release = answer.headers.get("kb-release", self.release)
        if self.release and release != self.release:
            raise ConfigurationError(f"Release {release} came while {self.release} was being written: run it again.")
        return answer

    async def _answer(self, target: str) -> httpx.Response:
        answer = await self._get(target)
        if not target.startswith("/v1/") or "page" not in _object(answer):
            return answer
        return await self._whole(target, answer)

    async def _whole(self, target: str, first: httpx.Response) -> httpx.Response:
        """A list in one piece: what its pages hold, put together."""
        joined = _object(await self._get(f"{target}?limit=100"))
        following = joined["page"]["next"]
        while following:
            page = _object(await self._get(f"{target}?limit=100&cursor={following}"))
            joined["items"] += page["items"]
            following = page["page"]["next"]
        joined["page"] = {"limit": len(joined["items"]), "total": joined["page"]["total"], "next": None}
        return httpx.Response(
            200, headers={"content-type": first.headers["content-type"]}, content=orjson.dumps(joined)
        )

    async def _targets(self) -> Any:  # noqa: ANN401 - an asynchronous generator
        values = {f"/v1/{folder}/{{slug}}": [one async for one in self._slugs(folder)] for folder in _FOLDERS}
        for path in self.known:
            if _LEFT_OUT.match(path) or _BELOW_A_DETAIL.match(path) or path.startswith(("/fhir", "/mcp")):
                continue
            for target in await self._filled(path, values):
                yield target
        yield "/openapi.json"
        yield "/openapi-3.0.json"

    async def _slugs(self, folder: str) -> Any:  # noqa: ANN401 - an asynchronous generator
        for item in (await self._whole(f"/v1/{folder}", await self._get(f"/v1/{folder}"))).json()["items"]:
            yield item["slug"]

    async def _filled(self, path: str, slugs: dict[str, list[str]]) -> list[str]:
        """Addresses of a path: its template with every value that the release has for it."""
        names = _TEMPLATE.findall(path)
        if path in {"/openapi.json", "/openapi-3.0.json"}:
            return []
        if not names:
            return [path]
        if names == ["slug"]:
            folder = next((one for one in _FOLDERS if f"/{one}/" in path), "procedures")
            return [path.replace("{slug}", slug) for slug in slugs[f"/v1/{folder}/{{slug}}"]]
        return [path.replace(f"{{{names[0]}}}", value) for value in await self._values(names[0])]

    async def _values(self, name: str) -> list[str]:
        if name == "id":
            lines = (await self._get("/v1/export/kb.ndjson")).text.splitlines()
            found = {claim for line in lines[1:] for claim in _claims(orjson.loads(line)["document"])}
            return sorted(found)
        if name == "version":
            listed = await self._whole("/v1/releases", await self._get("/v1/releases"))
            return [item["version"].replace("+", "%2B") for item in listed.json()["items"]]
        if name == "code":
            return sorted(list_errors_by_code())
        if name == "build":
            return sorted(builds())
        if name == "name":
            return [asset_path(one).removeprefix("/static/") for one in HASHED] + ["icon.svg"]
        raise ConfigurationError(f"No values are known for {{{name}}} in an address: the site cannot be written whole.")

    def _put(self, target: str, answer: httpx.Response, *, is_folder: bool) -> None:
        path = target.replace("%2B", "+").lstrip("/")
        kind = answer.headers["content-type"].partition(";")[0]
        if kind == "text/html":
            path = f"{path}/index.html".lstrip("/")
            policy = answer.headers.get("content-security-policy")
            if policy:
                self.policies["/embed/*" if target.startswith("/embed/") else "/*"] = policy
        elif is_folder:
            path = f"{path}/index.json"
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(answer.content)
        folder = f"/{path}".rpartition("/")[0]
        (self.typed if kind == "application/json" else self.untyped).add(folder)
        self.untyped.update(f"/{above.as_posix()}" for above in Path(path).parent.parents)

    def _headers(self) -> str:
        """Rules for hosts that read a `_headers` file; for others they say what to set."""
        lines = []
        for pattern, policy in sorted(self.policies.items()):
            lines += [pattern, f"  Content-Security-Policy: {policy}", "  X-Content-Type-Options: nosniff"]
        for pattern in ("/v1/*", "/embed/*"):
            lines += [pattern, "  Access-Control-Allow-Origin: *"]
        # Only where nothing else stands: a host adds up the rules that fit, and two media types are none.
        for folder in sorted(self.typed - self.untyped):
            lines += [f"{folder}/*", "  Content-Type: application/json"]
        return "\n".join(lines) + "\n"


def _object(answer: httpx.Response) -> dict[str, Any]:
    if answer.headers["content-type"].partition(";")[0] != "application/json":
        return {}
    with suppress(orjson.JSONDecodeError):
        found = orjson.loads(answer.content)
        if isinstance(found, dict):
            return found
    return {}


def _claims(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """Ids of the claims that stand in a document."""
    if isinstance(value, dict):
        if "citations" in value and "statement" in value:
            yield value["id"]
        for one in value.values():
            yield from _claims(one)
    elif isinstance(value, list):
        for one in value:
            yield from _claims(one)
