"""Products of any number of rows with any number of rows."""
