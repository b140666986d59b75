"""Two releases that differ in most of their responses, and the expected body of each URL in each release."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

import httpx
from build import condition, generator, procedure, relief, write_seed
from drills.traffic import digest

from app.db.migrations import migrate
from app.db.write_engine import create_write_engine
from app.http.release_watcher import read_current_release
from app.loader.content import load_content
from app.loader.release_file import write_release
from app.loader.writer import write_content
from app.main import create_app
from app.settings import Settings

PROCEDURES = 40
WARM_URLS = [
    "/v1/procedures?limit=100",
    "/v1/procedures?limit=7&sort=-relief",
    "/v1/procedures?family=injection&limit=5&facet=family",
    "/v1/pain-generators/joint-1/procedures",
    "/v1/conditions/pain-1/procedures?limit=3",
    "/v1/search?q=block",
    "/v1/targets?limit=50",
    "/v1/releases/current",
    *(f"/v1/procedures/block-{number}" for number in range(0, PROCEDURES, 3)),
]
COLD_URLS = [f"/v1/procedures?limit={limit}&sort=name" for limit in range(11, 60)]


def write_seeds(root: Path) -> list[Path]:
    """Write the seed directories of releases 1.0.0 and 1.1.0, each with its history."""
    first, second = _write_seed(root / "first", second=False), _write_seed(root / "second", second=True)
    write_release(first, load_content(first), version="1.0.0", date="2026-01-01", title="First")
    shutil.copytree(first / "releases", second / "releases")
    write_release(second, load_content(second), version="1.1.0", date="2026-02-01", title="Second")
    return [first, second]


def _write_seed(root: Path, *, second: bool) -> Path:
    """Forty procedures; the second release changes most of them and adds five."""
    records: list[dict[str, Any]] = [generator(f"joint-{n}") for n in range(6)]
    records += [condition(f"pain-{n}", arises_from=[f"joint-{n}"]) for n in range(6)]
    for n in range(PROCEDURES + 5 * second):
        months = n % 9 + (2 if second else 1)
        records.append(
            procedure(
                f"block-{n}",
                name=f"{'Second' if second else 'First'} block {n}",
                treats=[f"joint-{n % 6}"],
                indicated=[f"pain-{(n + second) % 6}"],
                claims=[relief(f"block-{n}--relief", min=f"P{months}M", max=f"P{months + 3}M")],
            )
        )
    return write_seed(root, *records)


def compute_expected_bodies(seeds: list[Path]) -> dict[str, dict[str, str]]:
    """Digests of bodies by version and URL, computed in this process on SQLite, whichever engine the drill uses."""
    bodies = {}
    with tempfile.TemporaryDirectory() as directory, asyncio.Runner() as runner:
        for number, root in enumerate(seeds):
            url = f"sqlite:///{directory}/{number}.sqlite3"
            content, engine = load_content(root), create_write_engine(url)
            migrate(engine)
            write_content(engine, content)
            engine.dispose()
            app = create_app(Settings(database_url=url, search_dir=Path(directory) / "search"))
            release = read_current_release(app.app.state.services.engine)  # type: ignore[attr-defined]
            app.adopt_release(release.revision if release else "")
            bodies[content.version] = runner.run(_request_bodies(app))
            app.app.state.services.engine.dispose()  # type: ignore[attr-defined]
    return bodies


async def _request_bodies(app: Any) -> dict[str, str]:
    transport = httpx.ASGITransport(app=app)
    headers = {"Accept-Encoding": "identity"}
    async with httpx.AsyncClient(transport=transport, base_url="http://drill", headers=headers) as client:
        responses = {url: await client.get(url) for url in (*WARM_URLS, *COLD_URLS)}
    assert all(response.status_code == 200 for response in responses.values()), responses
    return {url: digest(response.content) for url, response in responses.items()}
