"""How are the locks made? Resolves pyproject.toml for every supported platform with uv: ``python requirements/compile.py``."""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
_CUDA = re.compile(r"^(nvidia-|cuda-|triton\b)")


def main() -> None:
    """Writes lock.txt (what runs) and lock-test.txt (what tests and linters need besides)."""
    runtime = _resolved()
    tests = [line for line in _resolved("--extra", "test") if line not in set(runtime)]
    _write("lock.txt", "What Aisle runs with", runtime)
    _write("lock-test.txt", "What tests and linters need besides lock.txt", tests)
    _write("lock-serve.txt", "vLLM for a GPU, in an environment of its own", _resolved("--extra", "serve", only_serve=True))


def _resolved(*options: str, only_serve: bool = False) -> list[str]:
    source = str(HERE / "serve.in") if only_serve else str(HERE.parent / "pyproject.toml")
    options = () if only_serve else options
    command = ["uv", "pip", "compile", source, *options, "--universal", "--python-version", "3.11", "--no-header", "--no-annotate"]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if line and not line.startswith(("#", "-"))]
    return lines if only_serve else [line for line in lines if not _CUDA.match(line)]


def _write(name: str, title: str, lines: list[str]) -> None:
    head = f"# {title}. Made by `make lock`; installed with --no-deps.\n"
    (HERE / name).write_text(head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
