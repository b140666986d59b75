"""Database URLs."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode

TARGET_SESSION_ATTRS: Final = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")
LOAD_BALANCE_HOSTS: Final = ("disable", "random")
_CHOICES: Final = {"target_session_attrs": TARGET_SESSION_ATTRS, "load_balance_hosts": LOAD_BALANCE_HOSTS}


_POSTGRESQL_SCHEMES: Final = ("postgres", "postgresql", "postgresql+psycopg")
# What follows the scheme. A `/`, `?`, `#` or `@` of a password would be read as the end of it.
_PARTS: Final = re.compile(
    r"(?:(?P<user>[^:@/?#]*)(?::[^@/?#]*)?@)?(?P<hosts>[^@/?#]*)(?:/(?P<name>[^:@/?#]*))?(?:\?(?P<query>[^@#]*))?"
)


def to_sqlalchemy_url(text: str) -> str:
    """SQLAlchemy URL for the path of a SQLite file, a SQLAlchemy URL, or a libpq URL with one or more hosts.

    Raises ValueError with a message for the user. It repeats nothing of a URL that is not a path: where a URL is malformed,
    any part of it may be a part of the password.
    """
    if "://" not in text:
        if "@" in text or text.startswith(_POSTGRESQL_SCHEMES):
            msg = "it is neither the path of a SQLite file nor a URL: use postgresql://USER:PASSWORD@HOST/NAME"
            raise ValueError(msg)
        return f"sqlite:///{Path(text).absolute()}"
    scheme, rest = text.split("://", 1)
    if scheme == "sqlite":
        if rest and not rest.startswith("/"):
            msg = f"a SQLite URL has three slashes: use sqlite:///{rest}"
            raise ValueError(msg)
        return text
    if scheme not in _POSTGRESQL_SCHEMES:
        msg = "its scheme is not supported: use sqlite:///FILE or postgresql://USER@HOST/NAME"
        raise ValueError(msg)
    return f"postgresql+psycopg://{_expand_hosts(rest)}"


def describe_url(url: str) -> str:
    """A valid database URL for messages: with engine, user, hosts and name, without password and parameters."""
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return url
    match = _PARTS.fullmatch(rest)
    if match is None:
        return "postgresql://..."
    # Several hosts are parameters by now.
    named = [value for name, value in parse_qsl(match["query"] or "") if name == "host"]
    user = f"{match['user']}@" if match["user"] else ""
    return f"postgresql://{user}{match['hosts'] or ','.join(named)}/{match['name'] or ''}"


def _expand_hosts(rest: str) -> str:
    match = _PARTS.fullmatch(rest)
    if match is None:
        msg = "it cannot be read: in user name and password, write / ? # @ : as %2F %3F %23 %40 %3A"
        raise ValueError(msg)
    hosts, params = match["hosts"], parse_qsl(match["query"] or "", keep_blank_values=True)
    for key, allowed in _CHOICES.items():
        if any(param == key and value not in allowed for param, value in params):
            msg = f"{key} is none of the supported values: use one of {', '.join(allowed)}"
            raise ValueError(msg)
    host_names = hosts.split(",")
    for host in host_names:
        _check_port(host)
    if len(host_names) == 1:
        return rest
    if not all(host.partition(":")[0] for host in host_names):
        msg = "a host is missing beside a comma"
        raise ValueError(msg)
    # libpq separates hosts by commas; SQLAlchemy takes each host as a query parameter.
    host_params = [("host", host if _get_port(host) else f"{host}:5432") for host in host_names]
    before_hosts = rest[: match.start("hosts")]
    return f"{before_hosts}/{match['name'] or ''}?{urlencode([*host_params, *params], safe=':/')}"


def _get_port(host: str) -> str:
    """Port of `HOST:PORT`; empty if there is none."""
    return host.rpartition("]")[2].partition(":")[2]


def _check_port(host: str) -> None:
    port = _get_port(host)
    if port and not (port.isdigit() and 0 < int(port) < 65536):
        msg = "a port is a number from 1 to 65535"
        raise ValueError(msg)
