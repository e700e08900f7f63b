"""Level 3: models that people train and use: language models."""
