"""One recurrent cell a file; the folder is the registry."""
