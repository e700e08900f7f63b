"""The commands: one noun a file; the folder is the registry."""
