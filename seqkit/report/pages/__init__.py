"""Reports as pages of one file."""
