"""Export files of a release: JSON, NDJSON, SQLite, CSV, the release history for another database, and a manifest."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import brotli
import orjson

from app.db.read_engine import ReadTransaction
from app.domain.claim_kinds import CLAIM_KINDS
from app.domain.documents import DocumentType
from app.domain.record_types import RECORD_TYPES
from app.formats.csv_export import BOM, CLAIM_COLUMNS, COLUMNS, render_csv_lines
from app.formats.csv_export import CSV_MEDIA_TYPE as CSV
from app.formats.sqlite import write_database
from app.queries.claims import iter_claims
from app.queries.documents import get_current_release_json, iter_documents
from app.queries.list_filter import FilteredList
from app.queries.lists import iter_rows
from app.read_model.link_placeholder import LINK_PLACEHOLDER

# Replaces link placeholders in a JSON document.
LinkResolver = Callable[[bytes], bytes]
# Key in kb.json and type of its documents.
COLLECTIONS: Final = (
    *((row.folder, name) for name, row in RECORD_TYPES.items()),
    ("releases", "release"),
)
# Media type by file name, in the order of the manifest.
MEDIA_TYPES: Final = {
    "kb.json": "application/json",
    "kb.ndjson": "application/x-ndjson",
    "kb.sqlite": "application/vnd.sqlite3",
    "procedures.csv": CSV,
    "targets.csv": CSV,
    "relief-durations.csv": CSV,
    "claims.csv": CSV,
    "sources.csv": CSV,
    "release.json": "application/json",
}
MANIFEST: Final = "manifest.json"
_CHUNK_BYTES: Final = 1024 * 1024


def write_exports(transaction: ReadTransaction, directory: Path, build: str, resolve_links: LinkResolver) -> None:
    """Write all export files of a release to a directory, the manifest last."""
    current = resolve_links(get_current_release_json(transaction))
    _write(directory / "kb.json", _iter_json(transaction, current, resolve_links))
    _write(directory / "kb.ndjson", _iter_ndjson(transaction, current, resolve_links))
    write_database(transaction, directory / "kb.sqlite")
    for name in (name for name, media_type in MEDIA_TYPES.items() if media_type == CSV):
        _write(directory / name, _iter_csv(transaction, name.removesuffix(".csv"), resolve_links))
        _write(directory / bom_file_name(name), iter((BOM, (directory / name).read_bytes())))
    release = orjson.loads(current)
    _write(directory / "release.json", _with_checksum(_iter_history(transaction, release)))
    manifest = {
        "release": {key: release[key] for key in ("version", "date", "revision")},
        "build": build,
        "license": release["license"],
        "files": [
            _describe_file(directory / name, media_type, resolve_links) for name, media_type in MEDIA_TYPES.items()
        ],
    }
    (directory / MANIFEST).write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))


def compress_exports(directory: Path) -> None:
    """Write each file of a directory once more in each content coding, to a directory named after the coding."""
    files = [path for path in directory.iterdir() if path.is_file()]
    for coding, compress in _COMPRESSIONS.items():
        (directory / coding).mkdir()
        for path in files:
            _write(directory / coding / path.name, compress(_iter_chunks(path)))


def list_codings() -> Iterable[str]:
    """Content codings that export files are compressed in."""
    return _COMPRESSIONS


def _iter_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _compress_brotli(chunks: Iterator[bytes]) -> Iterator[bytes]:
    compressor = brotli.Compressor(quality=5)
    yield from map(compressor.process, chunks)
    yield compressor.finish()


def _compress_gzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    # 31: with the header of gzip, which zlib writes without a time of its own: the same bytes on every host.
    compressor = zlib.compressobj(6, zlib.DEFLATED, 31)
    yield from map(compressor.compress, chunks)
    yield compressor.flush()


_COMPRESSIONS: Final = {"br": _compress_brotli, "gzip": _compress_gzip}


def bom_file_name(name: str) -> str:
    """Name of the file variant that starts with a byte order mark."""
    return f"bom-{name}"


def _write(path: Path, parts: Iterator[bytes]) -> None:
    with path.open("wb") as file:
        for part in parts:
            file.write(part)


def _iter_json(transaction: ReadTransaction, current: bytes, resolve_links: LinkResolver) -> Iterator[bytes]:
    yield b'{"release":' + current
    for name, document_type in COLLECTIONS:
        yield b',"' + name.encode() + b'":['
        first = True
        for _, body in iter_documents(transaction, document_type):
            yield (b"" if first else b",\n") + resolve_links(body)
            first = False
        yield b"]"
    yield b"}\n"


def _iter_ndjson(transaction: ReadTransaction, current: bytes, resolve_links: LinkResolver) -> Iterator[bytes]:
    yield b'{"type":"current_release","document":' + current + b"}\n"
    for _, document_type in COLLECTIONS:
        for _, body in iter_documents(transaction, document_type):
            yield b'{"type":"' + document_type.encode() + b'","document":' + resolve_links(body) + b"}\n"


def _iter_history(transaction: ReadTransaction, current: dict[str, Any]) -> Iterator[bytes]:
    """All releases with their changes, as in the seed. Without links: a copy may be served anywhere."""
    header = orjson.dumps({key: current[key] for key in ("version", "date", "revision")})
    yield header[:-1] + b',"releases":['
    for index, (slug, head) in enumerate(iter_documents(transaction, DocumentType.RELEASE_HEAD)):
        yield (b"," if index else b"") + b"\n" + head[:-1] + b',"changes":['
        yield from _iter_array(iter_documents(transaction, DocumentType.RELEASE_CHANGE, prefix=f"{slug}/"))
        yield b"\n]}"
    yield b'\n],"pending":['
    yield from _iter_array(iter_documents(transaction, DocumentType.RELEASE_CHANGE, prefix="pending/"))
    yield b"\n],\n"


def _iter_array(documents: Iterator[tuple[str, bytes]]) -> Iterator[bytes]:
    yield from ((b"," if index else b"") + b"\n" + body for index, (_, body) in enumerate(documents))


def _with_checksum(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The parts of an unfinished JSON object and a last line: the SHA-256 of all bytes before it."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
        yield part
    yield b'"sha256":"' + digest.hexdigest().encode() + b'"}\n'


def _iter_csv(transaction: ReadTransaction, name: str, resolve_links: LinkResolver) -> Iterator[bytes]:
    if name == "claims":
        return render_csv_lines(CLAIM_COLUMNS, map(resolve_links, iter_claims(transaction, tuple(CLAIM_KINDS))))
    rows = iter_rows(FilteredList(transaction, name))
    return render_csv_lines(COLUMNS[name], (resolve_links(row.json) for row in rows))


def _describe_file(path: Path, media_type: str, resolve_links: LinkResolver) -> dict[str, Any]:
    size, digest = get_size_and_sha256(path)
    url = resolve_links(orjson.dumps(f"{LINK_PLACEHOLDER}/v1/export/{path.name}")).decode().strip('"')
    return {"name": path.name, "media_type": media_type, "bytes": size, "sha256": digest, "links": {"self": url}}


def get_size_and_sha256(path: Path) -> tuple[int, str]:
    """Size of a file in bytes and its SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return path.stat().st_size, digest
