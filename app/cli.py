"""procedure-kb: serve, check, diff, review, release, load, status, schema, export, fault-server.

Exit codes: 0 done, 1 validation failed or nothing loaded, 2 wrong usage or configuration, 3 the database cannot be used.
"""

import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import SQLAlchemyError

from app.db.errors import DatabaseError, DirectoryReadOnly, SchemaMissing, first_line
from app.db.migrations import head_revision, migrate, read_revision
from app.db.read_engine import create_read_engine
from app.db.sqlite import parse_sqlite_path
from app.db.urls import describe_url
from app.db.write_engine import create_write_engine
from app.errors import ConfigurationError, KnowledgeBaseError
from app.gc_pause import gc_paused
from app.loader.content import CheckedContent, load_content
from app.loader.json_schemas import list_outdated_schemas, write_schemas
from app.loader.quality import find_quality_regressions
from app.loader.release_file import suggest_next_version, write_release
from app.loader.restore import UnknownRelease, restore_from_export, restore_from_git, restore_from_history
from app.loader.review_file import write_review
from app.loader.writer import LoadResult, write_content
from app.monitoring.logs import build_log_config
from app.monitoring.metrics import remove_dead_workers
from app.queries.releases import find_release
from app.seed.bundle import Bundle
from app.seed.clinic_checks import find_clinic_errors
from app.seed.code_checks import find_operator_code_errors, list_double_exact_codes
from app.seed.problems import SeedInvalid
from app.seed.reader import read_export
from app.seed.reviews import (
    collect_reviewed_content,
    find_reviewed_record,
    list_lapsed_reviews,
    render_reviewed_content,
)
from app.settings import Settings, build_loopback_url, load_settings, require_writable_directory
from app.version import code_fingerprint

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
SeedOption = Annotated[
    Path | None, typer.Option("--seed", help="Directory of the seed files; default: KB_SEED_DIR or seed_data.")
]
MAX_PROBLEMS = 200
# End of the last line of a command that was to load.
NOTHING_LOADED = ": nothing was loaded"


def main() -> None:
    """Run the command line. Configuration and database errors end in a sentence, not in a traceback."""
    try:
        cli()
    except ConfigurationError as error:
        fail(f"Invalid configuration.\n{error}", 2)
    except (DatabaseError, SQLAlchemyError) as error:
        fail(f"The database cannot be used: {first_line(error)}", 3)
    except OSError as error:
        # A disk that is full or may not be written, a file that may not be read.
        fail(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}", 2)


def fail(message: str, code: int) -> NoReturn:
    """Print a message to standard error and exit."""
    typer.echo(message, err=True)
    sys.exit(code)


@contextmanager
def _stop_at_sigterm() -> Iterator[None]:
    """End the block at SIGTERM, with its transaction rolled back.

    The first process of a container ignores that signal unless it handles it, and would be killed instead.
    """

    def stop(*_: object) -> NoReturn:
        sys.exit(128 + signal.SIGTERM)

    previous = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


@contextmanager
def _progress(title: str) -> Iterator[Callable[[str], None]]:
    """Progress bar on a terminal; no output elsewhere; the result is printed separately."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, transient=True, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None)

        def step(label: str) -> None:
            bar.update(task, advance=1, description=f"{title}: {label}")

        yield step


def load_seed(settings: Settings, seed: Path | None, outcome: str = "") -> CheckedContent:
    """Read and check the seed. Problems are printed, with their outcome, and end the command with code 1."""
    root = (seed or settings.seed_dir).resolve()
    if not root.is_dir():
        fail(f"{root} is not a directory of seed files: set KB_SEED_DIR or --seed", 2)
    try:
        with _progress("Reading") as step:
            return load_content(root, progress=step)
    except SeedInvalid as error:
        print_problems(error, outcome)


def print_problems(error: SeedInvalid, outcome: str) -> NoReturn:
    """Print the problems of a seed and end the command with code 1."""
    for problem in error.problems[:MAX_PROBLEMS]:
        typer.echo(str(problem))
    if len(error.problems) > MAX_PROBLEMS:
        typer.echo(f"... and {len(error.problems) - MAX_PROBLEMS} more")
    fail(f"{error}{outcome}.", 1)


def load_into_database(settings: Settings, content: CheckedContent) -> LoadResult:
    """Run migrations, write the release, and print what was done."""
    engine = create_write_engine(settings.writer_url)
    try:
        if migrate(engine):
            typer.echo(f"Migrated the database to schema {head_revision()}.")
        with _progress("Loading") as step:
            result = write_content(engine, content, progress=step)
    finally:
        engine.dispose()
    if result.written:
        typer.echo(f"Loaded release {result.version} (revision {result.revision}, {result.rows} rows).")
    else:
        typer.echo(f"Release {result.version} (revision {result.revision}) is already loaded.")
    return result


def require_openable(url: str) -> None:
    """Raise DirectoryReadOnly if SQLite cannot open its file on a read-only medium. A file that is not there may come later."""
    try:
        with create_read_engine(url).transaction() as transaction:
            read_revision(transaction)
    except DirectoryReadOnly:
        raise
    except DatabaseError:
        return


def find_free_port(host: str) -> int:
    """A port of a host that no program listens on. If there is none, the command ends with code 2."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.bind((host, 0))
            return int(probe.getsockname()[1])
    except OSError as error:
        fail(f"No port of KB_HOST={host!r} is free: {error.strerror}", 2)


def require_free_port(host: str, port: int) -> None:
    """End the command with code 2 when another program listens on a port."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            # As the server itself: connections of one that has just ended do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        fail(f"KB_HOST={host!r}, KB_PORT={port}: the server cannot listen there: {error.strerror}", 2)


@cli.command()
def serve(
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Worker processes; default: KB_WORKERS or 1.")
    ] = None,
    *,
    no_load: Annotated[
        bool,
        typer.Option(
            "--no-load",
            help="Only serve: another process loads the content, and this one needs no write access to the database.",
        ),
    ] = False,
) -> None:
    """Run migrations, load the seed if needed, then serve."""
    settings = load_settings()
    if settings.port:
        require_free_port(settings.host, settings.port)
    for name in ("search_dir", "export_dir"):
        require_writable_directory(name, getattr(settings, name))
    if not no_load:
        with gc_paused(), _stop_at_sigterm():
            content = load_seed(settings, None, NOTHING_LOADED)
            check_code_map(settings, content.bundle)
            check_clinic(settings, content.bundle)
            load_into_database(settings, content)
    elif settings.database_url.startswith("sqlite"):
        require_openable(settings.database_url)
    count = workers or settings.workers
    port = settings.port or find_free_port(settings.host)
    typer.echo(
        f"Serving on http://{settings.host}:{port} with {count} worker{'s' if count > 1 else ''}. Stop with Ctrl+C."
    )
    # Behind a path prefix is a proxy, so the address is not what callers use.
    loopback_url = "" if settings.path_prefix else build_loopback_url(settings.host, port)
    os.environ["KB_LOOPBACK_URL"] = loopback_url
    if not settings.public_url and loopback_url:
        typer.echo(f"KB_PUBLIC_URL is not set: links that must be absolute begin with {loopback_url}.")
    elif not settings.public_url:
        off = ["FHIR"] if "fhir" in settings.features else []
        off += ["oEmbed", "canonical links", "the sitemap"]
        typer.echo(f"KB_PUBLIC_URL is not set: {', '.join(off)} need it and are off.")
    with ExitStack() as stack:
        if settings.metrics_dir:
            remove_dead_workers(settings.metrics_dir)
        elif count > 1:
            # Each worker is a process that reads the settings again.
            os.environ["KB_METRICS_DIR"] = stack.enter_context(tempfile.TemporaryDirectory(prefix="kb-workers-"))
        uvicorn.run(
            "app.asgi:load_app",
            factory=True,
            host=settings.host,
            port=port,
            workers=count,
            log_config=build_log_config(settings.log_level, settings.log_format),
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=20,
            # Windows has no httptools.
            http="h11" if sys.platform == "win32" else "app.http.bounded_protocol:BoundedHttpProtocol",
            h11_max_incomplete_event_size=64 * 1024,
            ws="none",
        )


def check_code_map(settings: Settings, bundle: Bundle) -> None:
    """End the command with code 2 if the operator's code map names records that the content does not have."""
    errors = list(find_operator_code_errors(settings.operator_codes, bundle.locations))
    for error in errors:
        typer.echo(f"{settings.code_map}: {error}")
    if errors:
        fail(f"KB_CODE_MAP={str(settings.code_map)!r} names records that the content does not have.", 2)


def check_clinic(settings: Settings, bundle: Bundle) -> None:
    """End the command with code 2 if the clinic's edition does not fit the content, or tells of an emergency without its number."""
    if settings.edition is None:
        return
    slugs = {slug for record_type, slug in bundle.locations if record_type == "procedure"}
    errors = list(find_clinic_errors(settings.edition, slugs, bundle.emergency_phrases))
    for error in errors:
        typer.echo(f"{settings.clinic}: {error}")
    if errors:
        fail(f"KB_CLINIC={str(settings.clinic)!r} does not fit the content.", 2)


@cli.command()
def check(
    seed: SeedOption = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Also fail if quality is below the baseline.")] = False,
) -> None:
    """Validate every seed file; print file, line, pointer and remedy of each problem."""
    settings = load_settings()
    content = load_seed(settings, seed)
    for warning in (*list_lapsed_reviews(content.bundle), *list_double_exact_codes(content.bundle.code_systems)):
        typer.echo(f"warning: {warning}")
    check_code_map(settings, content.bundle)
    check_clinic(settings, content.bundle)
    facts = content.build_release_facts()["counts"]
    typer.echo("OK: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in facts.items()) + ".")
    if not strict:
        return
    root = (seed or settings.seed_dir).resolve()
    baseline = root / "quality.json"
    try:
        drops = find_quality_regressions(content, baseline)
    except ValueError as error:
        fail(f"{baseline.name} is not JSON: {error}", 1)
    for drop in drops:
        typer.echo(drop)
    if drops:
        fail(f"Quality is below {baseline.name}: correct the content, or change the baseline and say why.", 1)
    typer.echo("Quality is at or above the baseline.")


@cli.command()
def diff(seed: SeedOption = None) -> None:
    """Print what the seed changes against the last release, field by field."""
    content = load_seed(load_settings(), seed)
    for change in content.unreleased_changes:
        typer.echo(f"{change.change:8} {change.entity}{change.field}")
    since = content.releases[-1].version if content.releases else "the beginning"
    typer.echo(f"{len(content.unreleased_changes)} changes since {since}.")


@cli.command()
def review(
    record: Annotated[str, typer.Argument(help="Folder and slug of the record, such as procedures/vertebroplasty.")],
    seed: SeedOption = None,
    reviewer: Annotated[str | None, typer.Option(help="Name of the clinician who has read it.")] = None,
    credentials: Annotated[str | None, typer.Option(help="Credentials of the clinician.")] = None,
    date: Annotated[str | None, typer.Option(help="Date of the review (YYYY-MM-DD); default: today.")] = None,
) -> None:
    """Print what a review of a record covers; with --reviewer and --credentials, write the entry of the review."""
    if (reviewer is None) != (credentials is None):
        fail("--reviewer and --credentials go together: a review names who answers for it.", 2)
    settings = load_settings()
    bundle = load_seed(settings, seed).bundle
    try:
        record_type, slug = find_reviewed_record(bundle, record)
    except ValueError as error:
        fail(str(error), 2)
    content = collect_reviewed_content(bundle, record_type, slug)
    if reviewer is None or credentials is None:
        for line in render_reviewed_content(bundle, content):
            typer.echo(line)
        return
    root = (seed or settings.seed_dir).resolve()
    entry = {
        "type": record_type,
        "slug": slug,
        "reviewer": reviewer,
        "credentials": credentials,
        "reviewed_on": date or dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "sha256": content.sha256,
    }
    try:
        path = write_review(root, entry)
    except ValueError as error:
        fail(str(error), 1)
    typer.echo(f"Wrote {path.relative_to(root.parent)}: {reviewer} has reviewed {record}, SHA-256 {content.sha256}.")


@cli.command()
def release(
    seed: SeedOption = None,
    version: Annotated[str | None, typer.Option(help="Version; default: the next minor one.")] = None,
    date: Annotated[str | None, typer.Option(help="Date (YYYY-MM-DD); default: today.")] = None,
    title: Annotated[str, typer.Option(help="Title of the release.")] = "Content update",
) -> None:
    """Write the next file of seed_data/releases, with every changed field."""
    settings = load_settings()
    content = load_seed(settings, seed)
    today = date or dt.datetime.now(tz=dt.UTC).date().isoformat()
    root = (seed or settings.seed_dir).resolve()
    try:
        path = write_release(root, content, version=version or suggest_next_version(content), date=today, title=title)
    except ValueError as error:
        fail(str(error), 1)
    again = load_seed(settings, seed)
    typer.echo(
        f"Wrote {path.relative_to(root.parent)}: {len(content.unreleased_changes)} changes. The content is release {again.version} now."
    )


@cli.command()
def load(
    seed: SeedOption = None,
    release: Annotated[
        str | None,
        typer.Option("--release", help="Load an earlier release from the history of the seed."),
    ] = None,
    *,
    from_git: Annotated[
        bool,
        typer.Option("--from-git", help="With --release: read the files from git instead of the history."),
    ] = False,
    from_export: Annotated[
        Path | None,
        typer.Option(
            "--from-export",
            help="Load the release of a release.json of /v1/export, or with --release an earlier one of its history.",
        ),
    ] = None,
) -> None:
    """Run migrations and load the seed in one transaction; loading the same content again changes nothing."""
    settings = load_settings()
    if from_export is not None and (from_git or seed is not None):
        fail("--from-export cannot be combined with --from-git or --seed.", 2)
    if from_git and release is None:
        fail("--from-git needs --release VERSION.", 2)
    root = (seed or settings.seed_dir).resolve()
    with gc_paused(), _stop_at_sigterm(), tempfile.TemporaryDirectory(prefix="kb-release-") as folder:
        target = Path(folder) / "seed"
        try:
            if from_export is not None:
                content = load_export(settings, from_export.resolve(), release, target)
            elif release is not None:
                restore = restore_from_git if from_git else restore_from_history
                content = load_seed_as(settings, restore(root, release, target), release)
            else:
                content = load_seed(settings, seed, NOTHING_LOADED)
        except SeedInvalid as error:
            print_problems(error, NOTHING_LOADED)
        except UnknownRelease as error:
            fail(f"{error}.", 1)
        load_into_database(settings, content)


def load_seed_as(settings: Settings, directory: Path, version: str) -> CheckedContent:
    """Read and check the files restored for a release. They must be that release."""
    content = load_seed(settings, directory, NOTHING_LOADED)
    if content.version != version:
        fail(f"The files restored for {version} are {content.version}{NOTHING_LOADED}.", 1)
    return content


def load_export(settings: Settings, file: Path, release: str | None, target: Path) -> CheckedContent:
    """Read and check the release of an export, or an earlier release in its history."""
    export = read_export(file)
    version = release or export.version
    content = load_seed_as(settings, restore_from_export(export, version, target), version)
    if version == export.version and content.revision != export.revision:
        fail(f"The export names revision {export.revision}, but holds {content.revision}{NOTHING_LOADED}.", 1)
    return content


@cli.command()
def status() -> None:
    """Print the schema and release of the database, and the version of this code."""
    url = load_settings().writer_url
    revision, release = None, None
    file = parse_sqlite_path(url) if url.startswith("sqlite") else None
    if file is None or file.exists():
        with suppress(SchemaMissing), create_read_engine(url).transaction() as transaction:
            revision = read_revision(transaction)
            release = find_release(transaction)
    typer.echo(f"Database  {describe_url(url)}")
    typer.echo(f"Schema    {revision or 'none'} (this code: {head_revision()})")
    typer.echo(
        f"Release   {f'{release.version}, revision {release.revision}; loaded by {release.build}' if release else 'none loaded'}"
    )
    typer.echo(f"Code      {code_fingerprint()}")
    raise typer.Exit(0 if release is not None and revision == head_revision() else 1)


@cli.command()
def schema(
    seed: SeedOption = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Only check that the files are up to date.")] = False,
) -> None:
    """Write the JSON Schemas of the seed files, for editors."""
    root = (seed or load_settings().seed_dir).resolve()
    if check:
        if outdated := list_outdated_schemas(root):
            fail(f"Out of date: {', '.join(outdated)}. Run `procedure-kb schema`.", 1)
        typer.echo("The schemas are up to date.")
        return
    written = write_schemas(root)
    typer.echo(f"Wrote {', '.join(written)}." if written else "The schemas are up to date.")


@cli.command()
def export(
    static: Annotated[
        Path, typer.Option(help="Directory for the files; one that this command wrote before is replaced.")
    ],
) -> None:
    """Write the loaded release as files for any static host: details, lists, pages, exports, embeds."""
    from app.main import create_app  # noqa: PLC0415 - no other command pays for importing the web service
    from app.static_site import write_site  # noqa: PLC0415

    # An export is no worker: it shares no metrics.
    service = create_app(load_settings().model_copy(update={"metrics_dir": None}))
    try:
        with _progress("Writing") as step:
            count = write_site(service, static.resolve(), on_file=step)
    except (ConfigurationError, KnowledgeBaseError) as error:
        fail(str(error), 1)
    typer.echo(f"Wrote {count} files below {static}.")


@cli.command()
def fault_server(
    host: Annotated[str, typer.Option(help="Host name or IP address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: a free one.")] = 8001,
) -> None:
    """Serve invented content with faults on request (`Prefer: code=503`), for the tests of programs that call this service."""
    # A program of its own: the service imports nothing of it.
    command = (sys.executable, "-m", "app.testing", "--host", host, "--port", str(port))
    with suppress(KeyboardInterrupt):
        sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - this interpreter


if __name__ == "__main__":
    main()
