"""Put finished runs into the gallery (docs/gallery/), and write its page (docs/gallery.md).

Takes pictures of the reports with an installed Chromium, by Playwright, which is among the test tools.
"""

import argparse
import shutil
from pathlib import Path

import command

from assay.document.gallery import Shot, page, show
from assay.errors import InputError

PROJECT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main(arguments: argparse.Namespace) -> None:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise InputError(
            f"no browser found ({', '.join(BROWSERS)}): install one (Debian, Ubuntu: apt install chromium)"
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(
            executable_path=browser,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )

        def photograph(shown: Path, shot: Shot, out: Path) -> None:
            view = opened.new_page(
                viewport={"width": shot.width, "height": shot.height},
                color_scheme="dark" if shot.dark else "light",
            )
            view.goto(shown.resolve().as_uri())
            view.screenshot(path=out)
            view.close()

        shown = [show(run, arguments.gallery, photograph) for run in arguments.runs]
        opened.close()
    command.write_text(arguments.page, page(shown))


if __name__ == "__main__":
    parser = command.parser(__doc__)
    parser.add_argument("--gallery", type=Path, default=PROJECT / "docs" / "gallery")
    parser.add_argument("--page", type=Path, default=PROJECT / "docs" / "gallery.md")
    parser.add_argument(
        "runs", nargs="+", type=Path, help="folders of finished runs, such as results/default"
    )
    command.run(main, parser)
