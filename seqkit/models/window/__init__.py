"""A neural language model of a fixed window."""
