"""Tables, evidence and exports that several pages draw.

Nothing that belongs to one page.
"""
