"""Settings: what is wrong is named, with the variable and the remedy."""

import pytest
from sqlalchemy import create_engine

from app.errors import ConfigurationError
from app.settings import Settings, load_settings

HOSTS = "postgresql://kb:secret@one:5433,two/kb?target_session_attrs=prefer-standby&load_balance_hosts=random"


def test_several_hosts_reach_the_driver_as_libpq_writes_them() -> None:
    engine = create_engine(Settings(database_url=HOSTS).database_url)

    _, given = engine.dialect.create_connect_args(engine.url)

    assert given["host"].split(",") == ["one", "two"]
    assert given["port"].split(",") == ["5433", "5432"]
    assert (given["dbname"], given["user"], given["password"]) == ("kb", "kb", "secret")
    assert (given["target_session_attrs"], given["load_balance_hosts"]) == ("prefer-standby", "random")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://h/kb", "is not supported"),
        ("sqlite://kb.sqlite3", "use sqlite:///kb.sqlite3"),
        ("postgresql://one:99999,two/kb", "'99999' is not a port"),
        ("postgresql://one:x/kb", "'x' is not a port"),
        ("postgresql://one,,two/kb", "a host is missing"),
        ("postgresql://one,two/kb?target_session_attrs=replica", "use one of any, read-write"),
        ("postgresql://one,two/kb?load_balance_hosts=yes", "use one of disable, random"),
    ],
)
def test_a_wrong_address_is_named_with_what_would_be_right(url: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match="KB_DATABASE_URL") as raised:
        load_settings({"KB_DATABASE_URL": url})

    assert says in str(raised.value)


def test_a_message_about_an_address_shows_no_password() -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_settings({"KB_DATABASE_URL": "mysql://kb:secret@h/kb"})

    assert "secret" not in str(raised.value)


def test_a_misspelt_setting_is_named_and_not_passed_over() -> None:
    with pytest.raises(ConfigurationError, match="KB_WORKER is no setting: the nearest is KB_WORKERS"):
        load_settings({"KB_WORKER": "4"})


def test_names_of_make_and_the_tests_are_no_misspelt_settings() -> None:
    load_settings({"KB_EXTRAS": "mcp", "KB_FULL": "1", "KB_TEST_POSTGRES_URL": "x", "KB_API_PASSWORD": "x"})
