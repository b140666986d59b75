"""The whole of a release as files: JSON, NDJSON, SQLite, CSV, what a load elsewhere needs, and a manifest of them."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from app.db.read_engine import Snapshot
from app.formats.csv_export import BOM, lines_of
from app.formats.csv_export import MEDIA_TYPE as CSV
from app.formats.sqlite import write_database
from app.queries.documents import find_document, walk_documents
from app.queries.list_filter import Selection
from app.queries.lists import walk_list

Linked = Callable[[bytes], bytes]
FAMILIES: Final = (
    ("procedures", "procedure"),
    ("conditions", "condition"),
    ("pain_generators", "pain_generator"),
    ("risks", "risk"),
    ("sources", "source"),
    ("guide", "guide_page"),
    ("releases", "release"),
)
# Name -> media type, in the order of the manifest.
FILES: Final = {
    "kb.json": "application/json",
    "kb.ndjson": "application/x-ndjson",
    "kb.sqlite": "application/vnd.sqlite3",
    "procedures.csv": CSV,
    "targets.csv": CSV,
    "relief-durations.csv": CSV,
    "release.json": "application/json",
}
MANIFEST: Final = "manifest.json"


def write_exports(snapshot: Snapshot, folder: Path, build: str, linked: Linked) -> None:
    """Write every file of a release into a folder, the manifest last. `linked` puts addresses where marks stand."""
    current = linked(find_document(snapshot, "current", "release") or b"{}")
    _write(folder / "kb.json", _as_json(snapshot, current, linked))
    _write(folder / "kb.ndjson", _as_lines(snapshot, current, linked))
    write_database(snapshot, folder / "kb.sqlite")
    for name in (name for name, media_type in FILES.items() if media_type == CSV):
        _write(folder / name, _as_table(snapshot, name.removesuffix(".csv"), linked))
        _write(folder / with_bom(name), iter((BOM, (folder / name).read_bytes())))
    release = orjson.loads(current)
    _write(folder / "release.json", _hashed(_as_history(snapshot, release)))
    manifest = {
        "release": {key: release[key] for key in ("version", "date", "revision")},
        "build": build,
        "licence": release["licence"],
        "files": [_described(folder / name, media_type, linked) for name, media_type in FILES.items()],
    }
    (folder / MANIFEST).write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))


def with_bom(name: str) -> str:
    """Name of the file that begins with a byte order mark."""
    return f"bom-{name}"


def _write(path: Path, parts: Iterator[bytes]) -> None:
    with path.open("wb") as file:
        for part in parts:
            file.write(part)


def _as_json(snapshot: Snapshot, current: bytes, linked: Linked) -> Iterator[bytes]:
    yield b'{"release":' + current
    for family, kind in FAMILIES:
        yield b',"' + family.encode() + b'":['
        first = True
        for _, body in walk_documents(snapshot, kind):
            yield (b"" if first else b",\n") + linked(body)
            first = False
        yield b"]"
    yield b"}\n"


def _as_lines(snapshot: Snapshot, current: bytes, linked: Linked) -> Iterator[bytes]:
    yield b'{"type":"current_release","document":' + current + b"}\n"
    for _, kind in FAMILIES:
        for _, body in walk_documents(snapshot, kind):
            yield b'{"type":"' + kind.encode() + b'","document":' + linked(body) + b"}\n"


def _as_history(snapshot: Snapshot, current: dict[str, Any]) -> Iterator[bytes]:
    """The releases with their changes, as the seed holds them; no addresses, for they say nothing of where it is served."""
    named = orjson.dumps({key: current[key] for key in ("version", "date", "revision")})
    yield named[:-1] + b',"releases":['
    for place, (slug, head) in enumerate(walk_documents(snapshot, "release_head")):
        yield (b"," if place else b"") + b"\n" + head[:-1] + b',"changes":['
        yield from _rows(walk_documents(snapshot, "release_change", below=f"{slug}/"))
        yield b"\n]}"
    yield b'\n],"pending":['
    yield from _rows(walk_documents(snapshot, "release_change", below="pending/"))
    yield b"\n],\n"


def _rows(documents: Iterator[tuple[str, bytes]]) -> Iterator[bytes]:
    yield from ((b"," if place else b"") + b"\n" + body for place, (_, body) in enumerate(documents))


def _hashed(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The lines of an object, and a last one with the SHA-256 of all the bytes before it."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
        yield part
    yield b'"sha256":"' + digest.hexdigest().encode() + b'"}\n'


def _as_table(snapshot: Snapshot, name: str, linked: Linked) -> Iterator[bytes]:
    return lines_of(name, (linked(row.shown) for row in walk_list(Selection(snapshot, name))))


def _described(path: Path, media_type: str, linked: Linked) -> dict[str, Any]:
    size, digest = size_and_digest(path)
    address = linked(orjson.dumps(f"\x01/v1/export/{path.name}")).decode().strip('"')
    return {"name": path.name, "media_type": media_type, "bytes": size, "sha256": digest, "links": {"self": address}}


def size_and_digest(path: Path) -> tuple[int, str]:
    """Bytes of a file, and their SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return path.stat().st_size, digest
