"""Tests of collecting, and the servers that speak the streams' documented forms."""
