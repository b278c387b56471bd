select
    {{ iready.student_columns() }},
    {{ adapter.quote("domain") }} as lesson_domain,
    lesson_grade,
    lesson_level,
    lesson_id,
    lesson_name,
    lesson_objective,
    lesson_language,
    {{ teamster.to_date("completion_date") }} as completion_date,
    {{ teamster.to_number("total_time_on_lesson_min") }} as total_time_on_lesson_minutes,
    {{ teamster.to_number("score") }} as score,
    passed_or_not_passed,
    {{ teamster.to_boolean("teacher_assigned_lesson") }} as is_teacher_assigned_lesson
from {{ source("iready", "personalized_instruction_by_lesson") }}
