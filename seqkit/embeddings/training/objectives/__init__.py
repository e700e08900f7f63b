"""One training objective a file; the folder is the registry."""

from seqkit.core.family import Family

objectives = Family("seqkit.embeddings.training.objectives", "loss")
