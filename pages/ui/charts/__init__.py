"""Charts: each takes rows and returns a chart.

No query and no layout of a page.
"""
