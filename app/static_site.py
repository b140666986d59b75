"""Static export: a release as files for any static host, fetched from the application in this process.

URLs that need a query (search, suggest, code lookups, compare, batches) and the relations of a single record are excluded;
`docs/static.md` lists what is included.
"""

import asyncio
import csv
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import orjson

from app.domain.json import Json
from app.domain.record_types import RECORD_TYPE_BY_PATH
from app.domain.vocabulary import BODY_REGIONS
from app.errors import ConfigurationError, list_errors_by_code
from app.http.gateway import HttpGateway
from app.web.embed.builds import load_builds
from app.web.pages.static_and_sitemap import HASHED_ASSETS
from app.web.rendering import asset_path

# Marks a directory written by this module. Only such a directory, or an empty one, may be replaced.
MARKER_FILE: Final = ".procedure-kb"
_PATH_PARAMETER: Final = re.compile(r"\{(\w+)\}")
# URLs that need a query or a feature, or that have no content of the release.
_EXCLUDED: Final = re.compile(
    r"^/(procedures/\{slug\}/leaflet\.pdf|compare|search|oembed|embed/compare|metrics|health/.*|v1/(search|suggest|lookup|infobutton|compare|.*/batch))$"
)
# The detail of a record is a file, so it cannot also be a directory.
_RELATION_OF_RECORD: Final = re.compile(r"^/v1/(procedures|conditions|pain-generators|risks)/\{slug\}/")
# Values of path parameters that no release changes.
_FIXED_VALUES: Final[Mapping[str, Callable[[], Iterable[str]]]] = {
    "code": list_errors_by_code,
    "build": load_builds,
    "region": lambda: BODY_REGIONS,
}
OnFile = Callable[[str], None]


def write_site(gateway: HttpGateway, target: Path, *, on_file: OnFile = lambda _: None) -> int:
    """Write all files of one release to the directory `target`, replacing an earlier export. Returns the number of files.

    Calls `on_file` with the URL path of each file. Raises ConfigurationError if `target` holds other files, if a URL
    does not return 200, or if the release changes meanwhile.
    """
    if target.exists() and any(target.iterdir()) and not (target / MARKER_FILE).exists():
        raise ConfigurationError(f"{target} contains files that this program did not write; use another directory.")
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        count = asyncio.run(_SiteWriter(gateway, temporary, on_file).write())
        if target.exists():
            shutil.rmtree(target)
        temporary.chmod(0o755)
        os.rename(temporary, target)  # noqa: PTH104 - atomic: the directory is complete or absent
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return count


class _SiteWriter:
    def __init__(self, gateway: HttpGateway, root: Path, on_file: OnFile) -> None:
        # No client waits for a single response: a slow database is no reason to give up.
        gateway.database_can_hang = False
        transport: Any = httpx.ASGITransport(app=gateway)
        self.http = httpx.AsyncClient(
            transport=transport, base_url="http://static.invalid", headers={"Accept-Encoding": "identity"}
        )
        services = gateway.app.state.services  # type: ignore[attr-defined]
        self.paths: list[str] = services.known_paths
        self.has_absolute_links = bool(services.settings.absolute_base)
        self.root = root
        self.on_file = on_file
        self.release = ""
        self.policies: dict[str, str] = {}
        # Directories with JSON files, and directories with any other file in them or below.
        self.json_folders: set[str] = set()
        self.other_folders: set[str] = set()

    async def write(self) -> int:
        async with self.http:
            self.release = (await self._get("/v1/releases/current")).json()["version"]
            url_paths = await self._list_url_paths()
            folders = {url_path.rpartition("/")[0] for url_path in url_paths}
            for url_path in url_paths:
                self._write_file(url_path, await self._fetch(url_path), is_folder=url_path in folders)
                self.on_file(url_path)
            not_found = await self.http.get("/no-such-page", headers={"Accept": "text/html"})
        (self.root / "404.html").write_bytes(not_found.content)
        (self.root / "_headers").write_text(self._render_headers_file(), encoding="utf-8")
        (self.root / MARKER_FILE).write_text(f"{self.release}\n", encoding="utf-8")
        return len(url_paths) + 2

    async def _get(self, url_path: str) -> httpx.Response:
        response = await self.http.get(url_path, follow_redirects=False)
        if response.status_code != 200:
            raise ConfigurationError(f"{url_path} returned status {response.status_code}; the export is incomplete.")
        release = response.headers.get("kb-release", self.release)
        if self.release and release != self.release:
            raise ConfigurationError(
                f"Release changed from {self.release} to {release} during the export; run it again."
            )
        return response

    async def _fetch(self, url_path: str) -> httpx.Response:
        response = await self._get(url_path)
        if not url_path.startswith("/v1/") or "page" not in _parse_json_object(response):
            return response
        headers = {"content-type": response.headers["content-type"]}
        return httpx.Response(200, headers=headers, content=orjson.dumps(await self._fetch_full_list(url_path)))

    async def _fetch_full_list(self, url_path: str) -> Json:
        """Fetch all pages of a list and merge them into one."""
        full_list = _parse_json_object(await self._get(f"{url_path}?limit=100"))
        cursor = full_list["page"]["next"]
        while cursor:
            page = _parse_json_object(await self._get(f"{url_path}?limit=100&cursor={cursor}"))
            full_list["items"] += page["items"]
            cursor = page["page"]["next"]
        full_list["page"] = {"limit": len(full_list["items"]), "total": full_list["page"]["total"], "next": None}
        return full_list

    async def _list_url_paths(self) -> list[str]:
        url_paths = []
        for path in self.paths:
            if path == "/sitemap.xml" and not self.has_absolute_links:
                continue
            if not (_EXCLUDED.match(path) or _RELATION_OF_RECORD.match(path) or path.startswith(("/fhir", "/mcp"))):
                url_paths += await self._expand_path(path)
        return url_paths

    async def _expand_path(self, path: str) -> list[str]:
        """List the URL paths of a path template: one for each value of its parameter in the release."""
        parameter = _PATH_PARAMETER.search(path)
        if parameter is None:
            return [path]
        return [path.replace(parameter[0], value) for value in await self._list_parameter_values(path, parameter[1])]

    async def _list_parameter_values(self, path: str, parameter: str) -> list[str]:
        if parameter == "slug":
            folder = next((folder for folder in RECORD_TYPE_BY_PATH if f"/{folder}/" in path), "procedures")
            return [record["slug"] for record in (await self._fetch_full_list(f"/v1/{folder}"))["items"]]
        if parameter == "id":
            claims = csv.DictReader((await self._get("/v1/export/claims.csv")).text.splitlines())
            return [claim["claim"] for claim in claims]
        if parameter == "version":
            releases = (await self._fetch_full_list("/v1/releases"))["items"]
            return [release["version"].replace("+", "%2B") for release in releases]
        if parameter == "name":
            return [asset_path(asset).removeprefix("/static/") for asset in HASHED_ASSETS] + ["icon.svg"]
        if parameter in _FIXED_VALUES:
            return sorted(_FIXED_VALUES[parameter]())
        raise ConfigurationError(f"Unknown path parameter {{{parameter}}}; the export is incomplete.")

    def _write_file(self, url_path: str, response: httpx.Response, *, is_folder: bool) -> None:
        path = url_path.replace("%2B", "+").lstrip("/")
        media_type = response.headers["content-type"].partition(";")[0]
        if media_type == "text/html":
            path = f"{path}/index.html".lstrip("/")
            policy = response.headers.get("content-security-policy")
            if policy:
                self.policies["/embed/*" if url_path.startswith("/embed/") else "/*"] = policy
        elif is_folder:
            path = f"{path}/index.json"
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(response.content)
        folder = f"/{path}".rpartition("/")[0]
        (self.json_folders if media_type == "application/json" else self.other_folders).add(folder)
        self.other_folders.update(f"/{parent.as_posix()}" for parent in Path(path).parent.parents)

    def _render_headers_file(self) -> str:
        """Render the rules of the `_headers` file, which some static hosts read; for others it documents what to set."""
        lines = []
        for pattern, policy in sorted(self.policies.items()):
            lines += [pattern, f"  Content-Security-Policy: {policy}", "  X-Content-Type-Options: nosniff"]
        for pattern in ("/v1/*", "/embed/*"):
            lines += [pattern, "  Access-Control-Allow-Origin: *"]
        # Only for directories with nothing but JSON: hosts apply every matching rule, and two media types are invalid.
        for folder in sorted(self.json_folders - self.other_folders):
            lines += [f"{folder}/*", "  Content-Type: application/json"]
        return "\n".join(lines) + "\n"


def _parse_json_object(response: httpx.Response) -> Json:
    """Parse a JSON object; any other content gives an empty one."""
    if response.headers["content-type"].partition(";")[0] != "application/json":
        return {}
    document = orjson.loads(response.content)
    return document if isinstance(document, dict) else {}
