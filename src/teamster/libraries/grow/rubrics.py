"""What Level Data Grow's API holds of rubrics, measurements and kinds of meetings.

Source: as of ``schema``.
"""

from teamster.core.schema import text_model
from teamster.libraries.grow.schema import SAVED, TAG, TAG_TYPES, TextBox

Resource = text_model("resource", "label url _id")

_FIELD_FLAGS = """
    disableDeleting disableEnableParticipantCopyToggle disableHideUntilMeetingStartToggle
    disablePrivateToggle enableHiding enableParticipantsCopy hidden hiddenUntilMeetingStart
    isPrivate
"""

AdditionalField = text_model(
    "additional_field",
    f"name _id description {_FIELD_FLAGS} key leftName rightName type content",
    dict.fromkeys(_FIELD_FLAGS.split(), bool),
)
"""A field of a meeting's form. ``content`` is a truth value, a number, a text or an object by its
type, and text here."""

_MEETING_FLAGS = """
    canBePrivate canRequireSignature enableClickToFill enableModule enableParticipantsCopy
    enablePhases enableTag1 enableTag2 enableTag3 enableTag4 hideFromLists isWeeklyDataMeeting
    requireSignature videoForm
"""
_MEETING_LISTS = """
    excludedModules excludedTag1s excludedTag2s excludedTag3s excludedTag4s rolesExcluded
    schoolsExcluded customAbsentCategories
"""

MeetingTypes = text_model(
    "meeting_types",
    f"""
    {TAG} coachingEvalType description {_MEETING_FLAGS} {_MEETING_LISTS} resources additionalFields
    """,
    {
        **TAG_TYPES,
        **dict.fromkeys(_MEETING_FLAGS.split(), bool),
        **dict.fromkeys(_MEETING_LISTS.split(), list[str]),
        "resources": [Resource],
        "additionalFields": [AdditionalField],
    },
)
"""A kind of meeting, and its form."""

MeasurementOption = text_model(
    "measurement_option",
    "label description value booleanValue created percentage _id",
    {"value": int, "booleanValue": bool, "percentage": float},
)

Measurements = text_model(
    "measurements",
    f"""
    {SAVED} description district rowStyle scaleMax scaleMin measurementOptions textBoxes
    """,
    {
        "scaleMax": int,
        "scaleMin": int,
        "measurementOptions": [MeasurementOption],
        "textBoxes": [TextBox],
    },
)
"""A row of a rubric, with its scale."""

_RUBRIC_FLAGS = """
    actionStep actionStepCreate actionStepWorkflow allowCoTeacher allowTakeOverObservation
    cloneable coachActionStep dashHidden debrief descriptionsInEditor disableMeetingsTab
    displayLabels displayNumbers dontRequireTextboxesOnLikertRows enableClickToFill
    enablePointClick filters goalCreate goals hasCompletionMarks hasRowDescriptions hideEmptyRows
    hideEmptyTextRows hideFromCoaches hideFromLists hideFromRegionalCoaches hideFromSchoolAdmins
    hideFromSchoolAssistantAdmins hideFromTeachers hideOverallScore isAlwaysFocus
    isCoachingStartForm isCompetencyRubric isHolisticDefault isPeerRubric isPrivate isScorePrivate
    isSiteVisit locked meetingQuickCreate meetingTypesExcludedFromScheduling
    nameAndSignatureDisplay notification notificationNote obsShowEndDate obsTypeFinalize
    requireActionStepBeforeFinalize requireAll requireGoal requireObservationType
    requireOnlyScores scoreOnForm scoreOverride scripting sendEmailOnSignature showAllTextOnOpts
    showAvgByStrand showObservationLabels showObservationModule showObservationTag1
    showObservationTag2 showObservationTag3 showObservationTag4 showObservationType
    showOnDataReports showStrandScores signature signatureOnByDefault
    transferDescriptionToTextbox useAdditiveScoring useStrandWeights video videoForm
"""
_RUBRIC_LISTS = """
    hiddenFeatures observationTypesHidden privateRows requiredRows schoolsExcluded rolesExcluded
"""

FeatureInstruction = text_model(
    "feature_instruction",
    "hideOnDraft hideOnFinalized includeOnEmails section text titleOverride _id",
    dict.fromkeys(["hideOnDraft", "hideOnFinalized", "includeOnEmails"], bool),
)

Settings = text_model(
    "settings",
    f"""
    {_RUBRIC_FLAGS} coachingEvalType customHtml customHtml1 customHtml2 customHtml3
    customHtmlTitle customHtmlTitle1 customHtmlTitle2 customHtmlTitle3 defaultCourse
    defaultObsModule defaultObsTag1 defaultObsTag2 defaultObsTag3 defaultObsTag4 defaultObsType
    defaultUsertype prepopulateActionStep quickHits rubrictag1 lockScoreAfterDays {_RUBRIC_LISTS}
    featureInstructions resources
    """,
    {
        **dict.fromkeys(_RUBRIC_FLAGS.split(), bool),
        **dict.fromkeys(_RUBRIC_LISTS.split(), list[str]),
        "featureInstructions": [FeatureInstruction],
        "resources": [Resource],
    },
)
"""A rubric's settings. ``lockScoreAfterDays`` is a number or a text, and each of
``rolesExcluded`` an id or a role's object: texts here."""

_ITEM_FLAGS = "hideOnDraft hideOnFinalized includeInEmail mustBeMainPanel showOnFinalizedPopup"

FormItem = text_model(
    "form_item",
    f"assignmentSlug {_ITEM_FLAGS} rubricMeasurement widgetDescription widgetKey widgetTitle",
    dict.fromkeys(_ITEM_FLAGS.split(), bool),
)

Layout = text_model("layout", "formLeft formWide", {"formLeft": [FormItem], "formWide": [FormItem]})

MeasurementRef = text_model(
    "measurement_ref",
    "_id key isPrivate require weight measurement exclude",
    {"isPrivate": bool, "require": bool, "weight": float, "exclude": bool},
)

MeasurementGroup = text_model(
    "measurement_group",
    "name _id key description weight measurements",
    {"weight": int, "measurements": [MeasurementRef]},
)

Rubrics = text_model(
    "rubrics",
    f"""
    {SAVED} isPrivate isPublished order scaleMin scaleMax district settings layout
    measurementGroups
    """,
    {
        "isPrivate": bool,
        "isPublished": bool,
        "order": int,
        "scaleMin": int,
        "scaleMax": int,
        "settings": Settings,
        "layout": Layout,
        "measurementGroups": [MeasurementGroup],
    },
)
"""A rubric: what is observed, and how the form looks."""
