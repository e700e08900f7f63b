"""The commands: a file or folder for each noun; the folder is the registry."""
