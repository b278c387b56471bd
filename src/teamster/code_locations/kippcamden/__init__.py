"""The region of Camden, New Jersey."""

from zoneinfo import ZoneInfo

CODE_LOCATION = "kippcamden"
LOCAL_TIMEZONE = ZoneInfo("America/New_York")
