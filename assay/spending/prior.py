"""What is taken for granted of a model before it has answered anything, and what its own answers then replace.

Every figure here is a prior: docs/spending.md says where it is from.
"""

from assay.bedrock.settings import Endpoint, SimulatorEndpoint
from assay.spending.ends import Ends, between

INPUT_RATIO = Ends(0.85, 1.0, 1.2, 1.2)
"""Tokens by the service's count over ours: vocabularies count one text up to 16 % apart."""

OVERHEAD_TOKENS = Ends(0.0, 12.0, 30.0, 30.0)
"""Input tokens that a request has beside prompt and system prompt: the nonce, and the model's own chat template."""

DIFFERING_AT_ZERO = Ends(0.0, 0.05, 0.25, 1.0)
"""Share of the repeats of a prompt that are answered in other words at temperature 0."""

DIFFERING = Ends(0.0, 0.5, 1.0, 1.0)
"""The same at any other temperature, or at one that is the model's own affair."""

ANSWERED = Ends(0.9, 1.0, 1.0, 1.0)
"""Share of the prompts that get an answer at all."""

FILLER_PER_SLOT = Ends(1.0, 1.5, 3.0, 3.0)
"""Filler of a closed loop, for each request in flight but one: each slot that runs out of measured requests sends one at
least, and goes on until the slowest measured request has ended."""

TAIL = Ends(0.0, 1.0, 4.0, 10.0)
"""How many mean latencies the last measured request of an open loop takes, while filler goes on arriving."""

PREFLIGHT_INPUT_TOKENS = Ends(15.0, 25.0, 40.0, 60.0)
"""Of the small call to each model and judge before the first measurement, beside the system prompt."""

FORM_TOKENS = Ends(0.0, 60.0, 450.0, 800.0)
"""Input tokens that a schema or a tool adds to a judge prompt: its own text, and what a service says to the model about it
(Claude's documentation tells of 313 to 346 for a forced tool)."""

UNREADABLE = Ends(0.0, 0.01, 0.1, 1.0)
"""Share of a judge's replies that state no verdict, so that it is asked once more."""

REPAIR_TOKENS = Ends(0.0, 1.0, 6.0, 40.0)
"""Input tokens that the words of asking once more add to a judge prompt, spread over all that is asked."""

PROBES = Ends(4.0, 6.0, 10.0, 16.0)
"""Rates that a search tries."""

SEARCHED = 12.0
"""What a search sends in the median, in probes at its start rate: what it takes where the highest rate is twice that one
(1 + 2 + 4 while doubling, and two between). Half of all users guess lower than that."""

PROBE_REQUESTS = 72.0
"""Least requests of a probe in each bucket: fewer can't show that a 95th percentile keeps its limit."""

JOB_S = Ends(1.0, 2.0, 3.0, 5.0)
"""What a job takes beside what it sends."""

FIRST_TOKEN_S = between(0.2, 2.0)
"""Until the first token of a short prompt."""

INPUT_TOKEN_S = between(0.00005, 0.0003)
"""Longer for each input token."""

OUTPUT_TOKEN_S = between(0.005, 0.04)
"""For each output token: 25 to 200 a second."""

SIMULATED = 0.1
"""A simulated service on loopback is taken to be so much as quick: simulated latencies are meant to save time."""


def latency_s(endpoint: Endpoint, input_tokens: float, output_tokens: Ends) -> Ends:
    """From sent to the end of an answer, in the mean."""
    made = FIRST_TOKEN_S + INPUT_TOKEN_S * input_tokens + OUTPUT_TOKEN_S.times(output_tokens)
    return made * (SIMULATED if isinstance(endpoint, SimulatorEndpoint) else 1.0)
