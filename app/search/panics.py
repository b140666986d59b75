"""Panics of tantivy: a panic of Rust is a BaseException in Python, which no handler of errors would catch."""

from collections.abc import Iterator
from contextlib import contextmanager


class SearchFailed(Exception):
    """The search library failed, as it does on a damaged index."""


@contextmanager
def panics_as_errors() -> Iterator[None]:
    """Raise SearchFailed in place of a panic, during the block or the decorated function."""
    try:
        yield
    except BaseException as error:
        # Its class is made when the library is loaded, and cannot be imported.
        if type(error).__name__ == "PanicException":
            raise SearchFailed(str(error)) from error
        raise
