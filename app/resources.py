"""Paths of the package's resources: migrations and seed data, in a checkout or an installed wheel."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent


def resource_path(name: str) -> Path:
    """Return the path of a top-level project directory: the copy in the installed wheel, else the one in the checkout."""
    bundled = _PACKAGE / "bundled" / name
    return bundled if bundled.is_dir() else _PACKAGE.parent / name
