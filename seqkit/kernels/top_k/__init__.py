"""The k best of many scores, block by block."""
