"""Archive the newest build of the embed script permanently, under the hash of its bytes."""

import sys
from pathlib import Path

from app.web.embed.builds import ARCHIVE_DIR, Build, get_newest_build


def archive_build(directory: Path = ARCHIVE_DIR) -> tuple[Build, bool]:
    """Write the newest build to `directory` unless it is there. Returns the build and whether it was written."""
    build = get_newest_build()
    path = directory / f"kb.{build.hash}.js"
    if path.exists():
        return build, False
    path.write_bytes(build.script)
    return build, True


if __name__ == "__main__":
    build, is_new = archive_build()
    sys.stdout.write(f"{'Archived' if is_new else 'Already archived:'} {build.path}\nintegrity {build.integrity}\n")
