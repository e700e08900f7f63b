"""What readers of vectors say of a file."""

import pytest

from seqkit.core.errors import FormatError
from seqkit.embeddings.vectors.vectors import Vectors


def refused(path, content, name, **settings):
    """What is said of a file of that content when it is read as format `name`, less the file's name."""
    path.write_bytes(content)
    with pytest.raises(FormatError) as told:
        Vectors.load(path, name, **settings)
    assert str(told.value).startswith(f"{path}: ")
    return str(told.value).removeprefix(f"{path}: ")
