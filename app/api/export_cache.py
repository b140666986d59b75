"""Export files of a release: written once per revision and host, read by every worker."""

from pathlib import Path
from typing import Final

from app.formats.exports import (
    bom_file_name,
    compress_exports,
    get_size_and_sha256,
    list_codings,
    write_exports,
)
from app.http.context import RequestContext
from app.http.file_body import FileBody
from app.http.preparation import ReleaseFiles, content_key, get_prepared
from app.version import code_fingerprint


def _open_exports(_: RequestContext, directory: Path) -> dict[str, FileBody]:
    return {
        path.name: _open_file(path) for path in directory.iterdir() if path.is_file() and not path.name.startswith(".")
    }


def _open_file(path: Path) -> FileBody:
    compressed = {coding: path.parent / coding / path.name for coding in list_codings()}
    return FileBody(
        path,
        *get_size_and_sha256(path),
        {coding.encode(): FileBody(file, *get_size_and_sha256(file)) for coding, file in compressed.items()},
    )


def _write_exports(ctx: RequestContext, directory: Path) -> None:
    write_exports(ctx.connection, directory, code_fingerprint(), ctx.resolve_links)
    compress_exports(directory)


EXPORT_FILES: Final = ReleaseFiles(
    name="export",
    label="The export",
    find_directory=lambda settings, revision: settings.export_dir / f"export-{content_key(settings, revision)}",
    write=_write_exports,
    open=_open_exports,
    niceness=10,
)


def get_export_file(ctx: RequestContext, name: str, *, bom: bool = False) -> FileBody:
    """One export file. Raises NotReady while the export is being prepared."""
    files = get_prepared(ctx, EXPORT_FILES)
    return files[bom_file_name(name) if bom and name.endswith(".csv") else name]
