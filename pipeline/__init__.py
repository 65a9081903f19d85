"""The transshipment monitor: public AIS in, suspected links between hubs and Russian ports out."""

__version__ = "0.1.0"
