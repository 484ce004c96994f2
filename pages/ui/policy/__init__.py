"""Parts of the policy page: clauses, rules, editing a limit, its impact.

Lint, impact and versions are made in policy.
"""
