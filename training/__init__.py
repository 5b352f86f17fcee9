"""How is the query model trained? Datasets, fine-tuning, export (a later issue fills this package)."""
