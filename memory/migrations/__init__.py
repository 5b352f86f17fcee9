"""How does an older database become the present one? One numbered step a change, run in order at start-up by Alembic."""
