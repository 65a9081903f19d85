"""Digitraffic (Fintraffic, Finland): positions, ships and port calls as JSON."""

from pipeline.sources.base import Source

SOURCE = Source(
    key="digitraffic",
    title="Digitraffic marine, Fintraffic",
    coverage="the Gulf of Finland, the Gulf of Bothnia, the northern Baltic; calls at Finnish ports",
    delay="live; no archive, so a history is what was polled or collected",
    licence="CC BY 4.0",
    attribution="Source: Fintraffic / digitraffic.fi, licence CC BY 4.0",
    key_variables=(),
    good_for="the way to St Petersburg, Ust-Luga, Primorsk and Vysotsk; declared previous and next ports",
    blind_to="the hubs, the Danish straits, the Arctic and the Black Sea; fishing vessels are left out",
)
