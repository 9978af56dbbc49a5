"""Plans: prefix-stable, so that more is only the difference."""

import pytest
from pydantic import ValidationError

from assay.bedrock.request import Line
from assay.bedrock.settings import Inference, Model
from assay.measurement.plan import (
    Asked,
    JobLoad,
    Position,
    cell,
    extra,
    order,
    ramp_of,
    ramp_warm_up,
)
from assay.prompts.prompt import Prompt


def prompts(count: int, bucket: str = "small") -> list[Prompt]:
    return [
        Prompt(f"p{n}", bucket, n, f"e{n}", "d", "en", "s", "qa_f1", 10, f"text {n}", "q", ("a",), None)
        for n in range(count)
    ]


def asked(edition: int = 1, label: str = "a") -> Asked:
    return Asked("e", "r", Line(Model(label=label, id="m"), Inference(max_tokens=9)), None, edition)


def load(requests: int = 10, blocks: int = 1, block: int = 0, concurrency: int = 2) -> JobLoad:
    return JobLoad(concurrency=concurrency, requests=requests, warmup=1, block=block, blocks=blocks)


def rate(
    rate_rps: float = 2.0, block: int = 0, blocks: int = 1, arrivals: str = "poisson", **most: float
) -> JobLoad:
    return JobLoad.model_validate(
        {"rate_rps": rate_rps, "arrivals": arrivals, "block": block, "blocks": blocks, **most}
    )


RAMP = {"from_rps": 1.0, "to_rps": 20.0, "duration_s": 10.0}


def ramp(block: int = 0, blocks: int = 1, arrivals: str = "poisson", **changes: float) -> JobLoad:
    return JobLoad.model_validate(
        {"ramp": RAMP | changes, "arrivals": arrivals, "warmup_s": 2.0, "block": block, "blocks": blocks}
    )


def made_of(prompts: list[Prompt], load: JobLoad, asked: Asked, seed: int = 1) -> list[Position]:
    found = cell(prompts, load, asked, seed)
    assert found is not None
    return found


def keys(prompts: list[Prompt], load: JobLoad, asked: Asked) -> set[str]:
    return {position.key for position in made_of(prompts, load, asked)}


def test_prompts_are_asked_in_turn_and_again_after_the_last() -> None:
    made = made_of(prompts(4), load(), asked())
    assert [position.prompt.prompt_id for position in made] == ["p0", "p1", "p2", "p3"] * 2 + ["p0", "p1"]
    assert [position.repetition for position in made] == [0] * 4 + [1] * 4 + [2] * 2
    assert len({position.key for position in made}) == 10
    assert len({position.ask for position in made}) == 4


def test_more_requests_or_more_prompts_keep_what_was_bought() -> None:
    small = keys(prompts(4), load(8), asked())
    assert small < keys(prompts(4), load(12), asked())
    assert len(small & keys(prompts(8), load(8), asked())) == 4, (
        "the first time that each old prompt is asked"
    )
    assert small <= keys(prompts(8), load(16), asked())


def test_blocks_share_the_requests_and_none_is_in_two() -> None:
    parts = [made_of(prompts(4), load(10, 3, block), asked()) for block in range(3)]
    assert sorted(position.position for part in parts for position in part) == list(range(10))
    assert len({position.key for part in parts for position in part}) == 10


def test_another_level_or_edition_buys_afresh_and_another_label_buys_nothing() -> None:
    base = keys(prompts(4), load(), asked())
    assert not base & keys(prompts(4), load(concurrency=4), asked())
    assert not base & keys(prompts(4), load(), asked(edition=2))
    assert base == keys(prompts(4), load(), asked(label="renamed"))
    assert base == keys(prompts(4, bucket="renamed"), load(), asked())


def test_warm_up_and_filler_are_new_at_each_sitting() -> None:
    made = {
        extra(prompts(3), load(), asked(), role, sitting, n)[0]
        for role in "wf"
        for sitting in "12"
        for n in (0, 1)
    }
    assert len(made) == 8


def test_a_bucket_more_leaves_the_others_in_their_order() -> None:
    names = [f"b{n}" for n in range(6)]
    without = order(names[:-1], 1, load())
    assert [name for name in order(names, 1, load()) if name != "b5"] == without
    assert {tuple(order(names, seed, load())) for seed in range(20)} != {tuple(names)}


def test_rates_and_kinds_of_arrival_are_bought_apart() -> None:
    base = keys(prompts(4), rate(requests=8), asked())
    assert len(base) == 8
    assert not base & keys(prompts(4), rate(requests=8, arrivals="constant"), asked())
    assert not base & keys(prompts(4), rate(2.5, requests=8), asked())
    assert not base & keys(prompts(4), load(8), asked())


def test_the_schedule_fixes_how_many_requests_a_ramp_has_and_each_block_is_a_whole_one() -> None:
    assert len(made_of(prompts(4), ramp(arrivals="constant"), asked())) == 105
    blocks = [made_of(prompts(4), ramp(block, 2), asked()) for block in (0, 1)]
    assert all(70 < len(block) < 140 for block in blocks)
    assert not {one.key for one in blocks[0]} & {one.key for one in blocks[1]}
    assert made_of(prompts(4), ramp(), asked(label="other")) == made_of(prompts(4), ramp(), asked())


def test_a_ramp_of_other_rates_duration_or_arrivals_is_bought_apart() -> None:
    base = keys(prompts(4), ramp(), asked())
    others = (ramp(to_rps=21.0), ramp(duration_s=11.0), ramp(arrivals="constant"), rate(1.0, requests=9))
    for other in others:
        assert not base & keys(prompts(4), other, asked())


def test_the_warm_up_of_a_ramp_comes_at_the_rate_at_which_it_begins() -> None:
    load = ramp(arrivals="constant")
    assert ramp_warm_up(prompts(4), load, 1).at(3) == pytest.approx(3.0)
    late = ramp_of(prompts(4), load, 1, skipped=50).rate_rps(0.0)
    assert 10 < late < 20
    assert ramp_warm_up(prompts(4), load, 1, skipped=50).at(3) == pytest.approx(3 / late)


def test_a_longer_open_loop_keeps_what_the_shorter_one_bought_and_is_the_same_for_every_model() -> None:
    short = keys(prompts(4), rate(duration_s=30), asked())
    assert 30 < len(short) < 100, "about 60 arrivals"
    assert short < keys(prompts(4), rate(duration_s=60), asked())
    other = made_of(prompts(4, bucket="renamed"), rate(duration_s=30), asked(label="other"))
    assert len(other) == len(short)
    halves = [made_of(prompts(4), rate(duration_s=30, block=block, blocks=2), asked()) for block in (0, 1)]
    assert all(10 < len(half) < 55 for half in halves), "about 30 arrivals each"


def test_a_closed_loop_that_runs_for_a_time_has_no_plan() -> None:
    assert cell(prompts(4), JobLoad(concurrency=2, duration_s=5, block=0, blocks=1), asked(), 1) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"requests": 3},
        {"concurrency": 1, "rate_rps": 1.0, "arrivals": "poisson", "requests": 3},
        {"rate_rps": 1.0, "ramp": RAMP, "arrivals": "poisson"},
        {"concurrency": 1, "ramp": RAMP},
        {"ramp": RAMP},
        {"ramp": RAMP, "arrivals": "poisson", "requests": 3},
        {"ramp": RAMP, "arrivals": "poisson", "duration_s": 3},
        {"concurrency": 1},
        {"concurrency": 1, "requests": 3, "duration_s": 3},
        {"rate_rps": 1.0, "requests": 3},
        {"concurrency": 1, "arrivals": "poisson", "requests": 3},
    ],
)
def test_a_load_is_one_kind_of_loop_and_has_one_end(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        JobLoad.model_validate({"block": 0, "blocks": 1, **wrong})
