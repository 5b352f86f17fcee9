"""How are the locks made? Resolves pyproject.toml for every supported platform with uv: ``make lock``.

.venv/bin/python requirements/compile.py              # keeps the versions that stand, where they still fit
.venv/bin/python requirements/compile.py --upgrade    # takes the newest of everything that pyproject.toml does not pin
"""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
_CUDA = re.compile(r"^(nvidia-|cuda-|triton\b)")


def main() -> None:
    """Writes lock.txt (what runs), lock-test.txt (what tests and linters need besides) and lock-serve.txt (vLLM)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    # torch is the CPU build: what its CUDA build would ask for stays out.
    runtime = [line for line in _resolved("lock.txt", project["dependencies"]) if not _CUDA.match(line)]
    _write("lock.txt", "What Aisle runs with", runtime)
    besides = _resolved("lock-test.txt", [*project["dependencies"], *extras["test"]], "--constraint", str(HERE / "lock.txt"))
    _write(
        "lock-test.txt",
        "What tests and linters need besides lock.txt",
        [line for line in besides if not _CUDA.match(line) and line not in set(runtime)],
    )
    _write("lock-serve.txt", "vLLM for a GPU, in an environment of its own", _resolved("lock-serve.txt", extras["serve"]))


def _resolved(lock: str, requirements: list[str], *options: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / lock
        shutil.copy(HERE / lock, output)  # uv prefers the versions that it finds there
        command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--output-file", str(output), *options, *sys.argv[1:]]
        command += ["--universal", "--python-version", "3.11", "--no-header", "--no-annotate", "--quiet"]
        subprocess.run(command, input="\n".join(requirements), cwd=ROOT, text=True, check=True)
        return [line for line in output.read_text().splitlines() if line and not line.startswith(("#", "-"))]


def _write(name: str, title: str, lines: list[str]) -> None:
    head = f"# {title}. Made by `make lock`; installed with --no-deps.\n"
    (HERE / name).write_text(head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
