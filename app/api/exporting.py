"""The exported files of a release: written once per revision and box, read by every worker."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import orjson

from app.build import build_id
from app.http.files import FileOnDisk
from app.http.reading import Reading
from app.represent.exports import MANIFEST, size_and_digest, with_bom, write_exports
from app.search.turns import only_one


def export_file(read: Reading, name: str, *, bom: bool = False) -> FileOnDisk:
    """One of the files, written with all the others when this box does not have them yet."""
    folder: Path = read.once(("exports",), lambda: _folder(read))
    path = folder / (with_bom(name) if bom and name.endswith(".csv") else name)
    size, digest = read.once(("export", path.name), lambda: size_and_digest(path))
    return FileOnDisk(path, size, digest)


def _folder(read: Reading) -> Path:
    root = read.settings.export_dir
    root.mkdir(parents=True, exist_ok=True)
    target = root / _name(read)
    if not (target / MANIFEST).exists():
        with only_one(root / "lock"):
            if not (target / MANIFEST).exists():
                _write(read, root, target)
    return target


def _name(read: Reading) -> str:
    # What the bytes are a function of: the content, the code, and the addresses that links start with.
    given = [read.release.revision, build_id(), read.linked(orjson.dumps("\x01 \x02")).decode()]
    return hashlib.sha256("|".join(given).encode()).hexdigest()[:24]


def _write(read: Reading, root: Path, target: Path) -> None:
    work = Path(tempfile.mkdtemp(dir=root, prefix="writing-"))
    try:
        write_exports(read.connection, work, build_id(), read.linked)
        os.rename(work, target)  # noqa: PTH104 - atomic: a folder is whole or not there
    finally:
        shutil.rmtree(work, ignore_errors=True)
    # Files of long gone releases; the two youngest others stay, somebody may still be reading them.
    others = [one for one in root.iterdir() if one.is_dir() and one != target and not one.name.startswith("writing-")]
    for old in sorted(others, key=lambda one: one.stat().st_mtime)[:-2]:
        shutil.rmtree(old, ignore_errors=True)
