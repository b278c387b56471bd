"""What DeansList's API delivers, under its own field names, nested as it nests.

Two fields that come now as a whole number, now as something else, are wide enough for both:
``BirthDate`` is text, ``NumDays`` and ``NumValue`` are floating point. ``is_deleted`` is ours where
deleted rows are asked for (see :mod:`teamster.libraries.deanslist.answers`).

Source: DeansList API v1 and beta, the fields of each endpoint.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from teamster.core.schema import record_model


def _model(name: str, columns: str, **typed: Any) -> type[BaseModel]:
    """Makes a model: text columns, then typed ones."""
    fields: Mapping[str, Any] = {**dict.fromkeys(columns.split(), str | None), **typed}
    return record_model(name, fields)


def _flags(columns: str) -> dict[str, Any]:
    return dict.fromkeys(columns.split(), bool | None)


def _many(record: type[BaseModel]) -> Any:
    return list[record] | None  # type: ignore[valid-type]


# PHP's DateTime as JSON.
Date = _model("Date", "date timezone", timezone_type=int | None)

CustomField = _model(
    "CustomField",
    """
    CustomFieldID FieldCategory FieldKey FieldName FieldType InputHTML InputName IsFrontEnd
    IsRequired LabelHTML MinUserLevel Options SourceID SourceType StringValue Value
    """,
    NumValue=float | None,
    SelectedOptions=list[str] | None,
)

Behavior = _model(
    "behavior",
    """
    Assignment Behavior BehaviorCategory BehaviorDate BehaviorID DL_LASTUPDATE DLOrganizationID
    DLSAID DLSchoolID DLStudentID DLUserID ExpireTime Notes PointValue Roster RosterID SchoolName
    SecondaryStudentID SourceID SourceProcedure SourceType StaffFirstName StaffLastName
    StaffMiddleName StaffSchoolID StaffTitle StudentFirstName StudentLastName StudentMiddleName
    StudentSchoolID TimeIn TimeOut Weight
    """,
    **_flags("is_deleted"),
)
"""A behavior that was recorded of a student. ``DLSAID`` is its own number."""

CommLogStudent = _model(
    "CommLogStudent",
    "SecondaryStudentID StudentFirstName StudentID StudentLastName StudentMiddleName "
    "StudentSchoolID",
)

CommLog = _model(
    "comm_log",
    """
    CallDateTime CallStatus CallType CommunicationWithName CommunicationWithType EducatorName Email
    MailingAddress PersonContacted PhoneNumber Reason RecordType Relationship Response
    ThirdPartyName Topic
    """,
    **dict.fromkeys(
        ("CallStatusID", "CommunicationWithID", "ReasonID", "RecordID", "UserID"), int | None
    ),
    IsDraft=bool | None,
    Student=CommLogStudent | None,
    Followups=list[str] | None,
)
"""A call, letter, mail or text between school and family."""

Action = _model("Action", "ActionID ActionName PointValue SAID SourceID")

Attachment = _model(
    "Attachment",
    """
    AttachmentID AttachmentType Bytes ContentType EntityID EntityName EntityType InternalFilename
    InternalFolder MinUserLevel MinUserLevelGroupName PublicFilename ReportDate ReportType SchoolID
    SourceID SourceType StudentID TermID URL
    """,
    FilePostedAt=Date | None,
)

Penalty = _model(
    "Penalty",
    """
    IncidentID IncidentPenaltyID SchoolID PenaltyID PenaltyName StartDate EndDate NumPeriods SAID
    StudentID
    """,
    **_flags("IsSuspension IsReportable Print"),
    NumDays=float | None,
)

Incidents = _model(
    "incidents",
    """
    AddlReqs AdminSummary Category CategoryID Context CreateBy CreateFirst CreateLast CreateMiddle
    CreateStaffSchoolID CreateTitle FamilyMeetingNotes FollowupNotes Gender GradeLevelShort
    HearingLocation HearingNotes HearingTime HomeroomName IncidentID Infraction InfractionTypeID
    Location LocationID ReportedDetails ReportingIncidentID ReturnPeriod SchoolID Status StatusID
    StudentFirst StudentID StudentLast StudentMiddle StudentSchoolID UpdateBy UpdateFirst UpdateLast
    UpdateMiddle UpdateStaffSchoolID UpdateTitle URI
    """,
    **_flags("HearingFlag IsActive IsReferral SendAlert is_deleted"),
    **dict.fromkeys(
        (
            *("CloseTS", "CreateTS", "DL_LASTUPDATE", "HearingDate"),
            *("IssueTS", "ReturnDate", "ReviewTS", "UpdateTS"),
        ),
        Date | None,
    ),
    Actions=_many(Action),
    Attachments=_many(Attachment),
    Penalties=_many(Penalty),
    Custom_Fields=_many(CustomField),
)
"""A referral or another incident, with what was done about it."""

RosterAssignments = _model(
    "roster_assignments",
    """
    DLRosterID DLSchoolID DLStudentID FirstName GradeLevel IntegrationID LastName MiddleName
    RosterName SchoolName SecondaryIntegrationID SecondaryStudentID StudentSchoolID
    """,
)
"""A student on a roster."""

Rosters = _model(
    "rosters",
    """
    AcademicYearID Active AttScanVisible CollectHW CourseNumber GradeLevels HP_RequestsEnabled
    LastSynced MarkerColor MasterID MasterName MeetingDays Period Room RosterID RosterName
    RosterType RosterTypeID RTIFocusID RTITier SchoolID ScreenSetID ScreenSetName
    SecondaryIntegrationID SectionNumber ShowRoster SISExpression SISGradebookName SISKey
    StudentCount StudentIDs SubjectID SubjectName TakeAttendance TakeClassAttendance
    """,
)
"""A class, homeroom or other list of students."""

EnrollmentObject = _model(
    "EnrollmentObject",
    """
    AcademicYearID BehaviorPlanID BehaviorPlanName CreateByName CreateDate DepartmentID
    DepartmentName EnrollmentID GradeLevelID GradeLevelKey GradeLevelName TermByName TermDate
    YearName
    """,
    StartDate=Date | None,
    EndDate=Date | None,
)

PhoneNumber = _model(
    "PhoneNumber", "Label PhoneNumber SPhoneID TextDeliverability", **_flags("AutoDial AutoSMS")
)

Parent = _model(
    "Parent",
    """
    AutoLanguageCode Email FirstName IntegrationKey Language LanguageCode LanguageID LastName log
    MiddleName Provider Relationship Sort SParentID StudentID
    """,
    **_flags("AutoEmail CanPickup Guardian IsEmergency ReceivesMail ResidesWith"),
    PhoneNumbers=_many(PhoneNumber),
)

Students = _model(
    "students",
    """
    BehaviorPlan CellPhone City Department DepartmentID DLPS_ValidationCode ELLStatus Email Emoji
    EnrollmentID EnrollmentStatus Ethnicity FirstName Gender GenderLetter GradeLevel GradeLevelID
    GradeLevelKey GradeLevelShort GradeLevelSort HomeLanguage HomeLanguageCode HomeLanguageID
    Homeroom HomeroomID IntegrationID IsNSLP LastName LegalFirstName MessageMerge1 MessageMerge2
    MessageMerge3 MiddleName PhotoFile PhotoFileUrl PreferredName Pronouns SecondaryIntegrationID
    SecondaryStudentID SourceSchoolID SPEDPlan State StreetAddress1 StreetAddress2 StudentID
    StudentSchoolID TransportationNotes ZipCode BirthDate
    """,
    HallPassDailyLimit=int | None,
    Is504=bool | None,
    Enrollment=EnrollmentObject | None,
    Notes=list[str] | None,
    Parents=_many(Parent),
    CustomFields=_many(CustomField),
)
"""A student, with parents and custom fields."""

Terms = _model(
    "terms",
    """
    AcademicYearID AcademicYearName Days GradeKey IntegrationID SchoolID SecondaryGradeKey
    SecondaryIntegrationID TermID TermName TermType TermTypeID
    """,
    StoredGrades=bool | None,
    EndDate=Date | None,
    StartDate=Date | None,
)
"""A term of a school's year."""

Users = _model(
    "users",
    """
    AccountID Active DLSchoolID DLUserID Email FirstName GroupName LastName MiddleName SchoolName
    StaffRole Title Username UserSchoolID UserStateID
    """,
)
"""A member of the staff."""
