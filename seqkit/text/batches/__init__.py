"""Ids as batches: streams of one long text, rows of similar length."""
