"""Do the shop's invariants survive random operations? A slice of the campaign in benchmarks.commerce."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings

from benchmarks.shop_machine import ShopMachine

pytestmark = pytest.mark.integration

TestShop = ShopMachine.TestCase
TestShop.settings = settings(
    max_examples=12, stateful_step_count=40, deadline=timedelta(seconds=60), derandomize=True, suppress_health_check=list(HealthCheck)
)
