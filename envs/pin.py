"""Write envs/assay.yaml: the environment of the rules for those who run them under conda.

It names what pyproject.toml names, at the versions that requirements.lock holds. `--check` writes nothing and
fails if the file is not what it would write.
"""

import re
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
TARGET = PROJECT / "envs" / "assay.yaml"
NAME = re.compile(r"[A-Za-z0-9._-]+")


def environment() -> str:
    """The text of the environment file."""
    wanted = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "dependencies"
    ]
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([a-z0-9._-]+)==([^ \\\n]+)", lock, re.MULTILINE))
    names = sorted(match[0].lower().replace("_", "-") for text in wanted if (match := NAME.match(text)))
    lines = [
        "# Made by `make lock` from pyproject.toml and requirements.lock.",
        "channels:",
        "  - conda-forge",
        "  - nodefaults",
        "dependencies:",
        "  - python =3.12",
        "  - pip",
        "  - pip:",
        *(f"      - {name}=={locked[name]}" for name in names),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(environment(), encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != environment():
        sys.exit(f"{TARGET.relative_to(PROJECT)} is not up to date: run `make lock`")
