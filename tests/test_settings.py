"""Settings: an error names the variable and the remedy."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from app.db.read_engine import create_read_engine
from app.db.urls import describe_url
from app.db.write_engine import create_write_engine
from app.errors import ConfigurationError
from app.settings import Settings, build_loopback_url, load_settings, share_metrics_directory

HOSTS = "postgresql://kb:secret@one:5433,two/kb?target_session_attrs=prefer-standby&load_balance_hosts=random"


def test_several_hosts_reach_the_driver_as_libpq_writes_them() -> None:
    engine = create_engine(Settings(database_url=HOSTS).database_url)

    _, arguments = engine.dialect.create_connect_args(engine.url)

    assert arguments["host"].split(",") == ["one", "two"]
    assert arguments["port"].split(",") == ["5433", "5432"]
    assert (arguments["dbname"], arguments["user"], arguments["password"]) == ("kb", "kb", "secret")
    assert (arguments["target_session_attrs"], arguments["load_balance_hosts"]) == ("prefer-standby", "random")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("0.0.0.0", ""),
        ("::", ""),
        ("kb.example.org", ""),
    ],
)
def test_only_a_loopback_address_is_a_url_of_its_own(host: str, url: str) -> None:
    assert build_loopback_url(host, 8000) == url


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://h/kb", "is not supported"),
        ("sqlite://kb.sqlite3", "use sqlite:///kb.sqlite3"),
        ("postgresql://one:99999,two/kb", "a port is a number from 1 to 65535"),
        ("postgresql://one:x/kb", "a port is a number from 1 to 65535"),
        ("postgresql://one,,two/kb", "a host is missing"),
        ("postgresql://one,two/kb?target_session_attrs=replica", "use one of any, read-write"),
        ("postgresql://one,two/kb?load_balance_hosts=yes", "use one of disable, random"),
    ],
)
def test_an_invalid_database_url_is_reported_with_its_correction(url: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match="KB_DATABASE_URL") as raised:
        load_settings({"KB_DATABASE_URL": url})

    assert message in str(raised.value)


@pytest.mark.parametrize("variable", ["KB_DATABASE_URL", "KB_WRITE_DATABASE_URL"])
@pytest.mark.parametrize(
    "url",
    [
        "mysql://kb:secret@h/kb",
        "postgresql://kb:sec/secret@h/kb",
        "postgresql://kb:sec?secret@h/kb",
        "postgresql://kb:sec#secret@h/kb",
        "postgresql://kb:sec@secret@h/kb",
        "postgresql://kb:1@secret@h,other/kb",
        "postgresql://kb:1/secret@h/kb",
        "postgresql://kb:secret",
        "postgresql://kb:secret/kb",
        "postgresql://kb@h:secret/kb",
        "postgresql://kb@h,:secret/kb",
        "postgresql:kb:secret@h/kb",
        "postgresql:/kb:secret@h/kb",
        "kb:secret@h/kb",
        "secret://kb@h/kb",
        "postgresql://kb@h/kb?target_session_attrs=secret",
        "postgresql://kb@h/kb?password=secret@",
        "postgresql://kb@h/kb?password=x#secret",
    ],
)
def test_no_message_about_a_malformed_url_shows_a_part_of_its_password(variable: str, url: str) -> None:
    with pytest.raises(ConfigurationError, match=variable) as raised:
        load_settings({variable: url})

    assert "secret" not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    ("url", "description"),
    [
        ("postgresql://kb:secret@h/kb", "postgresql://kb@h/kb"),
        ("postgresql://kb:a:secret@h:5433/kb", "postgresql://kb@h:5433/kb"),
        ("postgresql://kb:%40secret@one,two:5433/kb", "postgresql://kb@one:5432,two:5433/kb"),
        ("postgresql://kb@h/kb?password=secret&sslpassword=secret", "postgresql://kb@h/kb"),
        ("postgresql://h", "postgresql://h/"),
        ("postgresql:///kb?host=/var/run/postgresql&user=kb", "postgresql:///var/run/postgresql/kb"),
        ("sqlite:////srv/kb.sqlite3", "sqlite:////srv/kb.sqlite3"),
    ],
)
def test_a_database_is_described_without_its_password(url: str, description: str) -> None:
    settings = Settings(database_url=url, metrics_token="secret", otlp_endpoint="http://u:secret@h")

    assert describe_url(settings.database_url) == description
    assert "secret" not in repr(settings)


@pytest.mark.parametrize("url", ["kb.sqlite3", "./kb.sqlite3", "sqlite:///kb.sqlite3", "sqlite:///{folder}/kb.sqlite3"])
def test_a_relative_path_of_sqlite_is_below_the_current_directory_for_readers_and_the_writer(
    migrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(migrated_file, "kb.sqlite3")
    settings = Settings(database_url=url.format(folder=tmp_path))

    with create_write_engine(settings.database_url).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE written (text)")
        connection.exec_driver_sql("INSERT INTO written VALUES ('here')")
    with create_read_engine(settings.database_url).transaction() as transaction:
        assert [tuple(row) for row in transaction.fetch("SELECT text FROM written", {})] == [("here",)]
    with closing(sqlite3.connect(tmp_path / "kb.sqlite3")) as connection:
        assert connection.execute("SELECT text FROM written").fetchall() == [("here",)]


def test_a_misspelled_setting_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(ConfigurationError, match=r"Unknown setting KB_WORKER; did you mean KB_WORKERS\?"):
        load_settings({"KB_WORKER": "4"})


def test_variables_of_make_and_of_the_tests_are_not_misspelled_settings() -> None:
    load_settings({"KB_FEATURES": "mcp", "KB_FULL": "1", "KB_TEST_POSTGRES_URL": "x", "KB_API_PASSWORD": "x"})


def test_a_metrics_directory_is_made_and_one_that_cannot_be_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "inherited")
    share_metrics_directory(tmp_path / "shared/metrics")
    assert os.environ["PROMETHEUS_MULTIPROC_DIR"] == str(tmp_path / "shared/metrics")
    assert (tmp_path / "shared/metrics").is_dir()

    share_metrics_directory(None)
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ

    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="KB_METRICS_DIR"):
        share_metrics_directory(tmp_path / "file")
