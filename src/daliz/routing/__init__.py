"""Answer which way a shipment should go."""

from daliz.routing.itinerary import Itinerary
from daliz.routing.legs import Leg
from daliz.routing.routes import Routes, routes
from daliz.routing.search import Search
from daliz.routing.shipment import Shipment

__all__ = ["Itinerary", "Leg", "Routes", "Search", "Shipment", "routes"]
