"""Which figures does a running server give? Prometheus counters and histograms of requests and turns."""

from prometheus_client import Counter, Histogram

from domain.reply import Reply

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2, 4, 8, 15, 30)

request_seconds = Histogram("aisle_request_seconds", "Time of HTTP requests", ["method", "route", "status"], buckets=_BUCKETS)
turns = Counter("aisle_turns_total", "Finished turns by the kind of their first task", ["kind"])
failed_turns = Counter("aisle_failed_turns_total", "Turns that ended without a reply", ["error"])
stage_seconds = Histogram("aisle_stage_seconds", "Time of a turn's stages", ["stage"], buckets=_BUCKETS)
checks = Counter("aisle_checks_total", "Checks of turns", ["name", "passed"])
degraded = Counter("aisle_degraded_total", "Steps down from a wanted model", ["role", "used"])
tokens = Counter("aisle_tokens_total", "Tokens of generating language models", ["kind"])


def observe(reply: Reply) -> None:
    """Counts one finished turn."""
    turns.labels(reply.plan[0].kind if reply.plan else "none").inc()
    for stage, value_ms in reply.timings_ms.items():
        stage_seconds.labels(stage).observe(value_ms / 1000)
    for check in reply.checks:
        checks.labels(check.name, str(check.passed).lower()).inc()
    for step in reply.degraded:
        degraded.labels(step.role, step.used).inc()
    tokens.labels("prompt").inc(reply.usage.prompt_tokens)
    tokens.labels("completion").inc(reply.usage.completion_tokens)
