"""One debiasing method a file; the folder is the registry."""
