"""Child process that builds an artifact of a release: `python -m app.release_artifact NAME REVISION DIRECTORY`.

The settings come as JSON on standard input: they may hold a password. Exits without building anything if the database holds
another release.
"""

import gc
import os
import sys
from pathlib import Path

from app.db.errors import DatabaseError
from app.errors import NotReady
from app.files.build_once import build_once


def main() -> int:
    """Build the files, unless another process of this host was faster. Returns the exit code."""
    name, revision, directory = sys.argv[1:]
    settings_json = sys.stdin.buffer.read()
    # A short life: whatever garbage there is goes with the process.
    gc.disable()
    try:
        build_once(Path(directory), lambda work: write_artifact(name, revision, settings_json, work))
    except NotReady:
        return 0
    except (DatabaseError, OSError) as error:
        sys.stderr.write(f"The {name} artifact cannot be built: {error}\n")
        return 1
    return 0


def write_artifact(name: str, revision: str, settings_json: bytes, work: Path) -> None:
    """Write the files of a release to an empty directory. Raises NotReady if another one is loaded."""
    # Imported under the lock: the processes that only wait for it stay small.
    from app.http.preparation import internal_context  # noqa: PLC0415
    from app.main import RELEASE_ARTIFACTS, create_app  # noqa: PLC0415
    from app.settings import Settings  # noqa: PLC0415

    settings = Settings.model_validate_json(settings_json)
    artifact = next(artifact for artifact in RELEASE_ARTIFACTS if artifact.name == name)
    if hasattr(os, "nice"):
        os.nice(artifact.niceness)
    service = create_app(settings.model_copy(update={"otlp_endpoint": "", "access_log": False, "metrics_dir": None}))
    with internal_context(service.app) as ctx:
        if ctx.release.revision != revision:
            raise NotReady("Another release is loaded.")
        artifact.write(ctx, work)


if __name__ == "__main__":
    sys.exit(main())
