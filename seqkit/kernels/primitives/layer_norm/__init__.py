"""Layer normalisation of one row and its gradient."""
