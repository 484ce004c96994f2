"""The coverage of clauses as Markdown: a short table for the README, the whole one in docs/coverage.md."""

from pathlib import Path

from data.storage import private_files
from policy.authoring.clause_coverage import CLASSES, ClauseCoverage, ClauseGroup, group_clauses
from policy.model.records import VERDICTS

ROOT = Path(__file__).parents[2]
README, DETAILS = ROOT / "README.md", ROOT / "docs" / "coverage.md"
BEGIN, END = "<!-- coverage: begin -->", "<!-- coverage: end -->"


def render_summary(found: list[ClauseCoverage]) -> str:
    """A row a group: clauses, how many are covered and of which class, rules, and their examples by verdict."""
    lines = [
        "| part 部分 | clauses 条款 | covered 已覆盖 | A / B / C | rules 规则 | examples 示例 ✓ ✗ – ? |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    whole = ClauseGroup("合计", "all", found)
    for group in (*group_clauses(found), whole):
        classes = " / ".join(str(group.class_counts[name]) for name in CLASSES)
        counted = [sum(rule.examples[verdict] for rule in group.rules.values()) for verdict in VERDICTS]
        lines.append(
            f"| {group.name_en} {group.name_zh} | {len(group.clauses)} | {group.covered_count} | {classes} | "
            f"{len(group.rules)} | {' '.join(map(str, counted))} |"
        )
    return "\n".join(lines)


def render_details(found: list[ClauseCoverage]) -> str:
    """A row a clause, with its rules, their examples by verdict, or why nothing covers it."""
    lines = [
        "# Coverage of the clauses 条款覆盖",
        "",
        "Made by `python -m policy coverage --markdown --write`. A: mechanical on exported columns; B: with a register",
        "loaded; C: attested by a person. Examples: ✓ pass, ✗ violation, – not applicable, ? not assessable.",
        "",
        "| clause 条款 | gist 要点 | class | rules 规则 | also cited by 亦见 | ✓ ✗ – ? | why not covered 未覆盖原因 |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in found:
        clause = each.clause
        examples = " ".join(str(each.examples[verdict]) for verdict in VERDICTS) if each.rules else ""
        reason = "" if each.is_covered else f"{each.reason_zh} {each.reason_en}"
        cells = (
            clause.clause_id,
            f"{clause.gist_zh} {clause.gist_en}",
            clause.mechanical,
            ", ".join(rule.rule_id for rule in each.rules),
            ", ".join(each.cited_by),
            examples,
            reason,
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def render_readme(found: list[ClauseCoverage]) -> str:
    """The README's text with the short table between its marks. Raises ValueError when a mark is missing."""
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{render_summary(found)}\n{END}{after}"


def write_files(found: list[ClauseCoverage]) -> None:
    private_files.write_output(README, render_readme(found).encode())
    DETAILS.parent.mkdir(exist_ok=True)
    private_files.write_output(DETAILS, render_details(found).encode())
