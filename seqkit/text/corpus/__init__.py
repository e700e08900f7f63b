"""A text as memory-mapped ids: built once, opened in milliseconds."""
