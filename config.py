"""Which settings does a process run with? The only reader of the environment; every variable is named here."""

from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent


class Settings(BaseSettings):
    """Settings of one process; each field is also the environment variable ``AISLE_<FIELD>`` unless an alias is named."""

    model_config = SettingsConfigDict(
        env_prefix="AISLE_", frozen=True, extra="ignore", populate_by_name=True, use_attribute_docstrings=True
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    trusted_proxies: str = ""
    """Addresses of reverse proxies, comma-separated: only their X-Forwarded-For and -Proto are believed."""
    state_dir: Path = ROOT / ".aisle"
    """Where indexes, databases, the private Redis and caches live; private to this process's user."""
    data_dir: Path = ROOT.parent / "shared" / "data"
    """Public data sets for benchmarks and training; skipped with a line where absent."""
    catalog: str = "demo"
    """Name of the index to serve."""
    redis_url: SecretStr | None = Field(default=None, validation_alias="REDIS_URL")
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    """SQLAlchemy URL; None is SQLite in the state directory."""
    qdrant_url: str | None = Field(default=None, validation_alias="QDRANT_URL")
    """A Qdrant server; None is the embedded engine."""
    qdrant_api_key: SecretStr | None = Field(default=None, validation_alias="QDRANT_API_KEY")

    models_file: Path = ROOT / "models" / "roles.yaml"
    """Which models play which role, in order."""
    ranker: Literal["learned", "weights"] = "learned"
    """Who orders candidates by relevance: trees learned from labelled queries, or weights set by hand."""
    nvidia_api_key: SecretStr | None = Field(default=None, validation_alias="NVIDIA_API_KEY")
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")

    token_key: SecretStr | None = None
    """Signs session tokens; None makes one and keeps it in the state directory (0600)."""
    shop_key: SecretStr | None = None
    merchant_key: SecretStr | None = None
    operator_key: SecretStr | None = None
    """Keys for X-Api-Key; None makes one each and keeps it in the state directory (0600)."""
    session_ttl_s: int = Field(default=7 * 24 * 3600, ge=60)
    new_sessions_per_minute: int = Field(default=300, ge=1)
    requests_per_minute: int = Field(default=3000, ge=1)
    max_body_bytes: int = Field(default=1_000_000, ge=10_000)
    turn_timeout_s: float = Field(default=30.0, gt=0)

    policy_file: Path = ROOT / "catalog" / "policy.yaml"
    """What the shop allows and charges: cancelling, returns, shipping, tax."""
    payments: Literal["test", "paypal"] = "test"
    """Who takes the money: the local test provider, or PayPal."""
    payment_timeout_s: float = Field(default=5.0, gt=0)
    paypal_url: str = "https://api-m.sandbox.paypal.com"
    paypal_client_id: str | None = None
    paypal_client_secret: SecretStr | None = None
    paypal_webhook_id: str | None = None
    """As PayPal's dashboard shows it; webhooks are refused without it."""
    paypal_return_url: str = "http://127.0.0.1:8000/"
    """Where PayPal sends the shopper after approving or giving up."""
    spend_per_order: Decimal | None = Field(default=Decimal(10_000), gt=0)
    spend_per_turn: Decimal | None = Field(default=Decimal(10_000), gt=0)
    spend_per_day: Decimal | None = Field(default=Decimal(20_000), gt=0)
    """The most that a shopper may order, in major units; None is no limit."""

    langsmith_tracing: bool = Field(default=False, validation_alias="LANGSMITH_TRACING")
    """Sends every turn's runs to LangSmith too, redacted as they are stored here."""
    langsmith_endpoint: str = Field(default="https://api.smith.langchain.com", validation_alias="LANGSMITH_ENDPOINT")
    langsmith_api_key: SecretStr | None = Field(default=None, validation_alias="LANGSMITH_API_KEY")
    langsmith_project: str = Field(default="aisle", validation_alias="LANGSMITH_PROJECT")
    otlp_endpoint: str | None = Field(default=None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    """Base address of an OpenTelemetry collector (HTTP, protobuf), for example http://127.0.0.1:4318."""
    otlp_headers: SecretStr | None = Field(default=None, validation_alias="OTEL_EXPORTER_OTLP_HEADERS")
    """Headers for the collector: "name=value,name=value"."""
    trace_days: int = Field(default=30, ge=1)
    """How long traces are kept in the database."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
