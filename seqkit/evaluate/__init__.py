"""Level 1: metrics that are sums until printed, and the bootstrap."""
