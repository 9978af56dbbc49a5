"""What a refusal means and what to do about it: from the kind of error, the service's words and the catalogue.

The words are Bedrock's own, as they are found in the wild; what is not known falls back on the kind of error alone.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from assay.bedrock.settings import BedrockEndpoint, Endpoint
from assay.preflight.catalogue import Catalogue, area
from assay.preflight.problem import Problem, Severity, said
from assay.preflight.settings import AskedLine

MAY_BE_MET_WHILE_MEASURING = frozenset(
    {
        "throttling",
        "model_not_ready",
        "internal_server",
        "service_unavailable",
        "model_error",
        "model_timeout",
        "model_stream_error",
        "stream_cut",
        "half_frame",
        "corrupt_frame",
        "malformed_answer",
        "body_cut",
        "disconnected",
        "timeout_gap",
        "timeout_total",
    }
)
"""Errors of a service that has a bad moment: results of a measurement, and no reason not to begin one."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that a line's call ended in, and what is known around it."""

    line: AskedLine
    error: str
    message: str
    status: int | None
    endpoint: Endpoint
    catalogue: Catalogue
    timeout_s: float
    max_tokens: int | None = None
    """The limit of output tokens that it was asked with, which may be that of a set of the dataset."""

    @property
    def region(self) -> str:
        """The region that requests go to; empty for the simulator."""
        return self.endpoint.region if isinstance(self.endpoint, BedrockEndpoint) else ""

    @property
    def url(self) -> str | None:
        """Where the benchmark sends requests in place of the region's own endpoint."""
        return self.endpoint.url if isinstance(self.endpoint, BedrockEndpoint) else None

    def inference_key(self, name: str) -> str:
        """Where an inference parameter of the line stands: its own, or the one for all."""
        if getattr(self.line.model.inference, name) is not None:
            return f"{self.line.key}.inference.{name}"
        return f"{'judges.' if self.line.role == 'judge' else ''}inference.{name}"

    def problem(self, key: str, kind: str, remedy: str, severity: Severity = "error") -> Problem:
        """A problem with what the service said of it."""
        found = f"{self.line.model.id}: {self.error}" + (f", {said(self.message)}" if self.message else "")
        return Problem(key, self.line.model.label, kind, severity, found, remedy)


@dataclass(frozen=True, slots=True)
class Advice:
    """A problem whose remedy is words: where it lies, its kind, and what to do.

    In them {line} is the line's own key, {top_p} and {additional} where these parameters stand, and {region}, {url} and
    {timeout_s} what was found.
    """

    key: str
    kind: str
    remedy: str
    severity: Severity = "error"

    def __call__(self, refusal: Refusal) -> Problem:
        """The problem of one refusal."""
        found = {
            "line": refusal.line.key,
            "top_p": refusal.inference_key("top_p"),
            "additional": refusal.inference_key("additional"),
            "region": refusal.region or "the simulator",
            "url": refusal.url,
            "timeout_s": f"{refusal.timeout_s:g}",
        }
        return refusal.problem(
            self.key.format_map(found), self.kind, self.remedy.format_map(found), self.severity
        )


def remedied(refusal: Refusal) -> Problem:
    """The problem behind a refusal."""
    for pattern, made in _BY_WORDS:
        if pattern.search(refusal.message):
            return made(refusal)
    return _by_kind(refusal)


def _needs_profile(refusal: Refusal) -> Problem:
    model_id, catalogue = refusal.line.model.id, refusal.catalogue
    profiles = catalogue.profiles_with(model_id)
    model = catalogue.model(model_id)
    of_aws = [profile.id for profile in profiles if profile.kind == "SYSTEM_DEFINED"]
    mine = [profile.name for profile in profiles if profile.kind == "APPLICATION"]
    if of_aws or mine:
        choice = " or ".join(of_aws)
        own = f"your application profile {' or '.join(map(repr, mine))} by its ARN" if mine else ""
        remedy = f"ask it by an inference profile: {', or '.join(filter(None, (choice, own)))}"
    elif model is not None and model.inference_types == ("PROVISIONED",):
        remedy = "this region has it with provisioned throughput only: give the ARN of that, or choose another model"
    else:
        guessed = [f"{prefix}.{model_id}" for prefix in (_area_of(refusal.region), "global") if prefix]
        remedy = (
            f"ask it by an inference profile, probably {' or '.join(guessed)} (a guess, since the region's profiles are "
            "not known here; `aws bedrock list-inference-profiles` names them)"
        )
    return refusal.problem(f"{refusal.line.key}.id", "needs_profile", remedy)


def _area_of(region: str) -> str:
    """The prefix of a region's geographic profiles, as far as its name tells."""
    areas = {"us-gov": "us-gov", "us": "us", "eu": "eu", "ap": "apac", "ca": "ca"}
    return next((areas[start] for start in areas if region.startswith(f"{start}-")), "us")


def _unknown_model(refusal: Refusal) -> Problem:
    model_id, catalogue = refusal.line.model.id, refusal.catalogue
    known = [*catalogue.models, *(one.id for one in catalogue.profiles if one.kind == "SYSTEM_DEFINED")]
    behind = catalogue.model(model_id)
    place = f"in {refusal.region}" if refusal.region else "by the simulator's behaviour file"
    if behind is not None and area(model_id):
        ids = [one.id for one in catalogue.profiles_with(behind.id) if one.kind == "SYSTEM_DEFINED"]
        if "ON_DEMAND" in behind.inference_types:
            ids.insert(0, behind.id)
        remedy = f"{refusal.region} knows this model, not this profile: " + (
            f"write {' or '.join(ids)}" if ids else "choose another region or model"
        )
    elif known and model_id not in known:
        close = difflib.get_close_matches(model_id, known, n=3, cutoff=0.6)
        remedy = f"no model or profile of this id is offered {place}: " + (
            f"did you mean {' or '.join(close)}? Else" if close else ""
        )
        remedy = f"{remedy} choose a region that has it (endpoint.region), or another model".replace(
            ":  ", ": "
        )
    else:
        remedy = f"check the id and endpoint.region: no model of this id is known {place}"
        if not catalogue.known and refusal.region and not area(model_id):
            profile = f"{_area_of(refusal.region)}.{model_id}"
            remedy += f"; some models have to be asked by an inference profile, such as {profile}"
    return refusal.problem(f"{refusal.line.key}.id", "unknown_model", remedy)


def _end_of_life(refusal: Refusal) -> Problem:
    model = refusal.catalogue.model(refusal.line.model.id)
    others = [
        one.id
        for one in refusal.catalogue.models.values()
        if model is not None
        and one.provider == model.provider
        and one.status == "ACTIVE"
        and "TEXT" in one.outputs
    ]
    named = f"; {model.provider} has {', '.join(sorted(others)[:8])}" if model is not None and others else ""
    return refusal.problem(
        f"{refusal.line.key}.id", "end_of_life", f"it was switched off: choose a newer model{named}"
    )


def _no_model_access(refusal: Refusal) -> Problem:
    where = f" in {refusal.region}" if refusal.region else ""
    return refusal.problem(
        f"{refusal.line.key}.id",
        "access_denied",
        f"the account has no access to this model{where}: enable it in the Bedrock console (model access or model "
        "catalog), or take another model",
    )


def _not_authorized(refusal: Refusal) -> Problem:
    stream = refusal.line.model.stream
    action = "bedrock:InvokeModelWithResponseStream" if stream else "bedrock:InvokeModel"
    leads = (
        " and for the models behind the profile, in every region that it leads to"
        if area(refusal.line.model.id)
        else ""
    )
    deny = (
        " An explicit deny comes from a policy of the organisation or a permissions boundary: ask its owner."
        if "explicit deny" in refusal.message
        else ""
    )
    return refusal.problem(
        f"{refusal.line.key}.id",
        "not_authorized",
        f"allow {action} in the IAM policy of these credentials for this id{leads}.{deny}",
    )


def _credentials(refusal: Refusal) -> Problem:
    profile = getattr(refusal.endpoint, "profile", None)
    whose = f"--profile {profile}" if profile else "the same environment"
    return refusal.problem(
        "endpoint.profile" if profile else "endpoint",
        "credentials",
        f"renew the credentials (`aws sso login`, new keys, or a new Bedrock API key): `aws sts get-caller-identity` with "
        f"{whose} has to work. An AWS_BEARER_TOKEN_BEDROCK in the environment comes before all others",
    )


_LIMIT = re.compile(r"(?:limit of|equal to|at most|maximum of|<=|>)\s*(\d[\d,]*)", re.IGNORECASE)
"""What a message about too many tokens says is allowed."""


def _max_tokens(refusal: Refusal) -> Problem:
    asked = refusal.max_tokens or refusal.line.inference.max_tokens
    found = _LIMIT.search(refusal.message)
    limit = f"at most {found.group(1).replace(',', '')}" if found else "less"
    of_set = asked != refusal.line.inference.max_tokens
    key = "dataset" if of_set else refusal.inference_key("max_tokens")
    whose = ", the largest output limit of its sets" if of_set else ""
    return refusal.problem(
        key,
        "max_tokens",
        f"found {asked}{whose}: write {limit} for this model, in {refusal.line.key}.inference.max_tokens",
    )


def _parameter(name: str) -> Callable[[Refusal], Problem]:
    def made(refusal: Refusal) -> Problem:
        key = refusal.inference_key(name)
        own = key.startswith(refusal.line.key)
        remedy = (
            f"take {name} out"
            if own
            else f"take {name} out there, and give it to the models that accept it in their own inference: what is null "
            "isn't sent"
        )
        return refusal.problem(key, f"no_{name}", remedy)

    return made


def _service_tier(refusal: Refusal) -> Problem:
    tier = refusal.line.model.service_tier
    more = "; `reserved` needs a reservation of the account" if tier == "reserved" else ""
    return refusal.problem(
        f"{refusal.line.key}.service_tier",
        "no_service_tier",
        f"found {tier}: write a tier that this model has in this region, or none{more}",
    )


def _by_kind(refusal: Refusal) -> Problem:
    """The problem where the words are not known."""
    if refusal.error in _NO_CONNECTION and refusal.url:
        return _NO_CONNECTION_TO_URL(refusal)
    if refusal.error in _BY_KIND:
        return _BY_KIND[refusal.error](refusal)
    model = refusal.catalogue.model(refusal.line.model.id)
    if model is not None and model.outputs and "TEXT" not in model.outputs:
        remedy = f"its answers are {' and '.join(model.outputs)}: take a model that writes text"
        return refusal.problem(f"{refusal.line.key}.id", "not_text", remedy)
    return _REFUSED_AS_SUCH(refusal) if refusal.error == "validation" else _REFUSED(refusal)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_NO_CONNECTION = ("connect_failed", "timeout_connect")
_NO_CONNECTION_TO_URL = Advice(
    "endpoint",
    "no_connection",
    "nothing answers at endpoint.url (found {url}): check it and the network, or leave it out to go to AWS's own endpoint of "
    "endpoint.region (found {region})",
)
_THROTTLED = Advice(
    "{line}.id",
    "throttled",
    "access is there, but every try was throttled: wait, ask for a higher quota, or expect throttles in the cells",
    "warning",
)
_UNSTEADY = Advice(
    "{line}.id", "unsteady", "the service had a bad moment; expect such errors in the cells", "warning"
)
_REFUSED_AS_SUCH = Advice(
    "{line}",
    "refused",
    "the model refuses a request such as the benchmark would send: change what the message names, or leave the model out",
)
_REFUSED = Advice(
    "{line}",
    "refused",
    "check the id, endpoint.region, endpoint.url and the credentials, or leave the model out",
)

_BY_KIND: Mapping[str, Callable[[Refusal], Problem]] = {
    **dict.fromkeys(MAY_BE_MET_WHILE_MEASURING, _UNSTEADY),
    **dict.fromkeys(("throttling", "model_not_ready"), _THROTTLED),
    **dict.fromkeys(
        _NO_CONNECTION,
        Advice(
            "endpoint",
            "no_connection",
            "check the network and endpoint.region (found {region}): a region's name that doesn't exist, or that has no "
            "Bedrock, has no address; behind a proxy or in a private network, give endpoint.url",
        ),
    ),
    "timeout_first_byte": Advice(
        "{line}.id",
        "no_answer",
        "nothing came within {timeout_s} s: give the model longer in preflight.timeout_s, or leave it out",
    ),
    "access_denied": _no_model_access,
    "resource_not_found": _unknown_model,
    "service_quota_exceeded": Advice(
        "{line}.id", "quota", "ask for a higher quota (Service Quotas, Amazon Bedrock), or ask for less"
    ),
}
"""What is meant where the words are not known."""

_BY_WORDS: tuple[tuple[re.Pattern[str], Callable[[Refusal], Problem]], ...] = (
    (_words(r"on-demand throughput isn.t supported"), _needs_profile),
    (_words(r"end of its life|reached (its )?end of life"), _end_of_life),
    (
        _words(r"marked by provider as legacy"),
        Advice(
            "{line}.id",
            "end_of_life",
            "the model is a legacy one, which is kept for accounts that have used it lately: choose a newer model",
        ),
    ),
    (
        _words(r"use case details|use case form"),
        Advice(
            "{line}.id",
            "access_denied",
            "fill in the provider's use case form, once for the account, in the Bedrock console (model catalog, this model); "
            "it takes some minutes to work",
        ),
    ),
    (
        _words(r"marketplace|payment_instrument|payment method"),
        Advice(
            "{line}.id",
            "access_denied",
            "the model has to be subscribed to once for the account: have somebody who may (aws-marketplace:Subscribe and "
            "ViewSubscriptions, and a valid payment method) ask it once or enable it in the Bedrock console; it takes some "
            "minutes to work",
        ),
    ),
    (
        _words(r"did not allow prompt caching|cachePoint|cache_control"),
        Advice("{line}.cache", "no_caching", "write `cache: cold`: the model takes no cache points"),
    ),
    (
        _words(r"unsupported countries|not (supported|available) in (this|your|the) region"),
        Advice(
            "endpoint.region",
            "wrong_region",
            "found {region}: choose a region in which the model is offered to you",
        ),
    ),
    (
        _words(r"signature (expired|not yet current)"),
        Advice(
            "endpoint",
            "credentials",
            "set this machine's clock: signatures hold for five minutes around the service's time",
        ),
    ),
    (
        _words(
            r"security token|request signature|authentication token|missing credentials|api key|bearer token"
            r"|authentication failed|credential should be|tokens? (has|have|is) expired"
        ),
        _credentials,
    ),
    (_words(r"is not authorized to perform"), _not_authorized),
    (_words(r"have access to the model|model access is denied"), _no_model_access),
    (
        _words(r"model identifier is invalid|could not resolve the foundation model|model not found"),
        _unknown_model,
    ),
    (
        _words(r"(un|not )supported for streaming|n.t support streaming|not support streaming"),
        Advice(
            "{line}.stream",
            "no_streaming",
            "write `stream: false` (then there is no time to first token, and no limit on it can hold), or take another model",
        ),
    ),
    (
        _words(r"too many tokens per day"),
        Advice(
            "{line}.id",
            "quota",
            "the account's tokens of the day are used up: ask for a higher quota (Service Quotas, Amazon Bedrock, max tokens "
            "per day), or run tomorrow",
        ),
    ),
    (
        _words(
            r"maximum tokens|max_?(new_|output_|completion_)?tokens|max_gen_len|maxTokenCount"
            r"|maximum allowed number of output"
        ),
        _max_tokens,
    ),
    (
        _words(r"temperature.*top_?p.*(both|only one)|top_?p.*temperature.*(both|only one)"),
        Advice("{top_p}", "no_top_p", "give temperature or top_p, not both, to this model"),
    ),
    (_words(r"temperature"), _parameter("temperature")),
    (_words(r"top_?p\b"), _parameter("top_p")),
    (_words(r"stop_?sequences"), _parameter("stop_sequences")),
    (
        _words(r"system (messages|prompts?|field)|the system field"),
        Advice(
            "prompt.system",
            "no_system_prompt",
            "leave the system prompt out and put its words into prompt.template, or leave this model out",
        ),
    ),
    (_words(r"service ?tier|reservation not found"), _service_tier),
    (
        _words(r"latency (performance|optimi[sz])|performanceConfig|performance configuration"),
        Advice(
            "{line}.latency",
            "no_latency_optimisation",
            "write `latency: standard` or nothing: few models have optimised latency, in few regions and by profiles only",
        ),
    ),
    (
        _words(r"extraneous key|extra inputs|additionalModelRequestFields"),
        Advice(
            "{additional}",
            "unknown_field",
            "take out of inference.additional what this model family doesn't know",
        ),
    ),
)
"""The first that fits is meant."""


def of_setup(problem: Problem) -> bool:
    """Whether a problem is the same for every line: no connection, no credentials."""
    return problem.key.startswith("endpoint")


def once(problems: list[Problem]) -> list[Problem]:
    """The same without repetitions of what is the same for every line."""
    kept: list[Problem] = []
    seen: set[Any] = set()
    for problem in problems:
        mark = (problem.key, problem.kind) if of_setup(problem) else problem
        if mark not in seen:
            seen.add(mark)
            kept.append(problem)
    return kept
