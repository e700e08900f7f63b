"""One attention a file; the folder is the registry."""
