"""Overgrad's sensor: universities that students follow or apply to."""

from teamster.code_locations.kipptaf import CODE_LOCATION
from teamster.code_locations.kipptaf.overgrad.assets import lists, universities
from teamster.libraries.overgrad.sensors import build_overgrad_university_sensor

sensors = [
    build_overgrad_university_sensor(
        f"{CODE_LOCATION}__overgrad_universities",
        asset,
        [each for each in lists if each.key.path[-1] in ("admissions", "followings")],
    )
    for asset in universities
]
