"""Every sentence that a user may read from data or policy, in English and Chinese.

Words of the pages stand with the pages.
"""
