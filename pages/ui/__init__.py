"""What the pages share: frame, language, numbers, charts, tables, and the way to the book."""
