"""One pass over a stretch of text by several threads, which all change the same rows."""
