"""One debiasing method a file; the folder is the registry."""

from seqkit.core.family import Family

methods = Family("seqkit.debias.removal.methods", "bias method")
