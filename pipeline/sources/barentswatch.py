"""BarentsWatch (Norwegian Coastal Administration): positions and ships as JSON, live and 14 days back."""

from pipeline.sources.base import Source

SOURCE = Source(
    key="barentswatch",
    title="BarentsWatch AIS, Norwegian Coastal Administration",
    coverage="the Norwegian coast and economic zone, Svalbard, Jan Mayen",
    delay="live; the last 14 days for ships that crossed the watched area off Vardo",
    licence="NLOD 2.0",
    attribution="Contains data under NLOD from the Norwegian Coastal Administration, BarentsWatch",
    key_variables=("BARENTSWATCH_CLIENT_ID", "BARENTSWATCH_CLIENT_SECRET"),
    good_for="the way to and from Murmansk, Arkhangelsk and the Arctic terminals",
    blind_to="the hubs, the Baltic, the Black Sea; fishing vessels under 15 m and pleasure craft under 45 m",
)
