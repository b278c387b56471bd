"""What i-Ready's exports hold, after slugging with ``%`` read as ``percent``.

Source: the headers of the vendor's SFTP exports. One schema serves reading and mathematics, and
every year's layout: a file fills the columns it has. What a file has beyond these, the check
``avro_schema_valid`` names.
"""

from teamster.core.schema import text_model

_STUDENT = """
    last_name first_name student_id student_grade academic_year school subject enrolled user_name
    sex hispanic_or_latino race english_language_learner special_education
    economically_disadvantaged migrant class_es class_teacher_s report_group_s
"""


def _results(domains: str) -> str:
    """Names the three columns that a diagnostic has for each domain, in the file's order."""
    return " ".join(
        f"{domain}_{result}"
        for domain in domains.split()
        for result in ("scale_score", "placement", "relative_placement")
    )


DiagnosticResults = text_model(
    "diagnostic_results",
    f"""
    {_STUDENT} start_date completion_date
    baseline_diagnostic_y_n most_recent_diagnostic_ytd_y_n most_recent_diagnostic_y_n
    duration_min rush_flag read_aloud
    {_results("overall")} percentile grouping
    lexile_measure lexile_range quantile_measure quantile_range
    {_results("phonological_awareness phonics high_frequency_words vocabulary")}
    {_results("comprehension_overall comprehension_literature comprehension_informational_text")}
    {_results("reading_comprehension_overall reading_comprehension_literature")}
    {_results("reading_comprehension_informational_text")}
    {_results("number_and_operations algebra_and_algebraic_thinking")}
    {_results("measurement_and_data geometry")}
    diagnostic_language diagnostic_gain annual_typical_growth_measure annual_stretch_growth_measure
    percent_progress_to_annual_typical_growth_percent
    percent_progress_to_annual_stretch_growth_percent
    mid_on_grade_level_scale_score reading_difficulty_indicator_y_n
    source_file_name
    """,
)
"""A student's diagnostic test: overall and by domain. ``comprehension_*`` was once
``reading_comprehension_*``."""

PersonalizedInstructionByLesson = text_model(
    "personalized_instruction_by_lesson",
    f"""
    {_STUDENT}
    domain lesson_grade lesson_level lesson_id lesson_name lesson_objective lesson_language
    completion_date total_time_on_lesson_min score passed_or_not_passed teacher_assigned_lesson
    source_file_name
    """,
)
"""A lesson that a student finished."""
