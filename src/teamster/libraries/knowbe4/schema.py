"""What KnowBe4's Reporting API holds, under the vendor's own names.

Source: "Reporting API", ``GET /v1/training/enrollments``, at developer.knowbe4.com.
"""

from teamster.core.schema import text_model

User = text_model("user", "id first_name last_name email employee_number", {"id": int})

TrainingEnrollments = text_model(
    "training_enrollments",
    """
    enrollment_id content_type module_name user campaign_name enrollment_date start_date
    completion_date status time_spent policy_acknowledged score
    """,
    {
        "enrollment_id": int,
        "user": User,
        "time_spent": int,
        "policy_acknowledged": bool,
        "score": float,
    },
)
"""A training that a person is to do; ``time_spent`` in seconds."""
