"""What SmartRecruiters' reports hold, after slugging.

A report's columns are chosen in the vendor's report builder, so a network's own questions and
hiring steps stand among them. The check ``avro_schema_valid`` names what a report has besides.

Source: the headers of the reports' files, ``text/csv`` of the Reporting API.
"""

from teamster.core.schema import text_model

Applications = text_model(
    "applications",
    """
    application_custom_step application_field_application_review_score
    application_field_job_title application_field_phone_interview_score
    application_field_resume_score application_field_school_shared_with_miami
    application_field_school_shared_with_new_jersey application_id application_last_update_date
    application_reason_for_rejection application_reason_for_withdrawal
    application_state_hired_date application_state_in_review_date
    application_state_interview_date application_state_lead_date application_state_new_date
    application_state_offer_date application_state_rejected_date
    application_state_transferred_date application_state_withdrawn_date application_state
    application_status_before_rejection application_status_before_withdrawal
    application_status_in_review_performance_task_date
    application_status_in_review_resume_review_date application_status_interview_demo_date
    application_status_interview_invited_to_selection_day_date
    application_status_interview_performance_task_date
    application_status_interview_phone_screen_complete_date
    application_status_interview_phone_screen_requested_date
    application_status_interview_selection_day_date application_status application_url
    average_rating candidate_email candidate_first_and_last_name candidate_first_name
    candidate_id candidate_last_name candidate_linkedin_profile_url candidate_source_subtype
    candidate_source_type candidate_source department_internal department_org_field_value
    job_city job_title recruiters screening_question_answer_knjm_application_subject_preference
    source_subtype source_type source time_in_application_state_in_review
    time_in_application_state_interview time_in_application_state_lead
    time_in_application_state_new time_in_application_state_offered
    time_in_application_status_in_review_resume_review
    time_in_application_status_interview_demo
    time_in_application_status_interview_phone_screen_complete
    time_in_application_status_interview_phone_screen_requested
    """,
)
"""A candidate's application for a job: its states and steps with their dates."""
