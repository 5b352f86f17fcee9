"""These tests need vLLM in its own environment and gigabytes of memory: `make test-serving` runs them, `make test` does not."""

import os

collect_ignore_glob = [] if os.environ.get("AISLE_SERVING_PYTHON") else ["test_*.py"]
