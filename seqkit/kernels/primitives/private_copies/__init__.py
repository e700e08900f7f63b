"""Private copies of rows for parallel work whose result does not depend on the number of threads."""
