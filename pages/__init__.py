"""The pages: one file each, layout only. What a page shows, it asks of data and policy."""
