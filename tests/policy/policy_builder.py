"""A policy of a few rows, written by a test."""

from policy.authoring import lint
from policy.model.problem import Problem
from policy.model.records import Policy

RULE_ROW = {
    "rule_id": "R",
    "family": "process",
    "subject": "loan",
    "stage": "pre_loan",
    "title_zh": "规则",
    "title_en": "Rule",
    "severity": "high",
    "scope": "true",
    "measure": "balance",
    "comparator": "<=",
    "limit": "100",
    "unit": "yuan",
    "act_date": "",
    "clause_id": "C1",
    "evidence": "bank default",
    "effective_from": "2000-01-01",
    "effective_to": "",
    "remedy_zh": "改",
    "cure": "curable",
    "grace_days": "",
    "remedy_en": "mend",
}
LIMIT_METADATA = ("row_id", "clause_id", "evidence", "effective_from", "effective_to", "reading_zh", "reading_en")


def csv_line(cells: list[str]) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"


def rules_csv(*rows: dict[str, str]) -> str:
    return csv_line(list(RULE_ROW)) + "".join(csv_line(list((RULE_ROW | row).values())) for row in rows)


def policy_texts(
    rows: list[dict[str, str]],
    tables: dict[str, tuple[str, list[tuple[str, str, str, str]], list[dict[str, str]]]] | None = None,
    derived: str = "",
) -> dict[str, str]:
    """`tables`: name -> (hit policy, [(column, role, type, unit)], rows)."""
    columns, found = "table,column,role,type,unit,hit_policy,zh,en\n", {}
    for name, (hit_policy, declared, limits) in (tables or {}).items():
        columns += "".join(csv_line([name, *column, hit_policy, "列", "column"]) for column in declared)
        header = [*LIMIT_METADATA, *(column[0] for column in declared)]
        base = {"clause_id": "C1", "evidence": "bank default", "effective_from": "2000-01-01"}
        lines = [[(base | {"row_id": f"{name}-{n}"} | row).get(c, "") for c in header] for n, row in enumerate(limits)]
        found[f"limits/{name}.csv"] = csv_line(header) + "".join(map(csv_line, lines))
    return found | {
        "rules/test.csv": rules_csv(*rows),
        "limit_columns.csv": columns,
        "derived.csv": "field,subject,from_subject,expression,aggregate,act_date,type,unit,codes,zh,en\n" + derived,
        "plausible_ranges.csv": "unit,type,low,high,message_zh,message_en\nratio,rate,0,2,比例写成小数,A fraction\n",
        "severity_effects.csv": "severity,on_violation,on_not_assessable\n"
        + "".join(f"{s},blocked,not_assessable\n" for s in ("critical", "high", "medium", "low", "info")),
        "clauses.csv": "clause_id,document_zh,document_en,section,gist_zh,gist_en,reading_zh,reading_en,mechanical,level\n"
        "C1,文件,Document,1,要点,Gist,,,A,L\n",
    }


def build_policy(*args: object) -> Policy:
    """The policy, which must have no errors."""
    found, problems = lint.lint_tables(policy_texts(*args))  # type: ignore[arg-type]
    assert error_messages(problems) == []
    return found


def error_messages(problems: list[Problem]) -> list[str]:
    return [str(problem) for problem in problems if problem.level == "error"]


def lint_errors(*args: object) -> list[str]:
    return error_messages(lint.lint_tables(policy_texts(*args))[1])  # type: ignore[arg-type]
