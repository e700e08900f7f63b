"""One training objective a file; the folder is the registry."""
