"""One measure a file; the folder is the registry."""
