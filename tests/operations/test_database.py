"""Roles, replica, backup and restore on Debian's own PostgreSQL, by the scripts and commands that the documentation names."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from build import procedure, write_seed
from drills.processes import ROOT, Postgres, end, load, postgres_binaries, wait_for

from app.db.read_engine import create_read_engine
from app.queries.releases import find_release
from app.settings import Settings

if postgres_binaries() is None and not os.environ.get("KB_REQUIRE_ALL"):
    pytest.skip("Debian's PostgreSQL is not installed: apt install postgresql", allow_module_level=True)


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server that holds a release; its files lie where its own user may reach them."""
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    folder.chmod(0o755)
    one = Postgres(folder / "cluster")
    one.make()
    one.start()
    one.ask("CREATE DATABASE kb")
    seed = write_seed(tmp_path_factory.mktemp("seed") / "s", procedure("p"))
    assert load(url(one), seed).returncode == 0
    yield one
    one.stop()
    shutil.rmtree(folder)


def url(server: Postgres, role: str = "kb_loader", database: str = "kb") -> str:
    return f"postgresql://{role}@127.0.0.1:{server.port}/{database}"


def roles(server: Postgres) -> None:
    given = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "KB_API_PASSWORD": "one",
        "KB_REPLICATION_PASSWORD": "two",
    }
    path = f"{server.bin}:{os.environ['PATH']}"
    subprocess.run(
        ["bash", str(ROOT / "docs/operations/roles.sh")],
        env={**os.environ, **given, "PATH": path},
        check=True,
        capture_output=True,
    )


def revision(database: str) -> str | None:
    engine = create_read_engine(Settings(database_url=database).database_url)
    with engine.transaction() as snapshot:
        found = find_release(snapshot)
    engine.dispose()
    return found.revision if found else None


def test_the_role_of_the_api_reads_everything_and_is_refused_every_write(cluster: Postgres) -> None:
    roles(cluster)
    roles(cluster)

    assert revision(url(cluster, "kb_api"))
    with psycopg.connect(url(cluster, "kb_api"), autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        for statement in (
            "DELETE FROM release",
            "UPDATE procedure SET name = 'x'",
            "INSERT INTO release SELECT * FROM release",
            "TRUNCATE list_row",
            "DROP TABLE claim",
            "CREATE TABLE mine (x int)",
            "CREATE TEMPORARY TABLE mine (x int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)  # type: ignore[arg-type]


def test_the_replica_script_makes_a_server_that_follows(cluster: Postgres, tmp_path: Path) -> None:
    roles(cluster)
    replica = Postgres(cluster.data.parent / "replica")
    given = {
        "KB_PRIMARY": "127.0.0.1",
        "KB_PRIMARY_PORT": str(cluster.port),
        "KB_REPLICATION_PASSWORD": "two",
        "PGDATA": str(replica.data),
        "PATH": f"{cluster.bin}:{os.environ['PATH']}",
    }
    cluster.data.parent.chmod(0o777)
    script = shutil.copy(ROOT / "docs/operations/replica.sh", cluster.data.parent / "replica.sh")
    process = subprocess.Popen(
        ["bash", script, "-p", str(replica.port)], env=given, cwd="/", stderr=subprocess.DEVNULL, **cluster._as()
    )
    try:
        wait_for("the replica", replica.answers)
        assert replica.ask("SELECT pg_is_in_recovery()") == [(True,)]
        seed = write_seed(tmp_path / "later", procedure("p"), procedure("q"))
        assert load(url(cluster), seed).returncode == 0
        wait_for("the release at the replica", lambda: revision(url(replica)) == revision(url(cluster)))
    finally:
        end(process)


def test_a_dump_restored_elsewhere_holds_the_same_release(cluster: Postgres) -> None:
    dump = subprocess.run(
        [str(cluster.bin / "pg_dump"), "--format=custom", "--no-owner", url(cluster)], capture_output=True, check=True
    ).stdout
    cluster.ask("CREATE DATABASE restored")

    subprocess.run(
        [
            str(cluster.bin / "pg_restore"),
            "--no-owner",
            "--exit-on-error",
            "--dbname",
            url(cluster, database="restored"),
        ],
        input=dump,
        check=True,
    )

    assert revision(url(cluster, database="restored")) == revision(url(cluster))


def test_a_copy_of_the_file_made_by_sqlite_holds_the_same_release(tmp_path: Path) -> None:
    database, copy = tmp_path / "kb.sqlite3", tmp_path / "copy.sqlite3"
    assert load(str(database), write_seed(tmp_path / "s", procedure("p"))).returncode == 0

    # The command of docs/operations/backup.md.
    command = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('VACUUM INTO ?', [sys.argv[2]])"
    subprocess.run(["python3", "-c", command, str(database), str(copy)], check=True)

    assert revision(str(copy)) == revision(str(database))
    assert command in (ROOT / "docs/operations/backup.md").read_text(encoding="utf-8")
