"""One way to put vectors on a map a file; the folder is the registry."""
