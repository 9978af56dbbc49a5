"""One value has one spelling, so that reordered keys are no change; and one quota has one name."""

import pytest

from assay.bedrock.quota import quota_key
from assay.bedrock.settings import BedrockEndpoint, SimulatorEndpoint
from assay.canonical import canonical_json


def test_the_order_of_keys_does_not_show() -> None:
    assert canonical_json({"b": [1, {"d": 2, "c": 3}], "a": None}) == '{"a":null,"b":[1,{"c":3,"d":2}]}'


def test_other_scripts_stay_safe_on_a_command_line() -> None:
    assert canonical_json("é\u2028'").isascii()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_has_no_word_for_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"a": value})


def test_a_quota_is_shared_by_region_profile_and_model() -> None:
    here = BedrockEndpoint(kind="bedrock", region="us-east-1")
    other_region = BedrockEndpoint(kind="bedrock", region="eu-west-1")
    other_account = BedrockEndpoint(kind="bedrock", region="us-east-1", profile="second")
    keys = [
        quota_key(here, "a"),
        quota_key(here, "b"),
        quota_key(other_region, "a"),
        quota_key(other_account, "a"),
        quota_key(SimulatorEndpoint(kind="simulator"), "a"),
    ]
    assert len(set(keys)) == len(keys)
    assert quota_key(here.model_copy(), "a") == keys[0]
