select
    {{ oneroster.base_columns() }},
    coalesce(courseCode, code) as course_code,
    coalesce(grades, grade) as grades,
    coalesce(subjects, subject) as subjects,
    {{ teamster.typed_columns(text="schoolYearSourcedId title orgSourcedId subjectCodes") }}
from {{ source("oneroster", "courses") }}
