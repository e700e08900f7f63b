"""The choice of a token from logits in memory, for some rows at once."""
