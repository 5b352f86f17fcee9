"""Which figures does a running shop give? What needs an operator's eye: money that did not move as it was planned."""

from prometheus_client import Counter

refunds_declined = Counter("aisle_refunds_declined_total", "Refunds that a provider declined and that became store credit", ["provider"])
settlement_failures = Counter(
    "aisle_settlement_failures_total", "Orders or payments that failed unexpectedly and were set aside", ["where"]
)
