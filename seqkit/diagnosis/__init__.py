"""What is at fault with a classifier and its data, and what to do next."""
