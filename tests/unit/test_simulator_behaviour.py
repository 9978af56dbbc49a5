"""A behaviour file is checked as a whole, and its hash changes with what a model does and with nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from assay.errors import InputError
from assay.simulator import answer_key
from assay.simulator.behaviour import Behaviour, behaviour_hash, read

ROOT = Path(__file__).parents[2]
DEFAULT = ROOT / "config/simulator/default.yaml"


def written(folder: Path, text: str) -> Path:
    path = folder / "behaviour.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_default_behaviour_has_three_models_and_three_judges() -> None:
    kinds = [served.kind for served in read(DEFAULT).models.values()]
    assert sorted(kinds) == ["judge"] * 3 + ["model"] * 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("models: {m: {kind: model, acuracy: 1}}", ["models.m.acuracy"]),
        ("models: {m: {kind: model, accuracy: 1.5}}", ["models.m.accuracy", "1.5"]),
        ("models: {m: {kind: model, accuracy: yes}}", ["models.m.accuracy", "expected a number"]),
        ("models: {m: {kind: robot}}", ["models.m", "robot"]),
        ("models: {m: {accuracy: 1}}", ["models.m", "kind"]),
        ("models: {m: {kind: judge, accuracy: 1}}", ["models.m.accuracy"]),
        ("models: {m: {kind: model, errors: {throttling: 0.7, silence: 0.7}}}", ["models.m.errors", "1.4"]),
        ("models: {m: {kind: model, wording: {bare: 0}}}", ["models.m.wording", "at least one style"]),
        ("models: {}", ["models"]),
        ("", ["the file"]),
        ("models: [", ["can't be read"]),
        ("models: {m: {kind: model, kind: judge}}", ["'kind' stands twice", "line 1"]),
    ],
)
def test_says_which_file_and_key_is_wrong(tmp_path: Path, text: str, words: list[str]) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)
    assert "https://" not in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml"):
        read(tmp_path / "none.yaml")


def test_the_hash_stands_for_one_model_and_the_seed(tmp_path: Path) -> None:
    def hashed(text: str) -> str:
        return behaviour_hash(written(tmp_path, text), "m")

    base = hashed("models: {m: {kind: model, accuracy: 0.5}}")
    assert base == hashed("models: {m: {kind: model, accuracy: 0.5}}")
    assert base == hashed(
        "# a remark\nseed: 0\nmodels: {other: {kind: judge}, m: {accuracy: 0.50, kind: model}}"
    )
    assert base == hashed("models: {m: {kind: model, accuracy: 0.5, refusal: 0}}")
    assert base != hashed("models: {m: {kind: model, accuracy: 0.6}}")
    assert base != hashed("models: {m: {kind: model, accuracy: 0.5, latency: {base_ms: 1}}}")
    assert base != hashed("seed: 1\nmodels: {m: {kind: model, accuracy: 0.5}}")


def test_the_hash_of_an_unknown_model_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no 'x'.*only m"):
        behaviour_hash(written(tmp_path, "models: {m: {kind: model}}"), "x")


def test_every_setting_is_explained_in_the_docs() -> None:
    page = (ROOT / "docs/simulator.md").read_text(encoding="utf-8")
    schema = Behaviour.model_json_schema()
    for name, definition in schema["$defs"].items():
        for key in definition.get("properties", {}):
            assert f"`{key}`" in page, f"{name}.{key} is not in docs/simulator.md"


@pytest.mark.parametrize(
    "module", ["assay.simulator.server", "assay.simulator.process", "assay.simulator.behaviour"]
)
def test_starting_loads_nothing_heavy(module: str) -> None:
    heavy = ["pandas", "numpy", "scipy", "pyarrow", "matplotlib", "botocore", "boto3", "datasets", "tiktoken"]
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_shared_rooms_are_imported() -> None:
    """A mistake of the sender's codec must not be able to hide behind the same mistake here."""
    for path in (ROOT / "assay/simulator").glob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith(("import assay", "from assay")):
                assert line.split()[1].startswith(("assay.simulator", "assay.errors", "assay.settings")), (
                    path,
                    line,
                )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "no JSON"),
        ("[]", "expected a JSON object"),
        ('{"tokens": 1}', "sha256: found None"),
        ('{"sha256": "a", "tokens": "1"}', "tokens: found '1'"),
        ('{"sha256": "a", "tokens": 1, "right": "yes"}', "right: found 'yes'"),
        ('{"sha256": "a", "tokens": 1, "correct": "yes"}', "correct: found 'yes'"),
    ],
)
def test_says_which_line_of_the_answer_key_is_wrong(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "key.jsonl"
    path.write_text('{"sha256": "b", "tokens": 1}\n\n' + line + "\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        answer_key.read(path)
    assert f"{path}, line 3" in str(caught.value)
    assert words in str(caught.value)


def test_a_prompt_is_found_with_and_without_the_paragraph_before_it(tmp_path: Path) -> None:
    prompt = "First paragraph.\n\nSecond paragraph."
    entry = answer_key.Entry(5, ("a",))
    key = {answer_key._sha256(prompt): entry}
    nonce = "Request 123 456 789 012 345.\n\n"
    assert answer_key.find(key, prompt).entry is entry
    assert answer_key.find(key, nonce + prompt).entry is entry
    unknown = answer_key.find({}, prompt)
    assert unknown.entry is None
    assert answer_key.find({}, nonce + prompt) == unknown
    assert unknown.sha256 == answer_key._sha256(prompt)


def test_what_a_model_refuses_is_in_its_hash_only_where_it_refuses_something(tmp_path: Path) -> None:
    def hashed(text: str) -> str:
        return behaviour_hash(written(tmp_path, text), "m")

    base = hashed("models: {m: {kind: model}}")
    assert base == hashed("models: {m: {kind: model, access: granted, refuses: []}}")
    assert base != hashed("models: {m: {kind: model, access: denied}}")
    assert base != hashed("models: {m: {kind: model, refuses: [streaming]}}")
