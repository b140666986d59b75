"""Export files of a release: written once per revision and host, read by every worker."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from app.formats.exports import bom_file_name, compress_exports, list_codings, write_exports
from app.http.context import RequestContext
from app.http.file_body import FileBody, open_built_files
from app.http.preparation import ReleaseArtifact, content_key, get_prepared
from app.version import code_fingerprint


def _open_exports(_: RequestContext, directory: Path) -> dict[str, FileBody]:
    bodies = open_built_files(directory)
    return {
        name: replace(body, compressed={coding.encode(): bodies[f"{coding}/{name}"] for coding in list_codings()})
        for name, body in bodies.items()
        if "/" not in name
    }


def _write_exports(ctx: RequestContext, directory: Path) -> None:
    write_exports(ctx.transaction, directory, code_fingerprint(), ctx.resolve_links)
    compress_exports(directory)


EXPORT_ARTIFACT: Final = ReleaseArtifact(
    name="export",
    label="The export",
    find_directory=lambda settings, revision: settings.export_dir / f"export-{content_key(settings, revision)}",
    write=_write_exports,
    open=_open_exports,
    niceness=10,
)


def get_export_file(ctx: RequestContext, name: str, *, bom: bool = False) -> FileBody:
    """One export file. Raises NotReady while the export is being prepared."""
    files = get_prepared(ctx, EXPORT_ARTIFACT)
    return files[bom_file_name(name) if bom and name.endswith(".csv") else name]
