"""Schema migrations."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from app.db.read_engine import ReadTransaction
from app.resources import resource_path


def _build_config(**attributes: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(resource_path("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(attributes)
    return config


def head_revision() -> str:
    """Newest schema revision of this code."""
    return ScriptDirectory.from_config(_build_config()).get_current_head() or ""


def find_revision(engine: Engine) -> str | None:
    """Schema revision of a database; None if it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def read_revision(transaction: ReadTransaction) -> str | None:
    """Schema revision of a database that is only read. Raises SchemaMissing if it was never migrated."""
    rows = transaction.fetch("SELECT version_num FROM alembic_version", {})
    return str(rows[0][0]) if rows else None


def migrate(engine: Engine) -> bool:
    """Upgrade the schema to the newest revision in one transaction. Returns whether anything was done."""
    if find_revision(engine) == head_revision():
        return False
    with engine.begin() as connection:
        command.upgrade(_build_config(connection=connection), "head")
    return True


def downgrade(engine: Engine, revision: str) -> None:
    """Downgrade the schema to a revision in one transaction."""
    with engine.begin() as connection:
        command.downgrade(_build_config(connection=connection), revision)
