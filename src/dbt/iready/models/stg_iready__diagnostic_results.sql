{%- set domains = [
    "phonological_awareness",
    "phonics",
    "high_frequency_words",
    "vocabulary",
    "number_and_operations",
    "algebra_and_algebraic_thinking",
    "measurement_and_data",
    "geometry",
] -%}
{#- Once `reading_comprehension_…`. -#}
{%- set comprehensions = ["overall", "literature", "informational_text"] -%}

select
    {{ iready.student_columns() }},
    {{ teamster.to_date("start_date") }} as start_date,
    {{ teamster.to_date("completion_date") }} as completion_date,
    {{ teamster.to_boolean("baseline_diagnostic_y_n") }} as is_baseline_diagnostic,
    {{ teamster.to_boolean(
        "coalesce(most_recent_diagnostic_ytd_y_n, most_recent_diagnostic_y_n)"
    ) }} as is_most_recent_diagnostic,
    {{ teamster.to_number("duration_min") }} as duration_minutes,
    rush_flag,
    read_aloud,
    diagnostic_language,
    {{ teamster.to_integer("overall_scale_score") }} as overall_scale_score,
    overall_placement,
    overall_relative_placement,
    {{ teamster.to_integer("percentile") }} as percentile,
    {{ adapter.quote("grouping") }} as instructional_grouping,
    lexile_measure,
    lexile_range,
    quantile_measure,
    quantile_range,
    {%- for domain in domains %}
    {{ teamster.to_integer(domain ~ "_scale_score") }} as {{ domain }}_scale_score,
    {{ domain }}_placement,
    {{ domain }}_relative_placement,
    {%- endfor %}
    {%- for part in comprehensions %}
    {%- set columns = ["comprehension_" ~ part, "reading_comprehension_" ~ part] %}
    {{ teamster.to_integer(
        "coalesce(" ~ columns | join("_scale_score, ") ~ "_scale_score)"
    ) }} as {{ columns[0] }}_scale_score,
    coalesce({{ columns | join("_placement, ") }}_placement) as {{ columns[0] }}_placement,
    coalesce(
        {{ columns | join("_relative_placement, ") }}_relative_placement
    ) as {{ columns[0] }}_relative_placement,
    {%- endfor %}
    {{ teamster.to_integer("diagnostic_gain") }} as diagnostic_gain,
    {{ teamster.to_integer("annual_typical_growth_measure") }} as annual_typical_growth_measure,
    {{ teamster.to_integer("annual_stretch_growth_measure") }} as annual_stretch_growth_measure,
    {{ teamster.to_number("percent_progress_to_annual_typical_growth_percent") }}
        as percent_progress_to_annual_typical_growth,
    {{ teamster.to_number("percent_progress_to_annual_stretch_growth_percent") }}
        as percent_progress_to_annual_stretch_growth,
    {{ teamster.to_integer("mid_on_grade_level_scale_score") }} as mid_on_grade_level_scale_score,
    reading_difficulty_indicator_y_n as reading_difficulty_indicator
from {{ source("iready", "diagnostic_results") }}
