"""A family is a folder: every file in it is a member, found by its name and imported when asked for.

`negative_sampling.py` is the member "negative-sampling"; its `__all__` holds the one public name. Nothing
else is edited to add a member.
"""

import importlib
import pkgutil
from typing import Any

from seqkit.core.errors import OptionError, did_you_mean


class Family:
    """The members of one package, by name. `kind` is the word used in messages ("cell", "tokenizer")."""

    def __init__(self, package: str, kind: str) -> None:
        self.package, self.kind = package, kind

    def names(self) -> list[str]:
        """All member names, sorted; imports none of them."""
        path = importlib.import_module(self.package).__path__
        found = (module.name for module in pkgutil.iter_modules(path))
        return sorted(name.replace("_", "-") for name in found if not name.startswith("_"))

    def check(self, name: str, *, where: str = "") -> None:
        """Raise OptionError, its message beginning with `where`, if there is no such member; imports none."""
        known = self.names()
        if name not in known:
            raise OptionError(
                f"{where}unknown {self.kind} {name!r}; known: {', '.join(known)}.{did_you_mean(name, known)}"
            )

    def load(self, name: str) -> Any:  # Any: a class or a module's public function, as the family says
        """Return the public object of member `name`.

        Raises:  OptionError if there is no such member.
        """
        self.check(name)
        module = importlib.import_module(f"{self.package}.{name.replace('-', '_')}")
        (public,) = module.__all__
        return getattr(module, public)
