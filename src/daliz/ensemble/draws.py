"""Key random numbers by a seed and a name, so that a draw does not hang on what else is drawn."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def generator(seed: int, name: str) -> np.random.Generator:
    """Make the generator of one named quantity under a seed.

    Streams of different names or seeds are independent: the key of Philox (Salmon and others 2011) is a digest of both.

    Parameters
    ----------
    seed
        Seed of the world.
    name
        Name of what is drawn: a group of figures, or a cause of delay.

    Examples
    --------
    >>> generator(1, "speed of trains").random() == generator(1, "speed of trains").random()
    True
    >>> generator(1, "speed of trains").random() == generator(1, "price of fuel").random()
    False
    """
    import numpy as np

    digest = hashlib.blake2b(f"{seed}\n{name}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))
