"""Level 3: the tasks that people train and use, a folder each."""
