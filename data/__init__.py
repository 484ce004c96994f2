"""The book: schema, import, quarantine, snapshots, facts, the demo book. Knows DuckDB and files; no rule, no page."""
