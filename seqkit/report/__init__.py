"""Level 1: arrays and tables in, pictures out."""
