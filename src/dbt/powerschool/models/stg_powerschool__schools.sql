select
    {{ teamster.typed_columns(
        integer="dcid id school_number low_grade high_grade sortorder",
        text="name abbreviation alternate_school_number principal principalemail schooladdress
            schoolcity schoolstate schoolzip schoolphone",
    ) }}
from {{ source("powerschool", "schools") }}
