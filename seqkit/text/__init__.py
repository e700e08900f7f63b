"""Level 1: strings to ids. Readers, normalising, tokenizers, vocabulary, corpus, phrases."""
