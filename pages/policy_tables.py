"""Policy: browse the clauses, try out a limit, see what is in force when, compare versions."""

from pages.ui import address, frame, policy_browse, policy_clause, policy_dates, policy_edit, policy_versions
from pages.ui.language import say

view = frame.open_policy("policy_tables")
shown = ("clauses", "limits", "dates", "versions") if view.snapshots else ("clauses", "dates")
views = {name: say(f"policy.view_{name}") for name in shown}
match address.switch("view", say("policy.view"), views, "clauses"):
    case "clauses":
        clause = policy_browse.pick_one(view, policy_browse.listed(view))
        if clause is not None:
            policy_clause.show(view, clause)
    case "limits":
        policy_edit.section(view)
    case "dates":
        policy_dates.timeline(view)
        policy_dates.findings(view)
    case "versions":
        policy_versions.section(view)
