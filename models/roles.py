"""Which model plays which role? Reads roles.yaml and makes the candidates of a role; nothing is loaded or asked yet."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError

from domain.document import Document
from domain.errors import ModelUnavailable, StartupError
from models.chat import ChatModel, OutputForm
from models.embedded import EmbeddedModel, ModelFile, packaged_base
from models.fallback import Candidate
from models.formulator import Mend, ModelFormulator
from models.health import Health
from models.judge import VERDICT_GRAMMAR


class RoleEntry(Document):
    """One model in a role."""

    kind: Literal["embedded", "openai", "nim"]
    model: str = "smollm2-135m"
    base_url: str | None = None
    adapter: str | None = None
    """File of a GGUF adapter, relative to roles.yaml; embedded only."""
    adapter_sha256: str | None = None
    first_ms: int = Field(default=1500, ge=1)
    total_ms: int = Field(default=4500, ge=1)
    max_tokens: int = Field(default=420, ge=16)
    long_prompt: bool = False
    form: OutputForm = "json"
    """What a served model is guided to write: "wire" for one that was fine-tuned to our lines (on vLLM), else "json"; openai only."""


class TaggerEntry(Document):
    """The encoder that marks the words of the need."""

    file: str
    """Its weights, relative to roles.yaml."""
    sha256: str
    sure_from: float = Field(default=0.5, ge=0, le=1)
    """Confidence from which its query leads."""


class Roles(Document):
    """All roles of a process."""

    formulator: tuple[RoleEntry, ...] = ()
    formulator_asked: Literal["always", "unnamed"] = "always"
    """For which searches: all, or those whose message names no thing of the shop, while rules write the categories of the others."""
    judge: tuple[RoleEntry, ...] = ()
    """Asked off the hot path by ``python -m app eval judge``; ``form`` says nothing here."""
    tagger: TaggerEntry | None = None

    @classmethod
    def load(cls, file: Path) -> "Roles":
        """StartupError, naming the field, when the file is not in its form."""
        try:
            return cls.model_validate(yaml.safe_load(file.read_text()) or {})
        except (OSError, yaml.YAMLError, ValidationError) as exc:
            raise StartupError(f"{file.name} cannot be read: {str(exc)[:300]}") from exc


def formulator_candidates(
    roles: Roles, *, folder: Path, mend: Mend, openai_key: str | None, nvidia_key: str | None
) -> tuple[Candidate, ...]:
    """The candidates of the formulator's role, in order."""
    made = []
    for entry in roles.formulator:
        model = _model(entry, folder, openai_key=openai_key, nvidia_key=nvidia_key)
        formulator = ModelFormulator(model, mend, max_tokens=entry.max_tokens, long_prompt=entry.long_prompt)
        health = Health(model.name, model.check)
        made.append(Candidate(model.name, formulator, entry.first_ms / 1000, entry.total_ms / 1000, health))
    return tuple(made)


def judge_models(roles: Roles, *, folder: Path, openai_key: str | None, nvidia_key: str | None) -> tuple[ChatModel, ...]:
    """The models of the judge's role, in order, guided to write verdicts."""
    entries = (entry.model_copy(update={"form": "verdict"}) for entry in roles.judge)
    return tuple(_model(entry, folder, openai_key=openai_key, nvidia_key=nvidia_key) for entry in entries)


def _model(entry: RoleEntry, folder: Path, *, openai_key: str | None, nvidia_key: str | None) -> ChatModel:
    if entry.kind == "embedded":
        adapter = ModelFile(folder / entry.adapter, entry.adapter_sha256 or "") if entry.adapter else None
        try:
            base = packaged_base()
        except ModelUnavailable:
            base = ModelFile(Path("SmolLM2-135M-Instruct.Q4_1.gguf"), "")
        return (
            EmbeddedModel(base, adapter, form="verdict", grammar=VERDICT_GRAMMAR, threads=1)
            if entry.form == "verdict"
            else EmbeddedModel(base, adapter)
        )
    # LangChain takes a second to import, which a start without these models need not pay.
    from models.langchain_chat import LangChainModel

    timeout_s = entry.total_ms / 1000
    if entry.kind == "openai":
        if entry.base_url is None:
            raise StartupError(f"model {entry.model!r} of kind openai needs base_url")
        return LangChainModel.openai_compatible(
            base_url=entry.base_url, model=entry.model, api_key=openai_key, timeout_s=timeout_s, form=entry.form
        )
    form: OutputForm = "verdict" if entry.form == "verdict" else "json"
    return LangChainModel.nim(model=entry.model, api_key=nvidia_key, base_url=entry.base_url, timeout_s=timeout_s, form=form)
