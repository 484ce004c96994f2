"""Policy: browse the clauses, try out a limit, see what is in force when, compare versions."""

from pages.ui.app import page_frame, url_state
from pages.ui.i18n.language import t
from pages.ui.policy import clause_detail, clauses, editor, validity, versions

view = page_frame.open_policy_page("policy_tables")
shown = ("clauses", "limits", "dates", "versions") if view.snapshots else ("clauses", "dates")
views = {name: t(f"policy.view_{name}") for name in shown}
match url_state.select_segment("view", t("policy.view"), views, "clauses"):
    case "clauses":
        clause = clauses.choose_clause(view, clauses.filter_clauses(view))
        if clause is not None:
            clause_detail.draw_clause(view, clause)
    case "limits":
        editor.draw_editor(view)
    case "dates":
        validity.draw_timeline(view)
        validity.draw_findings(view)
    case "versions":
        versions.draw_versions(view)
