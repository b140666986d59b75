"""Database URLs."""

from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode

TARGET_SESSION_ATTRS: Final = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")
LOAD_BALANCE_HOSTS: Final = ("disable", "random")
_CHOICES: Final = {"target_session_attrs": TARGET_SESSION_ATTRS, "load_balance_hosts": LOAD_BALANCE_HOSTS}


def to_sqlalchemy_url(text: str) -> str:
    """SQLAlchemy URL for the path of a SQLite file, a SQLAlchemy URL, or a libpq URL with one or more hosts.

    Raises ValueError with a message for the user.
    """
    if "://" not in text:
        return f"sqlite:///{Path(text).absolute()}"
    scheme, rest = text.split("://", 1)
    if scheme == "sqlite":
        if rest and not rest.startswith("/"):
            msg = f"a SQLite URL has three slashes: use sqlite:///{rest}"
            raise ValueError(msg)
        return text
    if scheme not in {"postgres", "postgresql", "postgresql+psycopg"}:
        msg = f"scheme {scheme!r} is not supported: use sqlite:///FILE or postgresql://USER@HOST/NAME"
        raise ValueError(msg)
    return f"postgresql+psycopg://{_expand_hosts(rest)}"


def _expand_hosts(rest: str) -> str:
    authority_and_name, _, query = rest.partition("?")
    authority, slash, name = authority_and_name.partition("/")
    params = parse_qsl(query, keep_blank_values=True)
    for key, allowed in _CHOICES.items():
        for value in (value for param, value in params if param == key):
            if value not in allowed:
                msg = f"{key}={value} is not supported: use one of {', '.join(allowed)}"
                raise ValueError(msg)
    user, at, hosts = authority.rpartition("@")
    if "," not in hosts:
        _parse_port(hosts)
        return rest
    # libpq separates hosts by commas; SQLAlchemy takes each host as a query parameter.
    host_params = [("host", host if _parse_port(host) else f"{host}:5432") for host in hosts.split(",")]
    if not all(value.partition(":")[0] for _, value in host_params):
        msg = f"a host is missing in {hosts!r}"
        raise ValueError(msg)
    return f"{user}{at}{slash or '/'}{name}?{urlencode([*host_params, *params], safe=':/')}"


def _parse_port(host: str) -> str:
    """Port of `HOST:PORT`; empty if there is none. Raises ValueError if it is not a port."""
    port = host.rpartition("]")[2].partition(":")[2]
    if port and not (port.isdigit() and 0 < int(port) < 65536):
        msg = f"{port!r} is not a port"
        raise ValueError(msg)
    return port
