"""The probability of text."""
