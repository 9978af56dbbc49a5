"""What a rate has to be tried with to show anything, and what its figures say."""

import pytest

from assay.decision.settings import Limits
from assay.search.evidence import enough
from assay.stats.shares import wilson


@pytest.mark.parametrize(
    ("limits", "least"),
    [
        ({"e2e_ms_p50": {"max": 100}}, 12),
        ({"ttft_ms_p95": {"max": 100}}, 144),
        ({"ttft_ms_p95": {"max": 100}, "e2e_ms_p99": {"max": 100}}, 736),
        ({"ttft_ms_p99": {"min": 100}, "accuracy": {"min": 0.9}, "e2e_ms_p50": {"max": 100}}, 12),
        ({"error_rate": {"max": 0.0}}, 2),
    ],
)
def test_a_rate_is_tried_often_enough_for_its_limits(limits: dict[str, object], least: int) -> None:
    assert enough(Limits.model_validate(limits), 0.95) == least


@pytest.mark.parametrize("share", [0.001, 0.01, 0.05, 0.5])
def test_an_error_rate_can_be_shown_to_be_kept(share: float) -> None:
    n = enough(Limits.model_validate({"error_rate": {"max": share}}), 0.95)
    found = wilson(0.0, n / 2, 0.95)
    assert found is not None and found.high <= share
