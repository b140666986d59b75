"""Alembic's entry: the URL comes from the settings, or from whoever runs the migrations."""

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


given = config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = create_write_engine(config.attributes.get("url") or load_settings().writer_url)
    with engine.connect() as opened:
        run(opened)
        opened.commit()
    engine.dispose()
