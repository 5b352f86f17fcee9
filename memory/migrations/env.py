"""How does Alembic reach the database? Over the connection that memory/database.py hands it, inside its transaction."""

from alembic import context

import memory.profiles
import memory.shop_tables  # noqa: F401  (declares its tables over metadata)
from memory.database import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite alters a table by copying it; PostgreSQL takes the same steps as they are.
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
