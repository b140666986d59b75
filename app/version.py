"""Which code this is: part of every cache key, so that a deploy never serves bytes of the code before it."""

import hashlib
from functools import cache
from pathlib import Path

from app import __version__

_APP = Path(__file__).resolve().parent


@cache
def code_fingerprint() -> str:
    """Version and a hash of every source file, template and asset of the package: the same code gives the same id.

    Migrations and seed inside a wheel do not count: they are not there in a checkout.
    """
    digest = hashlib.sha256()
    for path in sorted(_APP.rglob("*")):
        if path.is_file() and path.suffix != ".pyc" and path.relative_to(_APP).parts[0] != "bundled":
            digest.update(path.relative_to(_APP).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{__version__}-{digest.hexdigest()[:12]}"
