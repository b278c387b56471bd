"""The region of Newark, New Jersey."""

from zoneinfo import ZoneInfo

CODE_LOCATION = "kippnewark"
LOCAL_TIMEZONE = ZoneInfo("America/New_York")
