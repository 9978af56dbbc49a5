"""The files that a benchmark names: where they are looked for, that they exist and fit.

Paths in a benchmark are relative to the working directory; what is not found there is looked for in the project's
own folder, so that the shipped templates and behaviours are found from everywhere. The paths in the settings stay
as they were written: an absolute one would make results depend on the machine.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.bedrock.settings import SimulatorEndpoint
from assay.config.consistency import asked
from assay.config.problems import KeyPath, Problem, listed, meant
from assay.datasets.settings import HuggingFace, JsonLines, LongBench, LongBenchV2
from assay.errors import InputError
from assay.judging.prompt import template as judge_template
from assay.ledger.reuse import is_ledger, ledger_files
from assay.metrics.longbench import METRIC_OF_SET, metric_of
from assay.prompts.choice import template_files
from assay.prompts.longbench import published_limits, published_prompts, without
from assay.prompts.settings import TokenizerFile
from assay.simulator import behaviour

PROJECT = Path(__file__).resolve().parents[2]
"""The folder that holds `assay/` and the shipped `config/`."""


def places() -> tuple[Path, ...]:
    """Where relative paths are looked for: the working directory, then the project's own folder."""
    return (Path(), PROJECT)


def located(path: Path, folders: Sequence[Path] | None = None) -> Path | None:
    """The file or folder, in the first of `folders` (by default `places()`) that has it; None if none does."""
    for folder in places() if folders is None else folders:
        if (there := folder / path.expanduser()).exists():
            return there
    return None


def problems(sections: Mapping[str, Any], folders: Sequence[Path] | None = None) -> list[Problem]:
    """What is wrong with the files that the sections at hand (keyed as in `Benchmark`) name."""
    return list(_problems(sections, places() if folders is None else folders))


def _problems(sections: Mapping[str, Any], folders: Sequence[Path]) -> Iterator[Problem]:
    dataset = sections.get("dataset")
    if isinstance(dataset, JsonLines | LongBenchV2) and dataset.path is not None:
        yield from _missing(("dataset", "path"), dataset.path, folders)
    if isinstance(dataset, LongBench | HuggingFace) and dataset.path is not None:
        yield from _missing(("dataset", "path"), dataset.path, folders, folder_too=True)
    if isinstance(dataset, LongBench):
        yield from _by_set("prompts", dataset.prompts, dataset, published_prompts, folders)
        yield from _by_set("maxlen", dataset.maxlen, dataset, published_limits, folders)
    tokenizer = sections.get("tokenizer")
    if isinstance(tokenizer, TokenizerFile):
        yield from _missing(("tokenizer", "path"), tokenizer.path, folders)
    prompt = sections.get("prompt")
    if prompt is not None:
        asks = ["context", "input"]
        if isinstance(dataset, JsonLines | HuggingFace) and dataset.columns.context is None:
            asks = ["input"]
        if prompt.template is not None:
            yield from _template(("prompt", "template"), prompt.template, asks, folders)
        elif dataset is not None:
            chosen = template_files(dataset, None)
            for file in (*chosen.by_set, *([] if chosen.one is None else [chosen.one])):
                yield from _missing(("prompt", "template"), file, folders)
        if prompt.system is not None:
            yield from _missing(("prompt", "system"), prompt.system, folders)
    judges = sections.get("judges")
    if judges is not None:
        asks = ["question", "references", "answer"]
        yield from _template(("judges", "prompt"), judges.prompt_file, asks, folders, judge_template)
    yield from _other_ledgers(sections, folders)
    endpoint = sections.get("endpoint")
    if isinstance(endpoint, SimulatorEndpoint):
        yield from _behaviour(endpoint.behaviour, sections, folders)


def _by_set(
    key: str,
    file: Path | None,
    dataset: LongBench,
    read: Callable[[Path], Mapping[str, object]],
    folders: Sequence[Path],
) -> Iterator[Problem]:
    """Problems of a file of LongBench's that says something of each set."""
    if file is None:
        return
    path = ("dataset", key)
    faults = list(_missing(path, file, folders))
    there = located(file, folders)
    if faults or there is None:
        yield from faults
        return
    try:
        found = read(there)
    except InputError as error:
        yield Problem(path, f"found a file with faults: {error}")
        return
    asked_sets = [name for name in dataset.sets or METRIC_OF_SET if metric_of(name) is not None]
    if absent := without(found, asked_sets):
        yield Problem(
            path,
            f"found {str(file)!r} without {listed(absent)}; expected every set that is asked, in `dataset.sets` or by default",
        )


def _other_ledgers(sections: Mapping[str, Any], folders: Sequence[Path]) -> Iterator[Problem]:
    seen: list[Path] = []
    run = sections.get("run")
    own = None if run is None else run.ledger or Path("results", run.name, "ledger")
    for index, folder in enumerate(sections.get("reuse") or ()):
        path = ("reuse", index)
        there = located(folder, folders)
        if there is None:
            yield Problem(
                path,
                f"found {str(folder)!r}, where there is no folder; expected the ledger of another run, such as "
                f"results/other/ledger, from the folder that the run is started in ({Path.cwd()}) or from the project's own",
            )
            continue
        if own is not None and there.resolve() == own.expanduser().resolve():
            yield Problem(
                path,
                f"found {str(folder)!r}, which is this run's own ledger, in use anyway; expected that of another run, or "
                "none",
            )
        elif there.resolve() in seen:
            yield Problem(path, f"found {str(folder)!r} a second time; expected each ledger once")
        elif not there.is_dir():
            yield Problem(path, f"found {str(folder)!r}, which is a file; expected the folder of a ledger")
        elif not is_ledger(there):
            hint = f": {folder / 'ledger'} is one" if is_ledger(there / "ledger") else ""
            what = "files that are no ledger's" if ledger_files(there) else "no file of a ledger (*.jsonl)"
            yield Problem(
                path, f"found {str(folder)!r}, a folder with {what}; expected that of a ledger{hint}"
            )
        seen.append(there.resolve())


def _missing(
    path: KeyPath, file: Path, folders: Sequence[Path], *, folder_too: bool = False
) -> Iterator[Problem]:
    there = located(file, folders)
    if there is None:
        yield Problem(
            path,
            f"found {str(file)!r}, where there is no file; expected the path of a file, from the folder that "
            f"the run is started in ({Path.cwd()}) or from the project's own",
        )
    elif there.is_dir() and not folder_too:
        yield Problem(path, f"found {str(file)!r}, which is a folder; expected the path of a file")


def _template(
    path: KeyPath,
    file: Path,
    placeholders: Sequence[str],
    folders: Sequence[Path],
    check: Callable[[str, str], object] = lambda text, name: None,
) -> Iterator[Problem]:
    faults = list(_missing(path, file, folders))
    there = located(file, folders)
    if faults or there is None:
        yield from faults
        return
    try:
        text = there.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        yield Problem(path, f"found {str(file)!r}, which can't be read as text in UTF-8: {error}")
        return
    absent = [name for name in placeholders if f"{{{name}}}" not in text]
    if absent:
        yield Problem(
            path,
            f"found {str(file)!r} without {listed(f'{{{name}}}' for name in absent)}; expected a text with the "
            f"placeholders {listed(f'{{{name}}}' for name in placeholders)}",
        )
        return
    try:
        check(text, str(file))
    except InputError as error:
        yield Problem(path, f"found a text with faults: {error}")


def _behaviour(file: Path, sections: Mapping[str, Any], folders: Sequence[Path]) -> Iterator[Problem]:
    path = ("endpoint", "behaviour")
    faults = list(_missing(path, file, folders))
    there = located(file, folders)
    if faults or there is None:
        yield from faults
        return
    try:
        known = list(behaviour.read(there).models)
    except InputError as error:
        yield Problem(path, f"found a file with faults: {error}")
        return
    for place, model in asked(sections.get("models", ()), sections.get("judges")):
        if model.id not in known:
            yield Problem(
                (*place, "id"),
                f"found {model.id!r}, expected a model of {file}, since the endpoint is the simulator: "
                f"{listed(known)}{meant(model.id, known)}",
            )
