"""Named views beside the book: kept, replaced, removed; two who save at once; a damaged file is said so."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from data.errors import InputError
from data.storage import saved_views


def test_a_view_is_kept_replaced_and_removed(tmp_path):
    path = tmp_path / "book.duckdb"
    choices = {"state": ["open", "reopened"], "q": ["甲 & 乙=丙"]}
    saved_views.save_view(path, "  我的  视图 ", saved_views.encode_choices(choices))
    [view] = saved_views.load_saved_views(path)
    assert view.name == "我的 视图"
    assert view.pairs == [("q", "甲 & 乙=丙"), ("state", "open"), ("state", "reopened")]
    saved_views.save_view(path, "我的 视图", "family=extension")
    assert [each.choices for each in saved_views.load_saved_views(path)] == ["family=extension"]
    saved_views.remove_view(path, "我的 视图")
    assert saved_views.load_saved_views(path) == []
    assert not path.exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_a_name_that_will_not_do_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="needs a name"):
        saved_views.save_view(tmp_path / "book.duckdb", name, "q=1")


def test_those_who_save_at_once_all_keep_theirs(tmp_path):
    path = tmp_path / "book.duckdb"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: saved_views.save_view(path, f"view {n:02}", f"q={n}"), range(40)))
    assert [view.name for view in saved_views.load_saved_views(path)] == [f"view {n:02}" for n in range(40)]


def test_a_damaged_file_is_said_so_and_left_alone(tmp_path):
    path = tmp_path / "book.duckdb"
    saved_views.views_path(path).write_text('[{"name": "a"', encoding="utf-8")
    for act in (lambda: saved_views.load_saved_views(path), lambda: saved_views.save_view(path, "b", "q=1")):
        with pytest.raises(InputError, match="damaged"):
            act()
    assert saved_views.views_path(path).read_text(encoding="utf-8") == '[{"name": "a"'


def test_shipped_views_choose_what_the_page_knows():
    known = {"severity", "family", "movement", "age", "state", "show", "by"}
    for row in saved_views.load_shipped_views():
        pairs = saved_views.SavedView(row["view"], row["choices"], "").pairs
        assert pairs
        assert {name for name, _ in pairs} <= known
