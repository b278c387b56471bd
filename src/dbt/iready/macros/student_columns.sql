{# What both exports say about the student, the year and the subject. #}
{% macro student_columns() %}
    _dagster_partition_academic_year,
    _dagster_partition_subject,
    source_file_name,
    coalesce(
        {{ teamster.to_integer("left(academic_year, 4)") }},
        {{ teamster.to_integer("_dagster_partition_academic_year") }}
    ) as academic_year,
    academic_year as academic_year_name,
    coalesce(
        subject,
        case _dagster_partition_subject when 'ela' then 'Reading' when 'math' then 'Math' end
    ) as subject,
    school,
    student_id,
    user_name,
    last_name,
    first_name,
    student_grade,
    enrolled,
    sex,
    race,
    {{ teamster.to_boolean("hispanic_or_latino") }} as is_hispanic_or_latino,
    {{ teamster.to_boolean("english_language_learner") }} as is_english_language_learner,
    {{ teamster.to_boolean("special_education") }} as is_special_education,
    {{ teamster.to_boolean("economically_disadvantaged") }} as is_economically_disadvantaged,
    {{ teamster.to_boolean("migrant") }} as is_migrant,
    class_es as classes,
    class_teacher_s as class_teachers,
    report_group_s as report_groups
{% endmacro %}
