"""Alembic environment. Uses the connection or URL of the caller, else the URL of the settings."""

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

import app.models  # noqa: F401 - declares every table
from app.db.write_engine import create_write_engine
from app.settings import load_settings

config = context.config


def run(connection: Connection) -> None:
    """Run the migrations on an open connection, in one transaction on both engines."""
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


caller_connection = config.attributes.get("connection")
if caller_connection is not None:
    run(caller_connection)
else:
    engine = create_write_engine(config.attributes.get("url") or load_settings().writer_url)
    with engine.connect() as connection:
        run(connection)
        connection.commit()
    engine.dispose()
