select
    {{ collegeboard.student_columns() }},
    {{ collegeboard.score_columns("latest_sat_") }},
    {{ collegeboard.skill_columns("latest_sat_") }},
    {{ collegeboard.percentile_columns("sat") }},
    {%- for number in range(2, 7) %}
    {%- set earlier = "admin" ~ number ~ "_" %}
    {{ collegeboard.score_columns(earlier ~ "sat_", earlier) }}{{ "," if not loop.last }}
    {%- endfor %}
from {{ source("collegeboard", "sat") }}
where {{ collegeboard.of_own_schools() }}
