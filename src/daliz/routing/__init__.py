"""Answer which way a shipment should go."""

from daliz.routing.itinerary import Itinerary
from daliz.routing.legs import Leg
from daliz.routing.routes import Routes, routes

__all__ = ["Itinerary", "Leg", "Routes", "routes"]
