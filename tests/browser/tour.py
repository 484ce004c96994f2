"""The pictures of the tour: every scene of docs/tour.csv in both languages, taken in Chromium from a demo book.

    python -m tests.browser.tour [--book PATH] [--out docs/tour] [--loans N]

A scene is a page with its choices and a heading to scroll to (a key of the words tables). {loan},
{officer}, {session} and {circle} are chosen from the book, so that the same book gives the same pictures.
"""

import argparse
import csv
import io
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from data.storage import book
from pages.ui.i18n import language
from tests.browser import server

SCENES = server.ROOT / "docs" / "tour.csv"
PICTURES = server.ROOT / "docs" / "tour"
VIEWPORT = {"width": 1280, "height": 1100}
COLOURS = 128  # of a picture: a third of the bytes, and nothing that is seen
EXAMPLE_ID_QUERIES = {
    "loan": """SELECT f.loan_id FROM facts_loan f JOIN (SELECT max(as_of) AS as_of FROM facts_loan) USING (as_of)
        WHERE is_running AND extension_count = 0 AND days_to_maturity BETWEEN 20 AND 120 AND main_collateral_type IS NOT NULL
        ORDER BY balance DESC, loan_id LIMIT 1""",
    "officer": """SELECT f.officer_id FROM facts_loan f JOIN (SELECT max(as_of) AS as_of FROM facts_loan) USING (as_of)
        WHERE is_running AND officer_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1""",
    "session": """SELECT clause_group || '~' || held_on FROM facts_training
        JOIN (SELECT max(as_of) AS as_of FROM facts_training) USING (as_of)
        WHERE clause_group = 'LEGAL' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1""",
    "circle": """SELECT 'circle~' || least(borrower_id, list_min(circle_members)) FROM facts_borrower
        JOIN (SELECT max(as_of) AS as_of FROM facts_borrower) USING (as_of)
        WHERE guarantee_circle > 2 GROUP BY 1 ORDER BY sum(balance) DESC, 1 LIMIT 1""",
}


@dataclass(frozen=True)
class Scene:
    picture: str
    page: str
    query: str
    scroll_to: str

    def file_name(self, lang: str) -> str:
        return f"{self.picture}.{lang}.png"


def load_scenes() -> list[Scene]:
    with SCENES.open(encoding="utf-8", newline="") as file:
        return [Scene(**row) for row in csv.DictReader(file)]


def pick_example_ids(path: Path) -> dict[str, str]:
    """What stands for the names in braces: one of each from the newest snapshot; empty where the book has none."""
    with book.open_for_reading(path) as cursor:
        found = {name: cursor.execute(sql).fetchall() for name, sql in EXAMPLE_ID_QUERIES.items()}
    return {name: rows[0][0] if rows else "" for name, rows in found.items()}


def wait_until_settled(page: Page) -> None:
    """Until the page has run and its tables and charts are drawn."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=60_000)
    page.locator('[data-testid="stSkeleton"]').last.wait_for(state="detached", timeout=60_000)
    page.wait_for_timeout(900)


def take_picture(page: Page, url: str, scene: Scene, lang: str, names: dict[str, str]) -> bytes:
    """One picture. Raises AssertionError when the page shows an error instead of itself."""
    address = f"{url}/{scene.page}?lang={lang}&{scene.query.format(**names)}"
    page.goto(address.rstrip("&"))
    page.get_by_test_id("stHeading").first.wait_for(timeout=60_000)
    wait_until_settled(page)
    if scene.scroll_to:
        page.get_by_text(language.load_texts()[scene.scroll_to][lang]).first.evaluate("seen => seen.scrollIntoView()")
        page.wait_for_timeout(900)
    assert page.get_by_test_id("stException").count() == 0, f"{address}: the page shows an exception"
    failed = page.get_by_text(language.load_texts()["error.cannot_show"][lang])
    assert failed.count() == 0, f"{address}: the page cannot be shown"
    return page.screenshot()


def reduce_colours(picture: bytes) -> bytes:
    """The picture with fewer colours."""
    small = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS).save(small, "PNG", optimize=True)
    return small.getvalue()


def take_pictures(
    page: Page,
    url: str,
    names: dict[str, str],
    out: Path,
    languages: Iterable[str] = tuple(language.LANGUAGES),
    step: int = 1,
) -> list[Path]:
    """Take every scene (or each `step`-th) of the dashboard at `url`; the files written."""
    out.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size(VIEWPORT)
    written = []
    for lang in languages:
        for scene in load_scenes()[::step]:
            written.append(out / scene.file_name(lang))
            written[-1].write_bytes(reduce_colours(take_picture(page, url, scene, lang, names)))
    return written


def make_checked_book(path: Path, loans: int, last: int | None = None) -> Path:
    """A demo book, checked: its `last` snapshots, or all of them."""
    which = ["--last", str(last)] if last else ["--all"]
    for command in (["data", "demo", "--loans", str(loans), "--seed", "1"], ["policy", "check", *which]):
        subprocess.run(
            [sys.executable, "-m", *command, "--book", str(path)],
            cwd=server.ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--book", type=Path, help="a checked book; without one a demo book is made")
    parser.add_argument("--out", type=Path, default=PICTURES)
    parser.add_argument("--loans", type=int, default=5000, help="loans of the demo book")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = (given.book or make_checked_book(Path(folder) / "book.duckdb", given.loans)).resolve()
        browser = playwright.chromium.launch(executable_path=str(server.CHROMIUM), args=server.CHROMIUM_ARGUMENTS)
        page = browser.new_context(locale="en-GB", color_scheme="light").new_page()
        with server.run_server(path) as served:
            for file in take_pictures(page, served.url, pick_example_ids(path), given.out):
                print(f"{file} {file.stat().st_size:,}")
        browser.close()


if __name__ == "__main__":
    main()
