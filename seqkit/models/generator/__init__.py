"""Label or vector to text."""
