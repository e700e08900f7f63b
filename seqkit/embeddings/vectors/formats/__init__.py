"""One file format of word vectors a file; the folder is the registry."""
