"""Files that the package needs beside its code: migrations and seed data, in a checkout and in an installed wheel."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent


def resource_path(name: str) -> Path:
    """Path of a top-level directory of the project: the copy inside an installed wheel, else the one of the checkout."""
    bundled = _PACKAGE / "bundled" / name
    return bundled if bundled.is_dir() else _PACKAGE.parent / name
