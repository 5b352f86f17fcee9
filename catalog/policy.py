"""Which rules does this shop sell by? Read from a YAML file."""

from pathlib import Path

import yaml

from domain.policy import ShopPolicy

DEMO_POLICY = Path(__file__).resolve().parent / "policy.yaml"


def load_policy(file: Path = DEMO_POLICY) -> ShopPolicy:
    """Reads a policy file; ValidationError names what is wrong in it."""
    return ShopPolicy.model_validate(yaml.safe_load(file.read_text()))
