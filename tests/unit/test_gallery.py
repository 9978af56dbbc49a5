"""The gallery holds finished runs only, whole, in small files; its page says what each is."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from assay.document.gallery import SHOTS, Shot, page, show
from assay.errors import InputError

PROJECT = Path(__file__).resolve().parents[2]


def picture(path: Path, size: tuple[int, int] = (64, 48)) -> None:
    """A picture with more colours than a palette has."""
    made = Image.new("RGBA", size)
    made.putdata([(x * 4, y * 5, (x * y) % 256, 255) for y in range(size[1]) for x in range(size[0])])
    made.save(path)


def photograph(shown: Path, shot: Shot, out: Path) -> None:
    assert shown.read_text(encoding="utf-8") == "<p>A report.</p>"
    picture(out, (shot.width // 10, shot.height // 10))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """What the gallery takes from a finished run."""
    made = tmp_path / "results" / "small"
    for folder in ("report", "figures", "decision", "tables"):
        (made / folder).mkdir(parents=True)
    text = "# Small\n\n![Costs](../figures/pareto.png) and [mistakes](mistakes.md#wrong)\n"
    (made / "report" / "report.md").write_text(text, encoding="utf-8")
    (made / "report" / "mistakes.md").write_text(
        "[back](report.md), [docs](https://docs.example/)", encoding="utf-8"
    )
    (made / "report" / "report.html").write_text("<p>A report.</p>", encoding="utf-8")
    (made / "report" / "report.pdf").write_bytes(b"%PDF-1.7")
    picture(made / "figures" / "pareto.png")
    picture(made / "figures" / "unused.png")
    (made / "provenance.json").write_text(
        json.dumps({"run": {"title": "Small & <simple>"}}), encoding="utf-8"
    )
    (made / "decision" / "decision.json").write_text(json.dumps({"sentence": "Use a*b."}), encoding="utf-8")
    cells = "model,bucket,load\na*b,short,c1\na*b,long,c1\nb,short,c4\nb,long,c4\n"
    (made / "tables" / "cells.csv").write_text(cells, encoding="utf-8")
    return made


def test_a_run_is_shown_whole_and_its_links_lead_somewhere(run: Path, tmp_path: Path) -> None:
    shown = show(run, tmp_path / "gallery", photograph)
    folder = tmp_path / "gallery" / "small"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {
        "report.md", "report.html", "report.pdf", "mistakes.md", "figures/pareto.png", *(f"{shot.name}.png" for shot in SHOTS)
    }  # fmt: skip
    assert "](figures/pareto.png)" in (folder / "report.md").read_text(encoding="utf-8")
    for path in folder.rglob("*.png"):
        with Image.open(path) as opened:
            assert opened.mode == "P"
    assert (shown.models, shown.buckets, shown.loads) == (2, 2, 2)


def test_showing_a_run_again_leaves_nothing_of_the_earlier_one(run: Path, tmp_path: Path) -> None:
    show(run, tmp_path / "gallery", photograph)
    (tmp_path / "gallery" / "small" / "figures" / "gone.png").touch()
    show(run, tmp_path / "gallery", photograph)
    assert not (tmp_path / "gallery" / "small" / "figures" / "gone.png").exists()
    assert [path.name for path in (tmp_path / "gallery").iterdir()] == ["small"]


def test_an_unfinished_run_is_refused_and_what_is_shown_stays(run: Path, tmp_path: Path) -> None:
    show(run, tmp_path / "gallery", photograph)
    (run / "report" / "report.pdf").unlink()
    with pytest.raises(InputError, match=r"report\.pdf: not found.*run its benchmark first"):
        show(run, tmp_path / "gallery", photograph)
    assert (tmp_path / "gallery" / "small" / "report.pdf").exists()


def test_a_link_to_what_is_not_shown_is_an_error(run: Path, tmp_path: Path) -> None:
    (run / "report" / "report.md").write_text("[data](../tables/cells.csv)", encoding="utf-8")
    with pytest.raises(InputError, match=r"report\.md: links \.\./tables/cells\.csv"):
        show(run, tmp_path / "gallery", photograph)


def test_the_page_says_what_each_run_is_and_escapes_it(run: Path, tmp_path: Path) -> None:
    text = page([show(run, tmp_path / "gallery", photograph)])
    assert r"## Small \& \<simple\>" in text
    assert r"2 models, 2 prompt sizes, 2 loads. Its answer: Use a\*b." in text
    assert "![Costs](gallery/small/figures/pareto.png)" in text
    linked = [tmp_path / target for target in re.findall(r"\]\((gallery/[^)]+)\)", text)]
    assert len(linked) == 4 + len(SHOTS) + 1  # the pages, their pictures, and the one figure that it has
    assert all(path.exists() for path in linked)
