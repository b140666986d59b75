"""The exported files of a release: written once per revision and box, read by every worker."""

import hashlib
from pathlib import Path

import orjson

from app.files.build_once import made_once
from app.formats.exports import MANIFEST, size_and_digest, with_bom, write_exports
from app.http.context import Reading
from app.http.file_body import FileOnDisk
from app.version import build_id


def export_file(read: Reading, name: str, *, bom: bool = False) -> FileOnDisk:
    """One of the files, written with all the others when this box does not have them yet."""
    folder: Path = read.once(("exports",), lambda: _folder(read))
    path = folder / (with_bom(name) if bom and name.endswith(".csv") else name)
    size, digest = read.once(("export", path.name), lambda: size_and_digest(path))
    return FileOnDisk(path, size, digest)


def _folder(read: Reading) -> Path:
    target = read.settings.export_dir / _name(read)
    made_once(target, MANIFEST, lambda work: write_exports(read.connection, work, build_id(), read.linked))
    return target


def _name(read: Reading) -> str:
    # What the bytes are a function of: the content, the code, and the addresses that links start with.
    given = [read.release.revision, build_id(), read.linked(orjson.dumps("\x01 \x02")).decode()]
    return hashlib.sha256("|".join(given).encode()).hexdigest()[:24]
