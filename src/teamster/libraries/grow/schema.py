"""What Level Data Grow's API holds, under the vendor's own names: tags, people and observations.

Rubrics, measurements and the tags of meetings, with their many settings, are in ``rubrics``.

Source: the endpoints below ``/external`` of the vendor's API (github.com/WhetstoneEducation,
"api-documentation"; the product was called Whetstone). What the API gives as an id or as an object
is text: an object then stands as its JSON text.
"""

from teamster.core.schema import text_model

SAVED = "archivedAt created lastModified name _id"
"""What every object has: when it was archived, made and last saved, and who it is."""

TAG = f"""
    {SAVED} url order creator district abbreviation parent color showOnDash __v parents rows tags
"""
TAG_TYPES = {
    "order": int,
    "showOnDash": bool,
    "__v": int,
    "parents": [str],
    "rows": [str],
    "tags": [str],
}
"""The columns of a choice in a list, and their types."""

GenericTags = text_model("generic_tags", TAG, TAG_TYPES)
"""A choice in one of a district's lists: courses, grades, tags of events, rubrics and users …"""

AssignmentPresets = text_model("assignment_presets", f"{TAG} type goalType", TAG_TYPES)
"""An action step or goal that can be picked."""

Tags = text_model("tags", f"{TAG} type", TAG_TYPES)
"""A tag of observations."""

_COUNTS = "meeting exceeding meetingAggregate exceedingAggregate"

Expectations = text_model("expectations", f"{_COUNTS} summary", dict.fromkeys(_COUNTS.split(), int))

UserTypes = text_model(
    "user_types", f"{TAG} expectations", {**TAG_TYPES, "expectations": Expectations}
)
"""A kind of user, and how often one of the kind is to be observed."""

Ref = text_model("ref", "name _id")
"""Another object, where one refers to it."""

UserRef = text_model("user_ref", "name _id email")
"""A user, where another object refers to one."""

TagRef = text_model("tag_ref", "name _id url")

Progress = text_model("progress", "percent date justification assigner _id", {"percent": int})

Assignments = text_model(
    "assignments",
    f"""
    {SAVED} coachingActivity excludeFromBank locked private observation type grade school course
    creator parent progress user goalType tags
    """,
    {
        "coachingActivity": bool,
        "excludeFromBank": bool,
        "locked": bool,
        "private": bool,
        "grade": Ref,
        "school": Ref,
        "course": Ref,
        "creator": UserRef,
        "parent": Ref,
        "progress": Progress,
        "user": UserRef,
        "tags": [TagRef],
    },
)
"""An action step or goal that a teacher was given."""

TagNote = text_model("tag_note", "notes tags", {"tags": [str]})

TeachingAssignment = text_model("teaching_assignment", "school gradeLevel course grade period _id")

Checkbox = text_model("checkbox", "label value", {"value": bool})

TextBox = text_model("text_box", "key label value")

ObservationScore = text_model(
    "observation_score",
    """
    measurement measurementGroup valueText percentage valueScore lastModified checkboxes textBoxes
    """,
    {"percentage": float, "valueScore": int, "checkboxes": [Checkbox], "textBoxes": [TextBox]},
)

MagicNote = text_model("magic_note", "column shared text created _id", {"shared": bool})

VideoNote = text_model(
    "video_note",
    "text createdOnMillisecond creator shared timestamp _id",
    {"createdOnMillisecond": int, "shared": bool},
)

Attachment = text_model(
    "attachment", "creator file id private resource created _id", {"private": bool}
)

Video = text_model("video", "video includeVideoTimestamps", {"includeVideoTimestamps": bool})

_TAG_NOTES = "tagNotes1 tagNotes2 tagNotes3 tagNotes4"
_LISTS = """
    meetings tags comments listTwoColumnA listTwoColumnB listTwoColumnAPaired listTwoColumnBPaired
    eventLog files
"""

Observations = text_model(
    "observations",
    f"""
    {SAVED} assignActionStepWidgetText district firstPublished isPrivate isPublished lastPublished
    locked observationModule observationtag1 observationtag2 observationtag3 observationType
    observedAt observedUntil privateNotes1 privateNotes2 privateNotes3 privateNotes4 quickHits
    requireSignature score scoreAveragedByStrand sendEmail sharedNotes1 sharedNotes2 sharedNotes3
    signed signedAt viewedByTeacher rubric observer teacher {_TAG_NOTES}
    teachingAssignment {_LISTS} observationScores magicNotes videoNotes attachments videos
    """,
    {
        "isPrivate": bool,
        "isPublished": bool,
        "locked": bool,
        "requireSignature": bool,
        "score": float,
        "scoreAveragedByStrand": float,
        "sendEmail": bool,
        "signed": bool,
        "rubric": Ref,
        "observer": UserRef,
        "teacher": UserRef,
        **dict.fromkeys(_TAG_NOTES.split(), TagNote),
        "teachingAssignment": TeachingAssignment,
        **dict.fromkeys(_LISTS.split(), list[str]),
        "observationScores": [ObservationScore],
        "magicNotes": [MagicNote],
        "videoNotes": [VideoNote],
        "attachments": [Attachment],
        "videos": [Video],
    },
)
"""An observation of a teacher, with scores and notes."""

Roles = text_model("roles", "name _id category district")
"""What a user may do."""

Role = text_model("role", "name _id category district")

ObservationGroup = text_model(
    "observation_group",
    "name _id observees observers",
    {"observees": [UserRef], "observers": [UserRef]},
)

Schools = text_model(
    "schools",
    f"""
    {SAVED} abbreviation address city gradeSpan highGrade internalId lowGrade phone principal
    region state zip district nonInstructionalAdmins admins assistantAdmins observationGroups
    """,
    {
        "nonInstructionalAdmins": [str],
        "admins": [UserRef],
        "assistantAdmins": [UserRef],
        "observationGroups": [ObservationGroup],
    },
)
"""A school, its administrators, and who observes whom."""

DefaultInformation = text_model("default_information", "school gradeLevel course")

PluConfig = text_model("plu_config", "startDate endDate required", {"required": int})
"""Professional learning units that a user is to earn."""

AdminDashboard = text_model("admin_dashboard", "hidden", {"hidden": [str]})
NavBar = text_model("nav_bar", "shortcuts", {"shortcuts": [str]})
ObsPage = text_model("obs_page", "panelWidth collapsedPanes", {"collapsedPanes": [str]})

Preferences = text_model(
    "preferences",
    """
    timezone timezoneText actionsDashTimeframe homepage showTutorial showActionStepMessage
    showDCPSMessage showSystemWideMessage lastSchoolSelected adminDashboard navBar obsPage
    unsubscribedTo
    """,
    {
        "timezone": int,
        "showTutorial": bool,
        "showActionStepMessage": bool,
        "showDCPSMessage": bool,
        "showSystemWideMessage": bool,
        "adminDashboard": AdminDashboard,
        "navBar": NavBar,
        "obsPage": ObsPage,
        "unsubscribedTo": [str],
    },
)

Usertype = text_model(
    "usertype",
    f"{SAVED} abbreviation creator district __v expectations",
    {"__v": int, "expectations": Expectations},
)

_FLAGS = "inactive locked nonInstructional readonly showOnDashboards videoLicense"

DistrictDatum = text_model(
    "district_datum",
    f"""
    _id archivedAt coach course district evaluator grade internalId school usertag1 {_FLAGS}
    pluConfig usertype
    """,
    {**dict.fromkeys(_FLAGS.split(), bool), "pluConfig": PluConfig, "usertype": Usertype},
)

ExternalIntegration = text_model("external_integration", "type id")

Users = text_model(
    "users",
    f"""
    {SAVED} email internalId accountingId canvasId cleverId googleid oktaId powerSchoolId sibmeId
    coach evaluator first last lastActivity usertag1 usertag2 usertag3 usertag4 usertag5 usertag6
    usertag7 usertag8 {_FLAGS} calendarEmail endOfYearLog endOfYearVisible isPracticeUser
    pastUserTypes sibmeToken track edFiStaffId defaultInformation pluConfig preferences usertype
    additionalEmails districts districtData externalIntegrations regionalAdminSchools roles
    """,
    {
        **dict.fromkeys(_FLAGS.split(), bool),
        "defaultInformation": DefaultInformation,
        "pluConfig": PluConfig,
        "preferences": Preferences,
        "usertype": Usertype,
        "additionalEmails": [str],
        "districts": [str],
        "districtData": [DistrictDatum],
        "externalIntegrations": [ExternalIntegration],
        "regionalAdminSchools": [Ref],
        "roles": [Role],
    },
)
"""A user: who observes, who is observed."""
