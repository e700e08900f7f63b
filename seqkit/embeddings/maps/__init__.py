"""Words in two dimensions."""
