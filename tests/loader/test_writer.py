"""A load is atomic: for readers, for a killed process, and for concurrent loads."""

import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from build import generator, procedure, relief, write_seed
from conftest import new_database
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from app.db.errors import DatabaseError
from app.db.migrations import downgrade, find_revision, migrate
from app.db.packing import compute_list_id
from app.db.postgresql import SqlAlchemyReadTransaction
from app.db.read_engine import ReadTransaction, create_read_engine
from app.db.write_engine import create_write_engine
from app.loader.content import CheckedContent, load_content
from app.loader.writer import write_content
from app.queries.releases import find_release


def load_procedures(root: Path, count: int) -> CheckedContent:
    return load_content(
        write_seed(root, *[procedure(f"p{n}", claims=[relief(f"c{n}", min="P3M")]) for n in range(count)])
    )


def count_rows(snapshot: ReadTransaction, table: str) -> int:
    return int(snapshot.fetch(f"SELECT count(*) FROM {table}", {})[0][0])


# Imports the loader once and loads in a fork for each line that it reads, which it kills after so many seconds (0: never).
LOADS = """
import os, signal, sys, time
from app.cli import cli
for line in sys.stdin:
    seconds, url = line.split()
    began = time.monotonic()
    pid = os.fork()
    if not pid:
        os.environ["KB_DATABASE_URL"] = url
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        cli(["load", "--seed", sys.argv[1]])
    if float(seconds):
        time.sleep(float(seconds))
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    print(time.monotonic() - began, flush=True)
"""


@contextmanager
def start_loads(seed: Path) -> Iterator[Callable[[float, str], float]]:
    """load(seconds, url): load the seed into a database, kill the load after these seconds (0: never), and return how long it ran."""
    command = [sys.executable, "-c", LOADS, str(seed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout

        def load(seconds: float, url: str) -> float:
            print(seconds, url, file=process.stdin, flush=True)
            return float(process.stdout.readline())  # type: ignore[union-attr]

        yield load
        process.stdin.close()


def test_a_load_killed_at_any_moment_leaves_the_previous_release_intact(
    database_url: str, writer: Engine, tmp_path: Path
) -> None:
    first = load_procedures(tmp_path / "first", 50)
    bigger = write_seed(
        tmp_path / "second", *[procedure(f"q{n}", claims=[relief(f"d{n}", min="P3M")]) for n in range(600)]
    )
    rng = random.Random(7)
    counts = set()
    with start_loads(bigger) as load:
        load_seconds = load(0, f"sqlite:///{tmp_path / 'scratch.sqlite3'}")
        for _ in range(20):
            # A load that ended before it was killed is followed by one with something to do.
            write_content(writer, first)
            writer.dispose()
            # Up to slightly after the end.
            load(rng.uniform(0.01, 1.1) * load_seconds, database_url)
            engine = create_read_engine(database_url)
            with engine.transaction() as snapshot:
                release = find_release(snapshot)
                assert release is not None
                count = count_rows(snapshot, "procedure")
                claims = count_rows(snapshot, "claim")
                assert (count, claims) == ((50, 50) if release.revision == first.revision else (600, 600))
            engine.dispose()
            counts.add(count)
    assert 50 in counts


def test_a_first_load_killed_at_any_moment_leaves_a_loadable_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'first.sqlite3'}"
    seed = write_seed(tmp_path / "seed", *[procedure(f"q{n}", claims=[relief(f"d{n}", min="P3M")]) for n in range(600)])
    rng = random.Random(11)
    with start_loads(seed) as load:
        load_seconds = load(0, f"sqlite:///{tmp_path / 'scratch.sqlite3'}")
        for _ in range(8):
            (tmp_path / "first.sqlite3").unlink(missing_ok=True)
            load(rng.uniform(0.01, 1.0) * load_seconds, url)
            writer = create_write_engine(url)
            if find_revision(writer) is not None:
                engine = create_read_engine(url)
                with engine.transaction() as snapshot:
                    assert count_rows(snapshot, "procedure") == (600 if find_release(snapshot) else 0)
                engine.dispose()
            writer.dispose()
        load(0, url)
    with sqlite3.connect(tmp_path / "first.sqlite3") as file:
        assert file.execute("SELECT count(*) FROM procedure").fetchone() == (600,)
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_first_load_succeeds_while_a_reader_has_the_file_open(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kb.sqlite3'}"
    writer = create_write_engine(url)
    migrate(writer)
    reader = create_read_engine(url)
    with reader.transaction() as snapshot:
        assert find_release(snapshot) is None

        loaded = write_content(writer, load_procedures(tmp_path / "seed", 50))

        # The open transaction keeps its view; the next one sees the release.
        assert find_release(snapshot) is None
    with reader.transaction() as snapshot:
        assert loaded.written
        assert count_rows(snapshot, "procedure") == 50
    reader.dispose()
    writer.dispose()


def get_rows(engine: Engine) -> dict[str, list[str]]:
    with engine.connect() as connection:
        return {
            name: sorted(str(tuple(row)) for row in connection.execute(table.select()))
            for name, table in SQLModel.metadata.tables.items()
            if name != "release"
        }


def test_documents_written_singly_and_in_chunks_are_the_same(
    writer: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = load_procedures(tmp_path / "a", 30)
    write_content(writer, content)
    expected = get_rows(writer)
    write_content(writer, load_procedures(tmp_path / "b", 2))
    limits = {"_BATCH_BYTES": 1, "_LARGE_DOCUMENT": 90, "_BLOB_CHUNK": 7}
    for name, limit in limits.items():
        monkeypatch.setattr(f"app.loader.writer.{name}", limit)

    write_content(writer, content)

    assert get_rows(writer) == expected
    assert len(expected["document"]) > 30


def test_a_load_updates_the_statistics_of_postgresql(postgres_url: str, tmp_path: Path) -> None:
    writer = create_write_engine(new_database(postgres_url))
    migrate(writer)
    write_content(writer, load_procedures(tmp_path / "seed", 50))

    with writer.connect() as connection:
        known = connection.execute(
            text("SELECT DISTINCT tablename FROM pg_stats WHERE schemaname = 'public'")
        ).scalars()
        assert {"list_row", "list_facet", "claim", "document"} <= set(known)
    writer.dispose()


def get_indexes(engine: Engine) -> list[tuple[str, str, str]]:
    inspector = inspect(engine)
    return sorted(
        (table, str(index["name"]), f"{index['column_names']} {index['unique']}")
        for table in inspector.get_table_names()
        for index in inspector.get_indexes(table)
    )


def test_indexes_are_unchanged_after_a_load_and_after_a_failed_load(
    writer: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexes = get_indexes(writer)
    write_content(writer, load_procedures(tmp_path / "a", 3))
    assert get_indexes(writer) == indexes

    def fail(*_: object) -> Iterator[object]:
        yield from ()
        msg = "in the middle"
        raise RuntimeError(msg)

    monkeypatch.setattr("app.loader.table_rows.build_lists", fail)
    with pytest.raises(RuntimeError, match="in the middle"):
        write_content(writer, load_procedures(tmp_path / "b", 4))

    assert get_indexes(writer) == indexes
    with writer.begin() as connection:
        assert count_rows(SqlAlchemyReadTransaction(connection), "procedure") == 3


def test_concurrent_loads_take_turns(writer: Engine, database_url: str, tmp_path: Path) -> None:
    contents = [load_procedures(tmp_path / str(count), count) for count in (30, 40)]

    def load(content: CheckedContent) -> None:
        engine = create_write_engine(database_url)
        write_content(engine, content)
        engine.dispose()

    threads = [threading.Thread(target=load, args=(content,)) for content in contents * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with writer.begin() as connection:
        count = count_rows(SqlAlchemyReadTransaction(connection), "procedure")
        listed = connection.execute(
            text("SELECT count(*) FROM list_row WHERE list_id = :number"), {"number": compute_list_id("procedures")}
        ).scalar_one()
    assert count == listed
    assert count in {30, 40}


def test_a_first_load_waits_for_another_that_has_just_begun(tmp_path: Path) -> None:
    file = tmp_path / "kb.sqlite3"
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        # Before the file has a write-ahead log.
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.5, other.execute, ("COMMIT",)).start()
        engine = create_write_engine(f"sqlite:///{file}")

        with engine.begin() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"

        engine.dispose()


def test_a_reader_sees_one_release_throughout_its_transaction(
    writer: Engine, database_url: str, tmp_path: Path
) -> None:
    write_content(writer, load_procedures(tmp_path / "a", 5))
    engine = create_read_engine(database_url)
    with engine.transaction() as snapshot:
        before = find_release(snapshot)
        write_content(writer, load_procedures(tmp_path / "b", 9))
        assert find_release(snapshot) == before
        assert count_rows(snapshot, "procedure") == 5
    with engine.transaction() as snapshot:
        assert count_rows(snapshot, "procedure") == 9
    engine.dispose()


def test_the_database_rejects_writes_through_the_read_engine(writer: Engine, database_url: str, tmp_path: Path) -> None:
    write_content(writer, load_procedures(tmp_path / "a", 1))
    engine = create_read_engine(database_url)

    with pytest.raises(DatabaseError), engine.transaction() as snapshot:
        snapshot.fetch("DELETE FROM list_row", {})
    engine.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO target VALUES ('none', 'p0', 'joint', 'treats', 0)",
        "UPDATE relief_duration SET max_days = 1, min_days = 2",
        "UPDATE claim SET support = 'hearsay'",
        "INSERT INTO response_rate (claim_id, procedure, percent_min, percent_max) VALUES ('c0', 'p0', 50, 120)",
        "INSERT INTO response_rate (claim_id, procedure, percent_min, percent_max) VALUES ('c0', 'p0', 60, 50)",
        "INSERT INTO response_rate (claim_id, procedure, responders, n_at) VALUES ('c0', 'p0', 6, 5)",
        "UPDATE procedure SET name = 'Same'",
    ],
)
def test_the_database_rejects_impossible_values(writer: Engine, tmp_path: Path, statement: str) -> None:
    root = write_seed(
        tmp_path / "s", generator("joint"), *[procedure(f"p{n}", claims=[relief(f"c{n}", min="P3M")]) for n in range(2)]
    )
    write_content(writer, load_content(root))

    with pytest.raises(IntegrityError), writer.begin() as connection:
        connection.execute(text(statement))


def test_migrations_run_down_and_up_again(database_url: str) -> None:
    engine = create_write_engine(database_url)
    migrate(engine)
    downgrade(engine, "base")
    assert find_revision(engine) is None
    assert migrate(engine) is True
    assert migrate(engine) is False
    engine.dispose()
