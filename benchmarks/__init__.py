"""Speed, retrieval, ingestion, formulation, conversations: one command a table, results committed as JSON."""
