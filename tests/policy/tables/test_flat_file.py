"""A bank that has only a flat loan file: what it does not say is unknown, and never a violation."""

from datetime import date
from pathlib import Path

from data.ingest import pipeline
from data.storage import book
from policy.runs import snapshot_check
from tests.shipped_policy import POLICY

FLAT_FILE = """借据号,客户编号,借款人名称,机构号,贷款余额,贷款金额,放款日,到期日期,五级分类,担保方式,客户经理工号
L001,C1,张三,001,105000,200000,20240101,20270101,正常,抵押,U1
L002,C2,李四,001,5000,200000,20240131,20270131,次级,保证,U1
L003,C3,王五,002,7000,200000,20240101,20270101,关注,信用,U2
"""
DATA_RULES = {"BRN-SEGMENTS"}  # asks whether the fields to group loans by are filled, which here they are not


def test_nothing_is_violated_by_what_the_file_does_not_say(tmp_path: Path):
    file, path, day = tmp_path / "loans.csv", tmp_path / "book.duckdb", date(2026, 10, 31)
    file.write_text(FLAT_FILE, encoding="utf-8")
    pipeline.import_files([file], day, path)
    with book.open_for_writing(path) as con:
        run = snapshot_check.build_facts_and_judge(con, POLICY, day)
    violated = {rule.rule_id for rule in run.rules if rule.counts["violation"]}
    assert violated - DATA_RULES == set()
    assert any(rule.counts["not_assessable"] for rule in run.rules)
