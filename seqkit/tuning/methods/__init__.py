"""Search methods, one a file: which trials to make next, given those that were made."""
