"""Policy: browse the clauses, try out a limit, see what is in force when, compare versions."""

from pages.ui.app import page_frame, url_state
from pages.ui.i18n.language import say
from pages.ui.policy import clause_detail, clauses, editor, validity, versions

view = page_frame.open_policy("policy_tables")
shown = ("clauses", "limits", "dates", "versions") if view.snapshots else ("clauses", "dates")
views = {name: say(f"policy.view_{name}") for name in shown}
match url_state.switch("view", say("policy.view"), views, "clauses"):
    case "clauses":
        clause = clauses.pick_one(view, clauses.listed(view))
        if clause is not None:
            clause_detail.show(view, clause)
    case "limits":
        editor.section(view)
    case "dates":
        validity.timeline(view)
        validity.findings(view)
    case "versions":
        versions.section(view)
