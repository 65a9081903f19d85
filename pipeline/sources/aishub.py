"""AISHub: positions and ships of an exchange of receivers, for who feeds it."""

from pipeline.sources.base import Source

SOURCE = Source(
    key="aishub",
    title="AISHub",
    coverage="coasts of all the world, where members have receivers",
    delay="live; no archive, so a history is what was polled",
    licence="for members of AISHub only",
    attribution="Data provided by AISHub (www.aishub.net)",
    key_variables=("AISHUB_USERNAME",),
    good_for="the hubs: Morocco and Gibraltar, the Turkish straits; for who feeds it with a receiver",
    blind_to="the open sea and every coast without a member; a poll sees a ship's last position only",
)
