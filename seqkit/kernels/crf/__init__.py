"""The linear-chain CRF: its loss and log partition with gradients, and Viterbi's path."""
