"""Export files of a release: written once per revision and host, read by every worker."""

import hashlib
from pathlib import Path

import orjson

from app.files.build_once import build_once
from app.formats.exports import MANIFEST, bom_file_name, get_size_and_sha256, write_exports
from app.http.context import RequestContext
from app.http.file_body import FileBody
from app.version import code_fingerprint


def get_export_file(ctx: RequestContext, name: str, *, bom: bool = False) -> FileBody:
    """One export file. Writes all of them first if this host does not have them yet."""
    directory: Path = ctx.cached(("exports",), lambda: _export_dir(ctx))
    path = directory / (bom_file_name(name) if bom and name.endswith(".csv") else name)
    size, digest = ctx.cached(("export", path.name), lambda: get_size_and_sha256(path))
    return FileBody(path, size, digest)


def _export_dir(ctx: RequestContext) -> Path:
    target = ctx.settings.export_dir / _cache_key(ctx)
    build_once(
        target,
        MANIFEST,
        lambda directory: write_exports(ctx.connection, directory, code_fingerprint(), ctx.resolve_links),
    )
    return target


def _cache_key(ctx: RequestContext) -> str:
    # The bytes depend on the content, the code and the base URL of links.
    parts = [ctx.release.revision, code_fingerprint(), ctx.resolve_links(orjson.dumps("\x01 \x02")).decode()]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:24]
