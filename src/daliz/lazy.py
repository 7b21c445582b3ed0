"""Import the parts of a package when they are first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from daliz.errors import need

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping


def attribute_getter(
    package: str, homes: Mapping[str, str], *, light: Collection[str] = ()
) -> Callable[[str], Any]:
    """Make the `__getattr__` of a package whose parts load late, so that compiled loops load only where needed.

    Parameters
    ----------
    package
        Full name of the package.
    homes
        Module of each public name.
    light
        Modules that work without the extra `assign`; the others say first what they need.

    Examples
    --------
    >>> attribute_getter("daliz.tables", {"Network": "network"}, light=("network",))("Network").__name__
    'Network'
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if homes[name] not in light:
            need("numba", "highspy", extra="assign")
        return getattr(importlib.import_module(f"{package}.{homes[name]}"), name)

    return get
