"""Times the dataset metrics on as many predictions as LongBench has rows: 4,750 over its 21 sets.

    python benchmarks/scoring.py [--rows 4750]

Predictions and references are invented, of the length that the sets' output limits allow and references have. Prints the
time of each metric and of all; the first Chinese text loads a dictionary, which is counted.
"""

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent))

from assay.metrics.longbench import METRIC_OF_SET
from assay.metrics.scores import score

WORDS = {"rouge_l": (350, 400), "rouge_l_zh": (350, 250), "qa_f1": (60, 5), "qa_f1_zh": (60, 30)}
"""Words of a prediction and of a reference, by metric; the others are a line each."""
_CHINESE = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=4750)
    arguments = parser.parse_args()
    rng = Random(1)
    sets = list(METRIC_OF_SET)
    rows = [row(rng, sets[index % len(sets)]) for index in range(arguments.rows)]
    spent: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    for name, prediction, answers, classes in rows:
        started = time.process_time()
        score(prediction, answers, METRIC_OF_SET[name], name, classes)
        spent[METRIC_OF_SET[name]] += time.process_time() - started
        counts[METRIC_OF_SET[name]] += 1
    for metric, seconds in sorted(spent.items(), key=lambda each: -each[1]):
        print(f"{metric:<18} {counts[metric]:>5} predictions {seconds:>7.2f} s of CPU")
    print(f"{'all':<18} {len(rows):>5} predictions {sum(spent.values()):>7.2f} s of CPU")


def row(rng: Random, name: str) -> tuple[str, str, list[str], list[str] | None]:
    """A set's name, a prediction, its references and classes."""
    metric = METRIC_OF_SET[name]
    if metric == "classification":
        classes = [f"class {index}" for index in range(50)]
        return name, f"It is {rng.choice(classes)}\nand more", [rng.choice(classes)], classes
    if metric in ("retrieval", "retrieval_zh", "count"):
        answer = {"retrieval": "Paragraph 7", "retrieval_zh": "段落7", "count": "7"}[metric]
        return name, f"{answer} or {rng.randrange(30)}", [answer], None
    if metric == "code_similarity":
        return name, f"# comment\n{code(rng)}\n{code(rng)}", [code(rng)], None
    made = chinese if metric.endswith("_zh") else english
    of_prediction, of_reference = WORDS[metric]
    return name, made(rng, of_prediction), [made(rng, of_reference) for _ in range(3)], None


def english(rng: Random, words: int) -> str:
    """Sentences of 20 words, drawn as words are in a language: the commonest most often."""
    drawn = [f"word{int(rng.paretovariate(0.8)) % 5000}" for _ in range(words)]
    return ". ".join(" ".join(drawn[at : at + 20]) for at in range(0, words, 20))


def chinese(rng: Random, words: int) -> str:
    """Sentences of 30 characters."""
    drawn = "".join(rng.choices(_CHINESE, k=2 * words))
    return "。".join(drawn[at : at + 30] for at in range(0, len(drawn), 30))


def code(rng: Random) -> str:
    return (
        f"self.{rng.choice('abcdef')}_value = compute_{rng.randrange(1000)}(argument, other={rng.random()})"
    )


if __name__ == "__main__":
    main()
