"""What is listened to, one module a stream; each fills HOME/raw/<source>/."""

from pipeline.collecting import aisstream, digitraffic, nmea
from pipeline.collecting.base import Ask, Connection, Lost, Message, Stream

# A new stream is a module with STREAM, named here (docs/collecting.md).
_MODULES = (aisstream, digitraffic, nmea)

STREAMS: dict[str, Stream] = {module.STREAM.source.key: module.STREAM for module in _MODULES}

__all__ = ["STREAMS", "Ask", "Connection", "Lost", "Message", "Stream"]
