"""One measure a file; the folder is the registry."""

from seqkit.core.family import Family

measures = Family("seqkit.debias.measuring.measures", "measure")
