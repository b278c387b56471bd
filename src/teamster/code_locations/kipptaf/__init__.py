"""The network: what its regions have in common, and their union."""

from zoneinfo import ZoneInfo

CODE_LOCATION = "kipptaf"
LOCAL_TIMEZONE = ZoneInfo("America/New_York")
