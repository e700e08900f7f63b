"""One tokenizer a file; the folder is the registry."""
