"""Word sets: what they hold, their files, and finding their words in vectors."""
