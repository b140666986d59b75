"""Settings, read from the environment here alone: each has a name, a default, and a remedy when it is wrong."""

import difflib
import ipaddress
import os
from collections.abc import Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.db.urls import to_sqlalchemy_url
from app.domain import patterns
from app.domain.clinic import ClinicEdition
from app.domain.operator_codes import OperatorCode, parse_operator_codes
from app.errors import ConfigurationError
from app.resources import resource_path

PREFIX: Final = "KB_"
# Feature -> package that it needs beside the core; None: the core is enough.
FEATURES: Final = {"fhir": None, "mcp": "mcp", "otel": "opentelemetry", "pdf": "typst"}

# Settings that hold passwords or tokens: no message repeats them.
_SECRETS: Final = frozenset({"database_url", "write_database_url", "metrics_token", "otlp_endpoint"})


class Settings(BaseModel):
    """Settings of an operator, each read from `KB_` and its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", description="Host name or IP address that the server listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port that the server listens on; 0 picks a free one.")
    workers: int = Field(default=1, ge=1, le=64, description="Worker processes of `serve`.")
    database_url: str = Field(
        repr=False,
        default="var/kb.sqlite3",
        validate_default=True,
        description="Database that HTTP reads: sqlite:///FILE, the path of a SQLite file, or postgresql://USER@HOST/NAME."
        " Several hosts are separated by commas (HOST:PORT,HOST:PORT), with target_session_attrs and load_balance_hosts.",
    )
    write_database_url: str = Field(
        repr=False,
        default="",
        description="Database that the loader writes, if it is another server or role; empty: database_url.",
    )
    seed_dir: Path = Field(default=resource_path("seed_data"), description="Directory of the seed files.")
    code_map: Path | None = Field(
        default=None,
        description="CSV of codes that this service maps to records beside those of the content (columns: system, code,"
        " type, slug, relation).",
    )
    clinic: Path | None = Field(
        default=None,
        description="JSON file of a clinic's edition: what pages, embeds and leaflets show of the clinic.",
    )
    public_url: str = Field(
        default="", description="Public base URL. If set, links are absolute; otherwise they are paths."
    )
    loopback_url: str = Field(
        default="",
        description="URL of a server that only its own host reaches; `serve` sets it when it listens on a loopback address.",
    )
    path_prefix: str = Field(
        default="",
        pattern=patterns.PATH_PREFIX,
        description="Path that the service is mounted under, without a slash at the end.",
    )
    report_url: str = Field(
        default="",
        description="URL for reporting a wrong statement (https or mailto); empty: a page of the service explains how.",
    )
    frame_ancestors: str = Field(
        default="*",
        pattern=patterns.CSP_VALUE,
        description="Sites that may frame /embed pages: value of CSP frame-ancestors.",
    )
    cache_bytes: int = Field(
        default=64 * 1024 * 1024,
        ge=0,
        le=8 * 1024**3,
        description="Bytes that responses, totals and facet counts kept in memory may take together; 0 keeps none.",
    )
    max_concurrency: int = Field(
        default=256, ge=1, le=100_000, description="Maximum concurrent requests; more get a 503."
    )
    release_poll_seconds: float = Field(
        default=0.5, gt=0, le=60, description="Seconds between two polls of the database for a new release."
    )
    access_log: bool = Field(default=False, description="Log a line for every request.")
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="Log format: json, text or auto (text on a terminal, else json)."
    )
    log_level: str = Field(default="info", pattern=patterns.LOG_LEVEL, description="Minimum log level.")
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="Separate port for /metrics; 0 serves it on the main port."
    )
    metrics_token: str = Field(
        default="", repr=False, description="Bearer token that /metrics on the main port requires; empty: none."
    )
    metrics_dir: Path | None = Field(
        default=None,
        description="Directory in which workers share their metrics; `serve` creates one for several workers.",
    )
    otlp_endpoint: str = Field(
        default="", repr=False, description="Collector of traces (OTEL_EXPORTER_OTLP_ENDPOINT); needs the extra otel."
    )
    features: tuple[str, ...] = Field(
        default=(), description=f"Optional features to serve, separated by commas: {', '.join(FEATURES)}."
    )
    export_dir: Path = Field(default=Path("var/export"), description="Directory for the export files of this host.")
    search_dir: Path = Field(default=Path("var/search"), description="Directory for the search indexes of this host.")

    @field_validator("database_url", "write_database_url")
    @classmethod
    def _parse_database_url(cls, url: str) -> str:
        return to_sqlalchemy_url(url) if url else url

    @field_validator("features", mode="before")
    @classmethod
    def _check_features(cls, features: object) -> object:
        names = features.replace(",", " ").split() if isinstance(features, str) else features
        for name in names if isinstance(names, list | tuple) else ():
            if name not in FEATURES:
                msg = f"unknown feature {name!r}; known: {', '.join(FEATURES)}"
                raise ValueError(msg)
            package = FEATURES[name]
            if package is not None and find_spec(package) is None:
                msg = f"{name!r} is not installed; install it by `KB_FEATURES={name} make serve` or from requirements/{name}.txt"
                raise ValueError(msg)
        return names

    @field_validator("code_map")
    @classmethod
    def _check_code_map(cls, path: Path | None) -> Path | None:
        if path is not None:
            read_operator_codes(path)
        return path

    @field_validator("clinic")
    @classmethod
    def _check_clinic(cls, path: Path | None) -> Path | None:
        if path is not None:
            read_clinic_edition(path)
        return path

    @field_validator("public_url", "loopback_url")
    @classmethod
    def _strip_slash(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            msg = "it must start with http:// or https://"
            raise ValueError(msg)
        return url.rstrip("/")

    @model_validator(mode="after")
    def _check_engines(self) -> Self:
        engines = {url.startswith("sqlite") for url in (self.database_url, self.writer_url)}
        if len(engines) > 1:
            msg = "database_url and write_database_url name different engines"
            raise ValueError(msg)
        return self

    @cached_property
    def operator_codes(self) -> tuple[OperatorCode, ...]:
        """Rows of the operator's code map; empty without one."""
        return read_operator_codes(self.code_map) if self.code_map else ()

    @cached_property
    def edition(self) -> ClinicEdition | None:
        """Edition of a clinic; None without one."""
        return read_clinic_edition(self.clinic) if self.clinic else None

    @property
    def fingerprint(self) -> str:
        """What the settings put into bodies, beside their links: part of the key of files that show responses."""
        return f"{','.join(self.features)} {self.operator_codes} {self.edition.fingerprint if self.edition else ''}"

    @property
    def listens_on_loopback(self) -> bool:
        """Whether only this host reaches the server."""
        return bool(build_loopback_url(self.host, self.port))

    @property
    def writer_url(self) -> str:
        """URL of the database that the loader and the migrations write."""
        return self.write_database_url or self.database_url

    @property
    def link_base(self) -> str:
        """Start of every link: the public URL, or the path prefix alone."""
        return self.public_url or self.path_prefix

    @property
    def absolute_base(self) -> str:
        """Start of links that must be absolute: the public URL, or the loopback address of `serve`. Empty: neither is known."""
        return self.public_url or self.loopback_url


def build_loopback_url(host: str, port: int) -> str:
    """URL of a server that listens on a loopback address; empty if other hosts may reach it, under a name it does not know."""
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    return f"http://{f'[{host}]' if ':' in host else host}:{port}" if is_loopback else ""


def read_operator_codes(path: Path) -> tuple[OperatorCode, ...]:
    """Rows of an operator's code map. Raises ValueError that names each wrong line."""
    return parse_operator_codes(_read_text(path))


def read_clinic_edition(path: Path) -> ClinicEdition:
    """Edition of a clinic. Raises ValueError that names each wrong value by its JSON pointer."""
    return ClinicEdition.parse(_read_text(path))


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8") from None
    except OSError as error:
        raise ValueError(f"the file cannot be read: {error.strerror}") from None


def explain_how_to_enable(feature: str) -> str:
    """Sentence about a feature that the settings do not name."""
    return f"{feature.upper()} is not enabled; set KB_FEATURES={feature} (`KB_FEATURES={feature} make serve` installs and serves it)."


def share_metrics_directory(directory: Path | None) -> None:
    """Tell prometheus_client in which directory workers share their metrics; None: they do not.

    It reads a variable of its own, once, when it is imported. Raises ConfigurationError if the directory cannot be written.
    """
    if directory is None:
        # A child process inherits the variable, but is no worker.
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
        return
    require_writable_directory("metrics_dir", directory)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)


def require_writable_directory(name: str, directory: Path) -> None:
    """Make a directory that a setting names. Raises ConfigurationError if it cannot be made or written."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        writable = os.access(directory, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        variable = PREFIX + name.upper()
        raise ConfigurationError(f"{variable}={str(directory)!r}: it must be a directory that can be written.")


def find_misspelled(env: Mapping[str, str]) -> list[str]:
    """A message for each variable with our prefix that is almost a setting."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(name for name in env if name.startswith(PREFIX) and name not in known)
    return [
        f"Unknown setting {name}; did you mean {near[0]}?"
        for name in unknown
        if (near := difflib.get_close_matches(name, known, n=1, cutoff=0.88))
    ]


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings of this process. Raises ConfigurationError, which names the variable and the remedy."""
    env = os.environ if environ is None else environ
    values = {name: text for name in Settings.model_fields if (text := env.get(PREFIX + name.upper(), ""))}
    if misspelled := find_misspelled(env):
        raise ConfigurationError("\n".join(misspelled))
    # The variable that every OpenTelemetry program reads.
    if endpoint := env.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        values.setdefault("otlp_endpoint", endpoint)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        lines = []
        for failure in error.errors():
            name = str(failure["loc"][0]) if failure["loc"] else "database_url"
            description = Settings.model_fields[name].description or ""
            # A message may reach a log.
            value = "" if name in _SECRETS else f"={values.get(name, '')!r}"
            lines.append(f"{PREFIX}{name.upper()}{value}: {patterns.validation_message(failure)}. {description}")
        raise ConfigurationError("\n".join(lines)) from None
