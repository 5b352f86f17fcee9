"""Who calls too often? Fixed one-minute windows counted in Redis."""

from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from domain.errors import TooMany, Unavailable
from domain.ports import Clock

if TYPE_CHECKING:
    import redis.asyncio as redis_asyncio


class RedisRateLimiter:
    """The RateLimiter port; fails closed when Redis is down (nothing else would work either)."""

    def __init__(self, client: "redis_asyncio.Redis", clock: Clock) -> None:
        self._redis = client
        self._clock = clock

    async def check(self, bucket: str, subject: str, *, per_minute: int) -> None:
        second = int(self._clock.now().timestamp())
        key = f"limit:{bucket}:{subject}:{second // 60}"
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.incr(key)
                pipe.expire(key, 120)
                count, _ = await pipe.execute()
        except (RedisError, OSError) as exc:
            raise Unavailable("the session store is down; try again in a moment", retry_after_s=2) from exc
        if count > per_minute:
            raise TooMany(f"more than {per_minute} calls a minute; slow down", retry_after_s=60 - second % 60)
