"""Level 2: recurrent cells, stacks of them, dropout, loss heads."""
