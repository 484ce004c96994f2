"""From bytes to sheets of text: formats, encodings, size checks.

No field of the dictionary is known here.
"""
