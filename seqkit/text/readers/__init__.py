"""Files of text, plain, compressed, labelled, tagged or in pairs."""
