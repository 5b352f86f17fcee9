"""Are the eight libraries of the mission on a running path, and can no installed package take one of our names?"""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("agents", "app", "benchmarks", "catalog", "config", "domain", "evaluator", "memory", "models", "planner", "server", "tools", "training")

# Library -> the module of ours that uses it on a running path, and the line that shows it.
USED_BY = {
    "langgraph": ("agents/orchestrator.py", "from langgraph.graph import"),
    "langchain": ("models/langchain_chat.py", "from langchain"),
    "langchain-nvidia-ai-endpoints": ("models/langchain_chat.py", "from langchain_nvidia_ai_endpoints import"),
    "qdrant-client": ("tools/qdrant_server_engine.py", "from qdrant_client import"),
    "sentence-transformers": ("tools/sentence_transformer_embedder.py", "from sentence_transformers import"),
    "redis": ("memory/redis_sessions.py", "redis.asyncio"),
    "pydantic": ("domain/document.py", "from pydantic import"),
    "vllm": ("models/vllm_server.py", "vllm.entrypoints.openai.api_server"),
}


@pytest.mark.parametrize("library", USED_BY)
def test_library_is_declared_and_used_by_the_named_module(library: str) -> None:
    module, line = USED_BY[library]
    assert line in (ROOT / module).read_text()
    assert re.search(rf'"{re.escape(library)}==', (ROOT / "pyproject.toml").read_text())


def test_no_installed_package_claims_a_name_of_ours() -> None:
    installed = set(packages_distributions())
    assert not installed & set(OURS)


def test_every_pin_of_the_project_stands_in_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lock = (ROOT / "requirements" / "lock.txt").read_text().lower()
    for pin in project["dependencies"]:
        name, _, version = re.sub(r"\[.*?\]", "", pin).partition("==")
        assert re.search(rf"^{re.escape(name.lower())}=={re.escape(version)}\b", lock, re.MULTILINE), pin


def test_the_lock_names_no_registry_and_no_cuda_library() -> None:
    for file in (ROOT / "requirements").glob("lock*.txt"):
        text = file.read_text()
        assert "://" not in text
        if file.name != "lock-serve.txt":
            assert not re.search(r"^(nvidia-|cuda-|triton)", text, re.MULTILINE)


def test_python_of_the_tests_is_supported() -> None:
    assert (3, 11) <= sys.version_info[:2] < (3, 14)
