"""Ways to remove a bias, and the erasers they give."""
