"""Questions that a head of data asks, put to the network's tables."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """A question and the query that answers it."""

    question: str
    sql: str


ANSWERS = (
    Answer(
        "How many students are enrolled, by school and grade?",
        """
        with enrolment as (
            select
                code_location as region,
                coalesce(school_name, school_sourced_id) as school,
                coalesce(grade, '?') as grade,
                students
            from kipptaf_reporting.rpt_enrollment_by_school_and_grade
        )
        select
            region,
            school,
            string_agg(
                concat(grade, ': ', students), '  '
                order by try_cast(grade as integer) nulls first, grade
            ) as students_by_grade,
            sum(students) as students
        from enrolment
        group by region, school
        order by region, school
        """,
    ),
    Answer(
        "How much did students grow on i-Ready this year, by school?",
        """
        select
            code_location as region,
            academic_year,
            subject,
            school,
            students,
            median_gain,
            percent_met_typical_growth
        from kipptaf_reporting.rpt_iready_growth_by_school
        qualify academic_year = max(academic_year) over ()
        order by region, school, subject
        limit 30
        """,
    ),
    Answer(
        "How ready for college are our juniors and seniors?",
        """
        select
            code_location as region,
            academic_year,
            test_type,
            school,
            students,
            cast(mean_total as integer) as mean_total,
            percent_met_both_benchmarks
        from kipptaf_reporting.rpt_college_readiness_by_school
        order by region, academic_year desc, test_type, school
        limit 20
        """,
    ),
)
