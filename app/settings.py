"""The only reader of the environment. Every setting has a name, a default, and a remedy when it is wrong."""

import difflib
import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from app.db.urls import to_sqlalchemy_url
from app.domain import patterns
from app.errors import ConfigurationError
from app.resources import resource_path

PREFIX: Final = "KB_"
# Read by make, the tests and the scripts, not by the service.
OTHERS: Final = frozenset({"KB_FULL", "KB_REQUIRE_ALL"})
# Extra -> the package that it needs beside the core; none: the core is enough.
EXTRAS: Final = {"fhir": None, "mcp": "mcp", "otel": "opentelemetry"}
_HttpUrl = Annotated[str, StringConstraints(pattern=patterns.BASE_URL)]


class Settings(BaseModel):
    """What an operator can set, each as `KB_` and the name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", description="Address that the server listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port that the server listens on; 0 picks a free one.")
    workers: int = Field(default=1, ge=1, le=64, description="Worker processes of `serve`.")
    database_url: str = Field(
        default="var/kb.sqlite3",
        validate_default=True,
        description="Where HTTP reads: sqlite:///FILE, the path of a SQLite file, or postgresql://USER@HOST/NAME; several"
        " hosts stand with commas between them (HOST:PORT,HOST:PORT), with target_session_attrs and load_balance_hosts.",
    )
    write_database_url: str = Field(
        default="", description="Where the loader writes when that is another server or role; empty: database_url."
    )
    seed_dir: Path = Field(default=resource_path("seed_data"), description="Directory of the seed files.")
    public_url: Annotated[str, Field(description="Public base address; set: links are absolute; empty: paths.")] = ""
    path_prefix: str = Field(
        default="",
        pattern=patterns.PATH_PREFIX,
        description="Path the service is mounted under, without slash at the end.",
    )
    report_url: str = Field(
        default="",
        description="Where a wrong statement is reported (https or mailto); empty: a page of the service says how.",
    )
    frame_ancestors: str = Field(
        default="*", pattern=patterns.CSP_VALUE, description="Who may frame /embed pages: value of CSP frame-ancestors."
    )
    cache_bytes: int = Field(
        default=64 * 1024 * 1024,
        ge=0,
        le=8 * 1024**3,
        description="Bound of the response cache in bytes; 0 switches it off.",
    )
    max_concurrency: int = Field(default=256, ge=1, le=100_000, description="Requests answered at once; beyond it 503.")
    revision_poll_seconds: float = Field(
        default=0.5, gt=0, le=60, description="How often a worker looks for a new release."
    )
    access_log: bool = Field(default=False, description="Write a line for every request.")
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="Lines of the log: json, text, or auto (text on a terminal, else json)."
    )
    log_level: str = Field(default="info", pattern=patterns.LOG_LEVEL, description="Least level logged.")
    metrics_port: int = Field(default=0, ge=0, le=65535, description="Own port for /metrics; 0: on the main port.")
    metrics_token: str = Field(
        default="", description="Bearer token that /metrics on the main port asks for; empty: open."
    )
    workers_dir: Path | None = Field(
        default=None,
        description="Where the workers of a box lay their counters together; `serve` makes one for its workers.",
    )
    otlp_endpoint: str = Field(
        default="", description="Collector of traces (OTEL_EXPORTER_OTLP_ENDPOINT); needs the extra otel."
    )
    extras: tuple[str, ...] = Field(
        default=(), description=f"Optional parts that are served, with commas between them: {', '.join(EXTRAS)}."
    )
    export_dir: Path = Field(default=Path("var/export"), description="Where the exported files of a box are written.")
    search_dir: Path = Field(default=Path("var/search"), description="Where search indexes of a box are built.")

    @field_validator("database_url", "write_database_url")
    @classmethod
    def _address(cls, url: str) -> str:
        return to_sqlalchemy_url(url) if url else url

    @field_validator("extras", mode="before")
    @classmethod
    def _extras(cls, given: object) -> object:
        names = given.replace(",", " ").split() if isinstance(given, str) else given
        for name in names if isinstance(names, list | tuple) else ():
            if name not in EXTRAS:
                msg = f"{name!r} is no extra; known are {', '.join(EXTRAS)}"
                raise ValueError(msg)
            package = EXTRAS[name]
            if package is not None and find_spec(package) is None:
                msg = (
                    f"{name!r} is not installed here: `KB_EXTRAS={name} make serve` or requirements/{name}.txt does it"
                )
                raise ValueError(msg)
        return names

    @field_validator("public_url")
    @classmethod
    def _no_slash(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            msg = "it must start with http:// or https://"
            raise ValueError(msg)
        return url.rstrip("/")

    @model_validator(mode="after")
    def _one_base(self) -> Self:
        if self.write_database_url and self.database_url.startswith("sqlite") != self.write_database_url.startswith(
            "sqlite"
        ):
            msg = "database_url and write_database_url name different engines"
            raise ValueError(msg)
        return self

    @property
    def writer_url(self) -> str:
        """Where the loader and the migrations write."""
        return self.write_database_url or self.database_url

    @property
    def link_base(self) -> str:
        """What a link starts with: the public address, or the path prefix alone."""
        return self.public_url or self.path_prefix


def _misspelt(env: Mapping[str, str]) -> list[str]:
    """Variables with our prefix that no setting has, each with the setting that was probably meant."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    found = []
    for name in sorted(key for key in env if key.startswith(PREFIX) and key not in known | OTHERS):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.88)
        if near:
            found.append(f"{name} is no setting: the nearest is {near[0]}.")
    return found


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings of this process. ConfigurationError names the variable and the remedy."""
    env = os.environ if environ is None else environ
    given = {
        name: env[key] for name in Settings.model_fields if (key := PREFIX + name.upper()) in env and env[key] != ""
    }
    if misspelt := _misspelt(env):
        raise ConfigurationError("\n".join(misspelt))
    # The name that every OpenTelemetry program reads.
    if endpoint := env.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        given.setdefault("otlp_endpoint", endpoint)
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = str(problem["loc"][0]) if problem["loc"] else "database_url"
            about = Settings.model_fields[name].description or ""
            # Passwords stand in addresses of databases: a message that may reach a log shows none.
            shown = re.sub(r"(?<=:)[^:/@]+(?=@)", "...", given.get(name, ""))
            lines.append(f"{PREFIX}{name.upper()}={shown!r}: {patterns.validation_message(problem)}. {about}")
        raise ConfigurationError("\n".join(lines)) from None
