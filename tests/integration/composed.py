"""How do tests get the whole assistant? Composed as in production over the demo index, without a server around it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import app
from app import Application
from config import Settings

Composed = Application


@asynccontextmanager
async def composed_in(state_dir: Path) -> AsyncIterator[Composed]:
    """The application over its own state folder; sessions are carried by the tests, so Redis is never asked."""
    settings = Settings(state_dir=state_dir, catalog="demo")
    app.prepare_index(settings)
    application = app.build(settings, redis_url="redis://127.0.0.1:1/0")
    async with application.running():
        yield application
