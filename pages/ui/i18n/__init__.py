"""The two languages of the pages: words, numbers, dates, errors.

What a page says stands in words/.
"""
