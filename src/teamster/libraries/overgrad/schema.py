"""What Overgrad's API holds, under the vendor's own names.

Source: the answers of the vendor's API, version 1 (``/api/v1``). Numbers of dollars, points and
probabilities are doubles, ids and years longs; dates stay text.
"""

from teamster.core.schema import text_model

_BASE = "id object created_at updated_at"

StudentIDs = text_model("student_ids", "id external_student_id", {"id": int})
UniversityID = text_model("university_id", "id ipeds_id", {"id": int, "ipeds_id": int})
DueDate = text_model("due_date", "date type")
School = text_model("school", "id object name", {"id": int})
AssignedCounselor = text_model("assigned_counselor", "id first_name last_name email", {"id": int})

CustomFieldValue = text_model(
    "custom_field_value",
    "custom_field_id number date select",
    {"custom_field_id": int, "number": float, "select": int},
)
"""A value of a field that the network has made up: which of the three it is, says the field."""

CustomFieldOption = text_model(
    "custom_field_option",
    f"{_BASE} custom_field_id label",
    {"id": int, "custom_field_id": int},
)

_AMOUNTS = """
    tuition_and_fees housing_and_meals books_and_supplies transportation other_education_costs
    grants_and_scholarships_from_school federal_pell_grant grants_from_state other_scholarships
    work_study federal_perkins_loan federal_direct_subsidized_loan
    federal_direct_unsubsidized_loan parent_plus_loan military_benefits private_loan
    cost_of_attendance grants_and_scholarships net_cost loans other_options out_of_pocket
    unmet_need unmet_need_with_max_family_contribution seog
"""

AwardLetter = text_model(
    "award_letter", f"status {_AMOUNTS}", dict.fromkeys(_AMOUNTS.split(), float)
)
"""What a university offers, in dollars."""

_SCORES = """
    projected_act projected_sat act_superscore sat_superscore highest_act highest_preact
    highest_preact_8_9 highest_aspire_10 highest_aspire_9 highest_sat highest_psat_nmsqt
    highest_psat_10 highest_psat_8_9
"""

Academics = text_model(
    "academics",
    f"unweighted_gpa weighted_gpa {_SCORES}",
    {"unweighted_gpa": float, "weighted_gpa": float, **dict.fromkeys(_SCORES.split(), int)},
)

Admissions = text_model(
    "admissions",
    f"""
    {_BASE} applied_on application_source status status_updated_at waitlisted deferred
    academic_fit probability_of_acceptance student university due_date award_letter
    custom_field_values
    """,
    {
        "id": int,
        "waitlisted": bool,
        "deferred": bool,
        "probability_of_acceptance": float,
        "student": StudentIDs,
        "university": UniversityID,
        "due_date": DueDate,
        "award_letter": AwardLetter,
        "custom_field_values": [CustomFieldValue],
    },
)
"""A student's application to a university, and what came of it."""

CustomFields = text_model(
    "custom_fields",
    f"""
    {_BASE} name description resource_class field_type format student_can_view student_can_edit
    custom_field_options
    """,
    {
        "id": int,
        "student_can_view": bool,
        "student_can_edit": bool,
        "custom_field_options": [CustomFieldOption],
    },
)
"""A field that the network has made up."""

Followings = text_model(
    "followings",
    f"{_BASE} rank academic_fit probability_of_acceptance added_by student university",
    {
        "id": int,
        "rank": int,
        "probability_of_acceptance": float,
        "student": StudentIDs,
        "university": UniversityID,
    },
)
"""A university that a student has on the list."""

Students = text_model(
    "students",
    """
    id external_student_id object created_at updated_at email first_name last_name graduation_year
    telephone address gender birth_date ethnicity family_income fafsa_completed student_aid_index
    maximum_family_contribution pell_grant post_high_school_plan first_generation
    fathers_education mothers_education parent1_education parent2_education awards
    extracurricular_activities interests target_grad_rate ideal_grad_rate last_activity
    grade_level css_profile_status state_aid_application_status fafsa_status
    completed_account_setup school assigned_counselor academics custom_field_values
    """,
    {
        "id": int,
        "graduation_year": int,
        "fafsa_completed": bool,
        "student_aid_index": float,
        "maximum_family_contribution": float,
        "pell_grant": float,
        "first_generation": bool,
        "target_grad_rate": float,
        "ideal_grad_rate": float,
        "completed_account_setup": bool,
        "school": School,
        "assigned_counselor": AssignedCounselor,
        "academics": Academics,
        "custom_field_values": [CustomFieldValue],
    },
)
"""A student, with family, plans and test scores."""

Universities = text_model(
    "universities",
    "id ipeds_id city name object public_school state status university_type",
    {"id": int, "ipeds_id": int, "public_school": bool},
)
"""A university."""
