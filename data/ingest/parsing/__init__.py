"""From the text of a cell to an amount, a date, a code or an identifier.

No sheet, header or table is known here.
"""
