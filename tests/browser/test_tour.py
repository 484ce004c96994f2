"""The tour: its script takes every picture that its pages name, in each language, and nothing comes from outside."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from pages.ui.app import page_frame
from pages.ui.i18n import language
from tests.browser import tour

DOCS = tour.SCENES.parent
MAX_PICTURE_BYTES = 150_000  # bytes of a picture


def list_referenced_pictures(lang: str) -> list[str]:
    return re.findall(r"!\[[^]]+]\(tour/([^)]+)\)", (DOCS / f"tour.{lang}.md").read_text("utf-8"))


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_the_tour_names_every_picture_once(lang):
    assert sorted(list_referenced_pictures(lang)) == sorted(scene.file_name(lang) for scene in tour.load_scenes())


def test_the_tour_shows_every_page():
    assert {scene.page or page_frame.PAGES[0] for scene in tour.load_scenes()} >= {*page_frame.PAGES}


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_the_pictures_stand_beside_the_tour_and_are_small(lang):
    for name in list_referenced_pictures(lang):
        assert 5_000 < (DOCS / "tour" / name).stat().st_size <= MAX_PICTURE_BYTES, name


@pytest.mark.long
def test_scenes_can_be_taken_anew(demo_book: Path, serve, page: Page, external_requests: list[str], tmp_path: Path):
    """Every third, in one language, from a small book: `make tour` takes them all."""
    written = tour.take_pictures(page, serve(demo_book), tour.pick_example_ids(demo_book), tmp_path, ["en"], step=3)
    assert {file.name for file in written} < set(list_referenced_pictures("en")) and len(written) >= len(
        list_referenced_pictures("en")
    ) // 3
    assert all(5_000 < file.stat().st_size <= MAX_PICTURE_BYTES for file in written)
    assert len({file.read_bytes() for file in written}) == len(written)
