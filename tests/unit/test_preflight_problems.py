"""A refusal is read for what it means and answered with what to do; a plan is held against the quota it draws on."""

from typing import Any

import pytest

from assay.bedrock.settings import BedrockEndpoint, Inference, Model, Quota
from assay.preflight.catalogue import Catalogue, FoundationModel, Profile
from assay.preflight.demand import Prompts, too_much
from assay.preflight.problem import Problem, said
from assay.preflight.quotas import AccountQuotas, Limits, limits, quota_name
from assay.preflight.remedies import Refusal, once, remedied
from assay.preflight.settings import AskedLine, PlannedLoad

NOVA = "amazon.nova-lite-v1:0"
ARN = "arn:aws:bedrock:us-east-1::foundation-model/"


def line(model_id: str = NOVA, inference: dict[str, Any] | None = None, **model: Any) -> AskedLine:
    own = Inference.model_validate(inference or {})
    return AskedLine(
        key="models[1]",
        role="model",
        model=Model(label="m", id=model_id, inference=own, **model),
        inference=own.over(Inference(max_tokens=8000, temperature=0.0)),
    )


def catalogue() -> Catalogue:
    """A region with a model that is asked by profiles, and one that isn't."""
    models = [
        FoundationModel(NOVA, "Nova Lite", "Amazon", "ACTIVE", None, ("INFERENCE_PROFILE",), True, ("TEXT",)),
        FoundationModel(
            "amazon.nova-pro-v1:0", "Nova Pro", "Amazon", "ACTIVE", None, ("ON_DEMAND",), True, ("TEXT",)
        ),
        FoundationModel(
            "amazon.old-v1:0", "Old", "Amazon", "LEGACY", None, ("PROVISIONED",), True, ("TEXT",)
        ),
        FoundationModel("cohere.embed-v4", "Embed v4", "Cohere", outputs=("EMBEDDING",)),
        FoundationModel("anthropic.claude-3-5-sonnet-20241022-v2:0", "Claude 3.5 Sonnet v2", "Anthropic"),
        FoundationModel("anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude Sonnet 4.5", "Anthropic"),
    ]
    profiles = [
        Profile(f"{area}.{NOVA}", f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{area}.{NOVA}",
                f"{area} Nova Lite", "SYSTEM_DEFINED", (NOVA,), 3)
        for area in ("global", "us")
    ]  # fmt: skip
    mine = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    profiles.append(Profile("abc", mine, "my-app", "APPLICATION", (NOVA,), 3))
    return Catalogue({model.id: model for model in models}, profiles)


def answered(message: str, error: str = "validation", known: bool = True, **of_line: Any) -> Problem:
    endpoint = BedrockEndpoint(kind="bedrock", region="eu-west-1")
    found = catalogue() if known else Catalogue()
    return remedied(Refusal(line(**of_line), error, message, 400, endpoint, found, 30.0))


NEEDS_PROFILE = (
    f"Invocation of model ID {NOVA} with on-demand throughput isn\u2019t supported. Retry your request with the ID or ARN of "
    "an inference profile that contains this model."
)


def test_the_profiles_that_lead_to_a_model_are_named_from_the_catalogue() -> None:
    problem = answered(NEEDS_PROFILE)
    assert (problem.key, problem.kind, problem.severity) == ("models[1].id", "needs_profile", "error")
    assert f"us.{NOVA} or global.{NOVA}" in problem.remedy
    assert "'my-app'" in problem.remedy
    assert "123456789012" not in problem.remedy


def test_without_a_catalogue_the_profile_is_a_guess_and_says_so() -> None:
    remedy = answered(NEEDS_PROFILE, known=False).remedy
    assert f"eu.{NOVA}" in remedy
    assert "guess" in remedy


def test_a_model_with_provisioned_throughput_only_is_told_so() -> None:
    remedy = answered(NEEDS_PROFILE, model_id="amazon.old-v1:0").remedy
    assert "provisioned throughput" in remedy


@pytest.mark.parametrize(
    ("message", "error", "kind", "key", "words"),
    [
        ("You don't have access to the model with the specified model ID.", "access_denied",
         "access_denied", "models[1].id", "enable it in the Bedrock console"),
        ("Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace "
         "actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this model.",
         "access_denied", "access_denied", "models[1].id", "subscribed"),
        ("Model use case details have not been submitted for this account. Fill out the Anthropic use case details form "
         "before using the model.", "resource_not_found", "access_denied", "models[1].id", "use case form"),
        ("User: arn:aws:iam::123456789012:user/x is not authorized to perform: bedrock:InvokeModelWithResponseStream on "
         "resource: arn:aws:bedrock:eu-west-1::foundation-model/x with an explicit deny in a service control policy",
         "access_denied", "not_authorized", "models[1].id", "bedrock:InvokeModelWithResponseStream"),
        ("The security token included in the request is expired", "access_denied",
         "credentials", "endpoint", "aws sts get-caller-identity"),
        ("The security token included in the request is invalid.", "access_denied",
         "credentials", "endpoint", "renew the credentials"),
        ("Authentication failed: Please make sure your API Key is valid.", "access_denied",
         "credentials", "endpoint", "AWS_BEARER_TOKEN_BEDROCK"),
        ("Signature expired: 20261121T000000Z is now earlier than 20261121T001000Z", "access_denied",
         "credentials", "endpoint", "clock"),
        ("This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
         "resource_not_found", "end_of_life", "models[1].id", "Amazon has amazon.nova-lite-v1:0, amazon.nova-pro-v1:0"),
        ("Access denied. This Model is marked by provider as Legacy and you have not been actively using the model in the "
         "last 30 days. Please upgrade to an active model on Amazon Bedrock", "resource_not_found",
         "end_of_life", "models[1].id", "newer"),
        ("The model is unsupported for streaming.", "validation",
         "no_streaming", "models[1].stream", "stream: false"),
        ("The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that is "
         "lower than 4096.", "validation", "max_tokens", "inference.max_tokens", "at most 4096"),
        ("The model returned the following errors: max_tokens: 8000 > 4096, which is the maximum allowed number of output "
         "tokens for claude-3-haiku-20240307", "validation", "max_tokens", "inference.max_tokens", "at most 4096"),
        ("Malformed input request: #/max_gen_len: 8000 is not less or equal to 2048, please reformat your input and try "
         "again.", "validation", "max_tokens", "inference.max_tokens", "at most 2048"),
        ("1 validation error detected: Value '8000' at 'inferenceConfig.maxTokens' failed to satisfy constraint: Member must "
         "have value less than or equal to 5000", "validation", "max_tokens", "inference.max_tokens", "at most 5000"),
        ("The model returned the following errors: `temperature` is deprecated for this model.", "validation",
         "no_temperature", "inference.temperature", "what is null isn't sent"),
        ("The model returned the following errors: `temperature` and `top_p` cannot both be specified for this model. Please "
         "use only one.", "validation", "no_top_p", "inference.top_p", "not both"),
        ("This model doesn't support the topP field. Remove topP and try again.", "validation",
         "no_top_p", "inference.top_p", "take top_p out"),
        ("This model doesn't support system messages. Try again without a system message or use a model that supports system "
         "messages.", "validation", "no_system_prompt", "prompt.system", "template"),
        ("You invoked an unsupported model or your request did not allow prompt caching. See the documentation for more "
         "information.", "access_denied", "no_caching", "models[1].cache", "cache: cold"),
        ("Reservation not found.", "validation", "no_service_tier", "models[1].service_tier", "reservation"),
        ("Latency performance configuration is not supported for amazon.nova-lite-v1:0.", "validation",
         "no_latency_optimisation", "models[1].latency", "latency: standard"),
        ("The model returned the following errors: Malformed input request: #: extraneous key [thinking] is not permitted, "
         "please reformat your input and try again.", "validation", "unknown_field", "inference.additional", "take out"),
        ("Access to Anthropic models is not allowed from unsupported countries, regions, or territories.", "validation",
         "wrong_region", "endpoint.region", "region"),
        ("Too many tokens per day, please wait before trying again.", "throttling",
         "quota", "models[1].id", "tomorrow"),
    ],
)  # fmt: skip
def test_what_bedrock_says_leads_to_the_key_and_the_remedy(
    message: str, error: str, kind: str, key: str, words: str
) -> None:
    tier = {"service_tier": "reserved"} if kind == "no_service_tier" else {}
    problem = answered(message, error, **tier)
    assert (problem.kind, problem.key, problem.severity) == (kind, key, "error")
    assert words in problem.remedy
    assert "123456789012" not in problem.words()


def test_a_parameter_of_the_model_s_own_is_named_there() -> None:
    own = {"temperature": 0.5, "max_tokens": 9000}
    assert answered("`temperature` is deprecated", inference=own).key == "models[1].inference.temperature"
    assert answered("maximum tokens", inference=own).key == "models[1].inference.max_tokens"


@pytest.mark.parametrize(
    ("error", "kind", "severity"),
    [
        ("throttling", "throttled", "warning"),
        ("service_unavailable", "unsteady", "warning"),
        ("stream_cut", "unsteady", "warning"),
        ("access_denied", "access_denied", "error"),
        ("resource_not_found", "unknown_model", "error"),
        ("validation", "refused", "error"),
        ("service_quota_exceeded", "quota", "error"),
        ("connect_failed", "no_connection", "error"),
        ("timeout_connect", "no_connection", "error"),
        ("timeout_first_byte", "no_answer", "error"),
        ("http_error", "refused", "error"),
    ],
)
def test_words_that_nobody_knows_fall_back_on_the_kind_of_error(error: str, kind: str, severity: str) -> None:
    problem = answered("Something that was never said before.", error)
    assert (problem.kind, problem.severity) == (kind, severity)
    assert "Something that was never said before." in problem.found


def test_an_endpoint_of_ones_own_that_cannot_be_reached_is_named() -> None:
    here = BedrockEndpoint(kind="bedrock", region="eu-west-1", url="http://127.0.0.1:9")
    refused = Refusal(line(), "connect_failed", "refused", None, here, Catalogue(), 30.0)
    found = remedied(refused)
    assert (found.key, found.kind) == ("endpoint", "no_connection")
    assert "endpoint.url (found http://127.0.0.1:9)" in found.remedy and "doesn't exist" not in found.remedy


def test_an_id_that_is_nearly_right_is_shown_what_was_meant() -> None:
    invalid = "The provided model identifier is invalid."
    assert "amazon.nova-pro-v1:0" in answered(invalid, model_id="amazon.nova-pro-v2:0").remedy
    wrong_area = answered(invalid, model_id=f"eu.{NOVA}")
    assert f"us.{NOVA}" in wrong_area.remedy
    assert f"eu.{NOVA}" in answered(invalid, known=False).remedy


def test_a_model_that_writes_no_text_is_told_so() -> None:
    assert "EMBEDDING" in answered("no", model_id="cohere.embed-v4").remedy


def test_what_is_wrong_for_all_is_said_once() -> None:
    expired = answered("The security token included in the request is expired", "access_denied")
    other = answered(
        "The security token included in the request is expired",
        "access_denied",
        model_id="amazon.nova-pro-v1:0",
    )
    denied = answered("You don't have access to the model with the specified model ID.", "access_denied")
    assert once([expired, other, denied, denied]) == [expired, denied]


def test_account_numbers_are_never_shown() -> None:
    assert said("account 123456789012 and 1234567890123") == '"account … and 1234567890123"'


QUOTAS = {
    "On-demand model invocation requests per minute for Amazon Nova Lite": 1000.0,
    "On-demand model invocation tokens per minute for Amazon Nova Lite": 400000.0,
    "Cross-region model inference requests per minute for Amazon Nova Lite": 2000.0,
    "Cross-region model inference tokens per minute for Amazon Nova Lite": 800000.0,
    "Cross-region model inference tokens per minute for Amazon Nova Pro": 500000.0,
    "Cross-region model inference requests per minute for Anthropic Claude 3.5 Sonnet V2": 100.0,
    "Cross-region model inference requests per minute for Anthropic Claude 3.5 Sonnet": 40.0,
    "On-demand InvokeModel requests per minute for Anthropic Claude 3.5 Sonnet V2": 50.0,
    "On-demand latency-optimized model inference requests per minute for Meta Llama 3.1 70B Instruct": 7.0,
    "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1": 200000.0,
    "Global cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1": 500000.0,
    "Model invocation max tokens per day for Amazon Nova Lite (doubled for cross-region calls)": 1e9,
    "Cross-Region InvokeModel tokens per minute for Meta Llama 3.3 70B Instruct": 600000.0,
    "Batch inference job size (in GB) for Amazon Nova Lite": 5.0,
}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("model_id", "unit", "value"),
    [
        (NOVA, "requests", 1000),
        (NOVA, "tokens", 400000),
        (f"us.{NOVA}", "requests", 2000),
        (f"us.{NOVA}", "tokens", 800000),
        (f"{ARN.replace('foundation-model', 'inference-profile')}us.{NOVA}", "tokens", 800000),
        (f"global.{NOVA}", "tokens", None),
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "requests", 100),
        ("us.anthropic.claude-3-5-sonnet-20240620-v1:0", "requests", 40),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "requests", 50),
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", "requests", None),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "tokens", 200000),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "tokens", 500000),
        ("us.meta.llama3-3-70b-instruct-v1:0", "tokens", 600000),
        ("meta.llama3-1-70b-instruct-v1:0", "requests", None),
        ("arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdef", "tokens", None),
        ("us.amazon.nova-lite-v2:0", "tokens", None),
    ],
)
def test_a_quota_is_found_by_its_name_where_that_is_certain_and_only_there(
    model_id: str, unit: Any, value: float | None, known: bool
) -> None:
    found = catalogue() if known else Catalogue()
    name = quota_name(Model(label="m", id=model_id), unit, QUOTAS, found)
    assert (None if name is None else QUOTAS[name]) == value


def test_two_quotas_that_differ_are_none() -> None:
    twice = {**QUOTAS, "On-demand InvokeModel requests per minute for Amazon Nova Lite": 999.0}
    assert quota_name(Model(label="m", id=NOVA), "requests", twice, Catalogue()) is None
    same = {**QUOTAS, "On-demand InvokeModel requests per minute for Amazon Nova Lite": 1000.0}
    assert quota_name(Model(label="m", id=NOVA), "requests", same, Catalogue()) is not None


def test_optimised_latency_has_a_quota_of_its_own() -> None:
    fast = Model(label="m", id="meta.llama3-1-70b-instruct-v1:0", latency="optimized")
    name = quota_name(fast, "requests", QUOTAS, Catalogue())
    assert name is not None
    assert QUOTAS[name] == 7


def test_the_benchmark_s_own_figure_comes_before_the_account_s() -> None:
    given = {NOVA: Quota(requests_per_minute=5, output_burndown=5)}
    found = limits(Model(label="m", id=NOVA), given, AccountQuotas(QUOTAS), catalogue())
    assert found.requests_per_minute == 5
    assert found.requests_from == f"quotas[{NOVA!r}].requests_per_minute"
    assert found.tokens_per_minute == 400000
    assert found.output_burndown == 5


PROMPTS = Prompts((((2000, None), (500, None), (500, None)),))


def judged(load: PlannedLoad, quota: Limits, call_ms: float | None = None, **of_line: Any) -> list[Problem]:
    asked = line(inference={"max_tokens": 500}, **of_line)
    return list(too_much(asked, load, PROMPTS, quota, call_ms, "error"))


def of_requests(per_minute: float) -> Limits:
    return Limits(requests_per_minute=per_minute, requests_from="quotas['m'].requests_per_minute")


def of_tokens(per_minute: float, burndown: float = 1.0) -> Limits:
    return Limits(
        tokens_per_minute=per_minute, output_burndown=burndown, tokens_from="quotas['m'].tokens_per_minute"
    )


@pytest.mark.parametrize(
    ("load", "quota", "severities"),
    [
        ({"rates_rps": [1]}, of_requests(60), []),
        ({"rates_rps": [1, 1.01]}, of_requests(60), ["error"]),
        ({"rates_rps": [1]}, of_tokens(59_999), ["error"]),
        ({"rates_rps": [1]}, of_tokens(60_001), ["warning"]),
        ({"rates_rps": [1]}, of_tokens(90_000), []),
        ({"rates_rps": [1]}, of_tokens(90_000, burndown=5), ["warning"]),
        ({"ramps_rps": [2]}, of_requests(60), ["warning"]),
        ({"concurrency": [8]}, of_requests(8), []),
        ({"concurrency": [1, 9]}, of_requests(8), ["error"]),
        ({"concurrency": [8]}, of_tokens(12_000), []),
        ({"concurrency": [8]}, of_tokens(11_999), ["error"]),
        ({"concurrency": [1]}, of_tokens(2_499), ["error"]),
        ({"concurrency": [1]}, Limits(tokens_per_minute=0, tokens_from="x"), ["error"]),
        ({"concurrency": [1]}, Limits(), []),
    ],
)
def test_what_is_certain_is_an_error_and_what_may_be_is_a_warning(
    load: dict[str, Any], quota: Limits, severities: list[str]
) -> None:
    problems = judged(PlannedLoad.model_validate(load), quota)
    assert [problem.severity for problem in problems] == severities
    assert all("accept" in problem.remedy for problem in problems if problem.severity == "error")


def test_a_closed_loop_may_be_throttled_where_answers_come_faster_than_the_quota_allows() -> None:
    load = PlannedLoad(concurrency=(4,))  # at 4 in flight, 60 requests a minute are 4 s each
    assert judged(load, of_requests(60), call_ms=None) == []
    assert judged(load, of_requests(60), call_ms=4100) == []
    problem = judged(load, of_requests(60), call_ms=3900)[0]
    assert problem.severity == "warning"
    assert "faster than 4 s" in problem.found


def test_a_judge_is_only_held_against_what_a_single_request_of_it_takes() -> None:
    asked = line(inference={"max_tokens": 500}).model_copy(update={"role": "judge"})
    load = PlannedLoad(rates_rps=(1000,))
    assert list(too_much(asked, load, PROMPTS, of_tokens(600), None, "error")) == []
    assert [p.kind for p in too_much(asked, load, PROMPTS, of_tokens(400), None, "error")] == ["quota"]
