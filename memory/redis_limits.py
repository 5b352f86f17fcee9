"""Who calls too often? Fixed one-minute windows, counted in Redis for all processes together."""

from collections import Counter
from typing import TYPE_CHECKING

import structlog
from redis.exceptions import RedisError

from domain.errors import TooMany
from domain.ports import Clock

if TYPE_CHECKING:
    import redis.asyncio as redis_asyncio

_log = structlog.get_logger()
_KEPT_S = 120


class RedisRateLimiter:
    """The RateLimiter port. While Redis is down this process counts alone: what needs no Redis goes on, within the same limit.

    Give it a client that does not wait (``connect(url, patient=False)``): it stands before every request.
    """

    def __init__(self, client: "redis_asyncio.Redis", clock: Clock) -> None:
        self._redis = client
        self._clock = clock
        self._alone = _OwnCount()

    async def check(self, bucket: str, subject: str, *, per_minute: int) -> None:
        second = int(self._clock.now().timestamp())
        window = second // 60
        key = f"limit:{bucket}:{subject}:{window}"
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.incr(key)
                pipe.expire(key, _KEPT_S)
                count = int((await pipe.execute())[0])
        except (RedisError, OSError) as exc:
            count = self._alone.count(window, key)
            if count == 1:
                _log.warning("rate_limit_counted_alone", bucket=bucket, reason=str(exc))
        if count > per_minute:
            raise TooMany(f"more than {per_minute} calls a minute; slow down", retry_after_s=60 - second % 60)


class _OwnCount:
    """Counts of the present window only, so that it cannot grow."""

    def __init__(self) -> None:
        self._window = -1
        self._counts: Counter[str] = Counter()

    def count(self, window: int, key: str) -> int:
        if window != self._window:
            self._window = window
            self._counts.clear()
        self._counts[key] += 1
        return self._counts[key]
