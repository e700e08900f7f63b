"""The inner loops of counting co-occurrences."""
