"""Bringing a database to the newest schema."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from app.resources import resource_path


def _config(**attributes: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(resource_path("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(attributes)
    return config


def head_revision() -> str:
    """The newest revision of the schema that this code knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def find_revision(engine: Engine) -> str | None:
    """The revision of the schema that a database has; None: it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(engine: Engine) -> bool:
    """Bring the schema to the newest revision, in one transaction. True when something was done."""
    if find_revision(engine) == head_revision():
        return False
    with engine.begin() as connection:
        command.upgrade(_config(connection=connection), "head")
    return True


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to an earlier revision."""
    with engine.begin() as connection:
        command.downgrade(_config(connection=connection), revision)
