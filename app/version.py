"""Code version and fingerprint: part of every cache key, so that a deploy never serves responses of older code."""

import hashlib
from functools import cache
from pathlib import Path

from app import __version__

_APP = Path(__file__).resolve().parent


@cache
def code_fingerprint() -> str:
    """Return `{version}-{hash}`: 12 hex digits over every source file, template and asset of the package.

    The migrations and seed bundled in a wheel are left out: in a checkout they are not in the package.
    """
    digest = hashlib.sha256()
    for path in sorted(_APP.rglob("*")):
        relative = path.relative_to(_APP)
        # The interpreter writes temporary files into __pycache__.
        if (
            path.is_file()
            and path.suffix != ".pyc"
            and relative.parts[0] != "bundled"
            and "__pycache__" not in relative.parts
        ):
            digest.update(relative.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{__version__}-{digest.hexdigest()[:12]}"
