"""Parts of the page of violations: filters, list, detail, exports.

Which violations there are is asked of policy.violations.
"""
