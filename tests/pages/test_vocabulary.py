"""The pages take the words of stages, families and severities from the policy in force."""

import shutil

import pytest

from policy.model.table_folder import SHIPPED_TABLES

QUESTION = {"loan": "L1", "to": "2027-05-05", "applied": "2026-10-01", "consent": "all"}


@pytest.fixture
def approval_stage(seven_loan_book, tmp_path, monkeypatch):
    """The shipped policy with a stage and a family of the bank's own."""
    folder = tmp_path / "tables"
    shutil.copytree(SHIPPED_TABLES, folder)
    for table in (folder / "rules").iterdir():
        text = table.read_text(encoding="utf-8").replace(",decision,", ",approval,").replace(",pre_loan,", ",approval,")
        table.write_text(text, encoding="utf-8")
    with (folder / "vocabulary.csv").open("a", encoding="utf-8") as file:
        file.write("stage,approval,贷款评审,Credit review,35\n")
    monkeypatch.setenv("LOANLIGHT_TABLES", str(folder))


@pytest.mark.parametrize(("lang", "word"), [("zh", "贷款评审"), ("en", "Credit review")])
def test_a_stage_of_the_bank_is_shown_by_its_label(approval_stage, open_page, lang, word):
    app = open_page("loan", lang, loan="L1", verdict="pass")
    assert any(word in str(frame.value) or (frame.value == word).any().any() for frame in app.dataframe)
    app = open_page("extension_what_if", lang, quiet=False, **QUESTION)
    assert not app.exception
    assert any((frame.value == word).any().any() for frame in app.dataframe)
    assert not open_page("violations", lang).exception
