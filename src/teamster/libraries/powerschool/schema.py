"""The core tables of PowerSchool's database: what each record over the API holds, all of it text.

A table's fields are also what its asset asks for (``projection``), so they are what a plugin must
have ``access_request`` to. Left out on purpose: passwords, Social Security numbers, and what a
later release dropped.

Sources: "PowerSchool Data Dictionary Tables" (10.0.3, 2016, and Premier 5.2, 2008), names of
tables and columns; PowerSchool API, "Table resources", the shape of records; for
:data:`EnrollmentSubmissionRecords` the API of PowerSchool Enrollment.
"""

from teamster.core.schema import record_model, text_model

# Who changed a row last, and when, in the district's time.
_AUDIT = "transaction_date whomodifiedid whomodifiedtype"

Students = text_model(
    "students",
    f"""
    dcid id student_number state_studentnumber person_id
    lastfirst last_name first_name middle_name gender dob
    ethnicity fedethnicity fedracedecline lunchstatus
    schoolid enrollment_schoolid grade_level enroll_status home_room team track fteid
    entrydate entrycode exitdate exitcode exitcomment transfercomment
    districtentrydate districtentrygradelevel schoolentrydate schoolentrygradelevel
    next_school sched_nextyeargrade sched_yearofgraduation
    graduated_schoolid graduated_schoolname
    family_ident home_phone guardianemail
    street city state zip mailing_street mailing_city mailing_state mailing_zip
    {_AUDIT}
    """,
)
"""A student. ``enroll_status``: -1 pre-registered, 0 active, 1 inactive, 2 transferred out,
3 graduated. ``id``, not ``dcid``, is what other tables call ``studentid``."""

Reenrollments = text_model(
    "reenrollments",
    """
    dcid id studentid schoolid grade_level track fteid
    entrydate entrycode exitdate exitcode exitcomment enrollmenttype lunchstatus
    """,
)
"""A student's earlier enrollment; the current one stands in `Students`."""

Schools = text_model(
    "schools",
    """
    dcid id school_number name abbreviation low_grade high_grade
    district_number alternate_school_number schoolgroup issummerschool sortorder
    state_excludefromreporting view_in_portal
    principal principalemail schooladdress schoolcity schoolstate schoolzip schoolphone schoolfax
    """,
)
"""A school. ``school_number`` is what other tables call ``schoolid``."""

Terms = text_model(
    "terms",
    """
    dcid id schoolid yearid name abbreviation firstday lastday portion isyearrec
    noofdays importmap
    """,
)
"""A year or a part of it, at a school. ``yearid`` is the first calendar year less 1990, ``id`` a
hundred times that and a number; unique only with ``schoolid``."""

CalendarDay = text_model(
    "calendar_day",
    """
    dcid id schoolid date_value insession membershipvalue type note cycle_day_id bell_schedule_id
    scheduleid
    """,
)
"""A day of a school's calendar."""

Courses = text_model(
    "courses",
    """
    dcid id course_number course_name schoolid credittype credit_hours gradescaleid gpa_addedvalue
    excludefromgpa excludefromclassrank excludefromhonorroll sched_department programid
    """,
)
"""A course of the catalogue."""

Sections = text_model(
    "sections",
    """
    dcid id course_number section_number termid schoolid teacher expression external_expression
    room no_of_students maxenrollment grade_level attendance_type_code att_mode_code gradescaleid
    gradebooktype section_type programid house team dependent_secs
    excludefromgpa excludefromclassrank excludefromhonorroll
    """,
)
"""A section of a course. ``teacher`` is an ``id`` of `Teachers`."""

Cc = text_model(
    "cc",
    f"""
    dcid id studentid sectionid origsectionid schoolid termid course_number section_number teacherid
    dateenrolled dateleft expression attendance_type_code currentabsences currenttardies
    lastgradeupdate studyear
    {_AUDIT}
    """,
)
"""A student in a section ("current classes"). A dropped one has a negative ``sectionid``."""

Attendance = text_model(
    "attendance",
    f"""
    dcid id studentid schoolid yearid att_date attendance_codeid att_mode_code periodid ccid
    calendar_dayid att_comment att_interval total_minutes ada_value_code ada_value_time adm_value
    programid parent_attendanceid prog_crse_type transaction_type
    {_AUDIT}
    """,
)
"""A student's attendance on a day, or in a meeting or interval, by ``att_mode_code``."""

AttendanceCode = text_model(
    "attendance_code",
    """
    dcid id schoolid yearid att_code alternate_code description presence_status_cd
    course_credit_points assignment_filter_yn calculate_ada_yn calculate_adm_yn sortorder
    """,
)
"""What an attendance code means at a school in a year."""

Storedgrades = text_model(
    "storedgrades",
    f"""
    dcid studentid sectionid termid storecode grade percent points behavior
    course_number course_name credit_type earnedcrhrs potentialcrhrs
    gpa_points gpa_addedvalue gradescale_name grade_level schoolid schoolname teacher_name
    absences tardies comment_value datestored
    excludefromgpa excludefromclassrank excludefromgraduation excludefromhonorroll
    {_AUDIT}
    """,
)
"""A grade that was stored: the permanent record. It has no ``id``."""

Pgfinalgrades = text_model(
    "pgfinalgrades",
    """
    dcid id studentid sectionid finalgradename grade percent points pointspossible varcredit
    gradebooktype startdate enddate lastgradeupdate citizenship comment_value
    """,
)
"""A term's grade as it stands in the gradebook."""

Gradescaleitem = text_model(
    "gradescaleitem",
    "dcid id gradescaleid name description cutoffpercentage grade_points countsingpa",
)
"""A grade of a scale; a row without ``gradescaleid`` is the scale itself."""

Users = text_model(
    "users",
    """
    dcid teachernumber lastfirst last_name first_name middle_name title homeschoolid email_addr
    school_phone ethnicity fedethnicity sif_stateprid
    """,
)
"""A member of the staff, once whatever their schools."""

Schoolstaff = text_model("schoolstaff", "dcid id users_dcid schoolid status staffstatus")
"""A member of the staff at a school. ``staffstatus``: 1 teacher, 2 staff, 3 lunch, 4 substitute."""

Teachers = text_model(
    "teachers",
    """
    dcid id users_dcid teachernumber lastfirst last_name first_name middle_name title email_addr
    homeschoolid schoolid status staffstatus
    """,
)
"""`Users` and `Schoolstaff` in one, as releases before 7.9 had them."""

EnrollmentSubmissionRecords = record_model(
    "enrollment_submission_records",
    {
        "id": int | None,
        **dict.fromkeys(
            (
                *("status", "firstName", "lastName", "dateOfBirth", "externalStudentID"),
                *("externalFamilyID", "household", "school", "grade", "enrollStatus"),
                *("imported", "started", "submitted"),
            ),
            str | None,
        ),
        "tags": list[str] | None,
        "dataItems": dict[str, str | None] | None,
    },
)
"""A family's form in PowerSchool Enrollment, another product with another API."""
