"""Policy as data: the tables, and the engine that compiles and runs them. Knows no page and no export file."""
