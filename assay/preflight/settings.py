"""How models and judges are tried before anything else is bought."""

from typing import Literal

from pydantic import StrictBool

from assay.settings import Positive, Settings


class PreflightSettings(Settings):
    """One small call to each model and judge before the first measurement, and what the account says of them."""

    enabled: StrictBool = True
    """Whether to do it."""
    accept: tuple[Literal["quota", "legacy"], ...] = ()
    """Problems that are to be warnings: `quota` (the plan asks for more than the account's quota, as a benchmark of
    throttling does) and `legacy` (the model will be switched off soon)."""
    timeout_s: Positive = 30.0
    """When a call is given up."""
