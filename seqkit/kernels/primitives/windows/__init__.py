"""Which tokens are kept, how wide windows are, which noise words are drawn: by position, with no state."""
