# What the decision goes by stands in the ledger before anything is bought. No edge leads from here to a measurement, and no
# measurement has it among its params: a limit that is changed makes no cell stale.

from assay.decision.registered import rule as registered_rule
from assay.ledger.registered import register

RULE = registered_rule(
    decision=BENCHMARK.decision,
    limits=BENCHMARK.limits,
    traffic=BENCHMARK.traffic,
    dataset_of_interest=BENCHMARK.dataset_of_interest,
    level=LEVEL_OF_INTEREST.name,
    stop=BENCHMARK.stop,
    load={name: getattr(BENCHMARK.load, name) for name in ("requests", "duration_s", "blocks")},
    buckets={bucket.name: bucket.n for bucket in BENCHMARK.buckets},
    models=sorted(MODELS),
    judges=sorted(JUDGES),
)

# For the scripts that buy: they register it too, for runs that are started without hooks. Nowhere is it a recorded param.
RULE_FLAGS = ["--rule", canonical_json(RULE)]


def register_rule(dag):
    """Before a run that buys: the rule, into the ledger. Nothing where it stands there already."""
    waiting = {job.rule.name for job in dag.needrun_jobs()}
    if "preflight" in waiting or any(name.startswith(BUYING) for name in waiting):
        register(Path(LEDGER), RUN.name, RULE)
