"""Former names of tables and columns: read to the same policy for one version, each with a warning."""

import pytest

from data.messages.catalogue import to_chinese
from policy.authoring import lint, version_diff
from policy.model import table_folder
from policy.model.old_names import load_old_names, rename_tables
from policy.runs import snapshot_check

SHIPPED = table_folder.read_texts(table_folder.SHIPPED_TABLES)


def _with_old_names(texts: dict[str, str]) -> dict[str, str]:
    """The tables as an older version wrote them."""
    old = dict(texts)
    for each in load_old_names():
        if each.old_column:
            for name in [name for name in old if name == each.file or name.split("/")[0] + "/*.csv" == each.file]:
                header, _, rest = old[name].partition("\n")
                columns = [each.old_column if column == each.new_name else column for column in header.split(",")]
                old[name] = ",".join(columns) + "\n" + rest
    for each in load_old_names():
        if not each.old_column:
            old[each.file] = old.pop(each.new_name)
    return old


def test_a_folder_with_old_names_is_the_same_policy():
    old = _with_old_names(SHIPPED)
    assert old != SHIPPED
    policy, problems = lint.lint_tables(old)
    assert {problem.level for problem in problems} == {"warning"}
    assert policy == lint.lint_tables(SHIPPED)[0]
    assert version_diff.find_changes(old, SHIPPED) == []
    assert table_folder.compute_version(old) == table_folder.compute_version(SHIPPED)


def test_each_old_name_is_a_warning_that_names_the_new_one():
    renamed, warnings = rename_tables(_with_old_names(SHIPPED))
    assert renamed == SHIPPED
    for each in load_old_names():
        about = [warning for warning in warnings if each.new_name in warning.fix]
        assert about and all(warning.level == "warning" for warning in about)
        assert all(to_chinese(warning.message) != str(warning.message) for warning in about)


def test_both_names_of_a_table_are_an_error():
    _, problems = lint.lint_tables(SHIPPED | {"plausible.csv": SHIPPED["plausible_ranges.csv"]})
    errors = [str(problem) for problem in problems if problem.level == "error"]
    assert len(errors) == 1 and "both plausible.csv (old name) and plausible_ranges.csv" in errors[0]


def test_both_names_of_a_column_are_an_error():
    header, _, rest = SHIPPED["derived.csv"].partition("\n")
    rows = "".join(f"{line},\n" for line in rest.splitlines())
    _, problems = lint.lint_tables(SHIPPED | {"derived.csv": f"{header},as_of\n{rows}"})
    assert any("unknown or repeated column" in str(problem) for problem in problems if problem.level == "error")


def test_commands_print_the_warnings(tmp_path, capsys, caplog):
    for name, text in _with_old_names(SHIPPED).items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    snapshot_check.load_policy(str(tmp_path))
    messages = "\n".join([*caplog.messages, capsys.readouterr().err])
    assert "'plausible.csv' is an old name. Rename it to plausible_ranges.csv" in messages


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_line_ends_stay(ends):
    text = ends.join(["field,as_of", "a,b", ""])
    assert rename_tables({"derived.csv": text})[0] == {"derived.csv": ends.join(["field,act_date", "a,b", ""])}
