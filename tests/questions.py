"""Ask for routes in one line: each word goes to the shipment, the search, its rule, or the verb itself."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import daliz
from daliz.paths.via import FOR_ONE


def routes_of(network: daliz.Network, origin: str, destination: str, **words: Any) -> daliz.Routes:
    """Ask `daliz.routes` with all words side by side."""
    shipment, search, rule = (
        {f.name: words.pop(f.name) for f in fields(kind) if f.name in words}
        for kind in (daliz.Shipment, daliz.Search, daliz.Alternatives)
    )
    if rule:
        search["rule"] = replace(FOR_ONE, **rule)
    return daliz.routes(
        network, origin, destination, daliz.Shipment(**shipment), search=daliz.Search(**search), **words
    )
