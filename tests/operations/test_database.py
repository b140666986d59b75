"""Roles, replica, backup and restore on Debian's PostgreSQL with the documented scripts and commands."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from build import procedure, write_seed
from checkout import ROOT
from drills.processes import (
    Api,
    Postgres,
    find_postgres_binaries,
    responds,
    run_load,
    stop_process,
    wait_for,
)

from app.db.read_engine import create_read_engine
from app.queries.releases import find_release
from app.settings import Settings

if find_postgres_binaries() is None and not os.environ.get("KB_REQUIRE_ALL"):
    pytest.skip("Debian's PostgreSQL is not installed: apt install postgresql", allow_module_level=True)


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """PostgreSQL server that holds a release, in a directory that the user of the server may traverse."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    server = Postgres(directory / "cluster")
    server.initialize()
    server.start()
    server.execute("CREATE DATABASE kb")
    seed = write_seed(tmp_path_factory.mktemp("seed") / "s", procedure("p"))
    assert run_load(build_url(server), seed).returncode == 0
    yield server
    server.stop()
    shutil.rmtree(directory)


def build_url(server: Postgres, role: str = "kb_loader", database: str = "kb") -> str:
    return f"postgresql://{role}@127.0.0.1:{server.port}/{database}"


def find_revision(database: str) -> str | None:
    engine = create_read_engine(Settings(database_url=database).database_url)
    with engine.transaction() as transaction:
        release = find_release(transaction)
    engine.dispose()
    return release.revision if release else None


def test_the_role_of_the_api_may_read_but_not_write(cluster: Postgres) -> None:
    cluster.create_roles()
    cluster.create_roles()

    assert find_revision(build_url(cluster, "kb_api"))
    with psycopg.connect(build_url(cluster, "kb_api"), autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        for statement in (
            "DELETE FROM release",
            "UPDATE procedure SET name = 'x'",
            "INSERT INTO release SELECT * FROM release",
            "TRUNCATE list_row",
            "DROP TABLE claim",
            "CREATE TABLE other (x int)",
            "CREATE TEMPORARY TABLE other (x int)",
            "CREATE SCHEMA other",
            "CREATE FUNCTION public.other() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "SELECT lo_create(0)",
            "SELECT lo_from_bytea(0, '')",
            "SELECT pg_advisory_lock(1)",
            "SELECT pg_try_advisory_lock_shared(1, 2)",
            "SELECT pg_advisory_xact_lock(1)",
            "ALTER SYSTEM SET work_mem = '1GB'",
            "ALTER ROLE kb_api CREATEDB",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)  # type: ignore[arg-type]


def test_settings_that_the_role_of_the_api_gives_itself_have_no_effect(cluster: Postgres) -> None:
    cluster.create_roles()
    try:
        with psycopg.connect(build_url(cluster, "kb_api"), autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            for setting in ("default_transaction_read_only = off", "search_path = nowhere", "statement_timeout = 1"):
                connection.execute(f"ALTER ROLE kb_api SET {setting}")  # type: ignore[arg-type]

        engine = create_read_engine(Settings(database_url=build_url(cluster, "kb_api")).database_url)
        with engine.transaction() as transaction:
            names = ("default_transaction_read_only", "search_path", "statement_timeout")
            assert [transaction.fetch(f"SHOW {name}", {})[0][0] for name in names] == ["on", "public", "5s"]
            assert find_release(transaction)
        engine.dispose()
    finally:
        cluster.execute("ALTER ROLE kb_api RESET ALL")


def test_the_replica_script_creates_a_replica_that_follows_its_primary(cluster: Postgres, tmp_path: Path) -> None:
    cluster.create_roles()
    replica = Postgres(cluster.data.parent / "replica")
    env = {
        "KB_PRIMARY": "127.0.0.1",
        "KB_PRIMARY_PORT": str(cluster.port),
        "KB_REPLICATION_PASSWORD": "two",
        "PGDATA": str(replica.data),
        "PATH": f"{cluster.bin}:{os.environ['PATH']}",
    }
    cluster.data.parent.chmod(0o777)
    script = shutil.copy(ROOT / "docs/operations/replica.sh", cluster.data.parent / "replica.sh")
    process = subprocess.Popen(
        ["bash", script, "-p", str(replica.port)],
        env=env,
        cwd="/",
        stderr=subprocess.DEVNULL,
        **cluster.user_arguments(),
    )
    try:
        wait_for("the replica", replica.is_ready)
        assert replica.execute("SELECT pg_is_in_recovery()") == [(True,)]
        seed = write_seed(tmp_path / "later", procedure("p"), procedure("q"))
        assert run_load(build_url(cluster), seed).returncode == 0
        wait_for(
            "the release at the replica", lambda: find_revision(build_url(replica)) == find_revision(build_url(cluster))
        )
    finally:
        stop_process(process)


def test_a_restored_dump_holds_the_same_release(cluster: Postgres) -> None:
    dump = subprocess.run(
        [str(cluster.bin / "pg_dump"), "--format=custom", "--no-owner", build_url(cluster)],
        capture_output=True,
        check=True,
    ).stdout
    cluster.execute("CREATE DATABASE restored")

    subprocess.run(
        [
            str(cluster.bin / "pg_restore"),
            "--no-owner",
            "--exit-on-error",
            "--dbname",
            build_url(cluster, database="restored"),
        ],
        input=dump,
        check=True,
    )

    assert find_revision(build_url(cluster, database="restored")) == find_revision(build_url(cluster))


def test_a_sqlite_file_that_is_copied_over_or_cut_is_survived(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.sqlite3" for name in ("first", "second", "served")]
    for file, name in zip(files[:2], ("p", "other"), strict=True):
        seed = write_seed(tmp_path / f"seed-{name}", procedure(name), *(procedure(f"{name}-{n}") for n in range(40)))
        assert run_load(f"sqlite:///{file}", seed).returncode == 0
    first, second, served = files
    shutil.copyfile(first, served)
    api = Api(tmp_path, f"sqlite:///{served}").start()
    try:
        revision = httpx.get(f"{api.base}/v1/procedures/p", timeout=30).headers["kb-release"]
        for source in (second, None, first):
            # In place: the file keeps its inode, as with `cp`.
            served.write_bytes(source.read_bytes() if source else b"")
            for number in range(20):
                response = httpx.get(f"{api.base}/v1/procedures?limit={number + 1}&sort=-name", timeout=30)
                assert response.status_code in {200, 503}, response.text
        wait_for("the first release", lambda: responds(f"{api.base}/v1/procedures/p-7"))
        assert httpx.get(f"{api.base}/v1/procedures/p", timeout=30).headers["kb-release"] == revision
        assert api.process
        assert api.process.poll() is None
    finally:
        api.stop()


def test_a_sqlite_backup_holds_the_same_release(tmp_path: Path) -> None:
    database, copy = tmp_path / "kb.sqlite3", tmp_path / "copy.sqlite3"
    assert run_load(str(database), write_seed(tmp_path / "s", procedure("p"))).returncode == 0

    # The command of docs/operations/backup.md.
    command = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('VACUUM INTO ?', [sys.argv[2]])"
    subprocess.run(["python3", "-c", command, str(database), str(copy)], check=True)

    assert find_revision(str(copy)) == find_revision(str(database))
    assert command in (ROOT / "docs/operations/backup.md").read_text(encoding="utf-8")
