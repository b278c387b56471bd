"""What an Ed-Fi ODS/API holds of students and staff, under the standard's own names.

Source: as of ``schema``.
"""

from teamster.core.schema import text_model
from teamster.libraries.edfi.schema import (
    Address,
    EducationOrganizationReference,
    SchoolReference,
    SchoolYearReference,
    SectionReference,
    SessionReference,
    reference,
    resource,
)

StudentReference = reference("student_reference", "studentUniqueId")
StaffReference = reference("staff_reference", "staffUniqueId")
PersonReference = reference("person_reference", "personId sourceSystemDescriptor")
CalendarReference = reference(
    "calendar_reference", "calendarCode schoolId schoolYear", schoolId=int, schoolYear=int
)
GraduationPlanReference = reference(
    "graduation_plan_reference",
    "educationOrganizationId graduationPlanTypeDescriptor graduationSchoolYear",
    educationOrganizationId=int,
    graduationSchoolYear=int,
)

Race = text_model("race", "raceDescriptor")
ElectronicMail = text_model(
    "electronic_mail",
    """
    electronicMailTypeDescriptor electronicMailAddress doNotPublishIndicator
    primaryEmailAddressIndicator
    """,
    {"doNotPublishIndicator": bool, "primaryEmailAddressIndicator": bool},
)
Telephone = text_model(
    "telephone",
    """
    telephoneNumberTypeDescriptor telephoneNumber doNotPublishIndicator orderOfPriority
    textMessageCapabilityIndicator
    """,
    {
        "doNotPublishIndicator": bool,
        "orderOfPriority": int,
        "textMessageCapabilityIndicator": bool,
    },
)
StaffIdentificationCode = text_model(
    "staff_identification_code",
    """
    staffIdentificationSystemDescriptor identificationCode assigningOrganizationIdentificationCode
    """,
)
StudentIdentificationCode = text_model(
    "student_identification_code",
    """
    studentIdentificationSystemDescriptor identificationCode
    assigningOrganizationIdentificationCode
    """,
)

_NAMES = """
    firstName middleName lastSurname generationCodeSuffix maidenName personalTitlePrefix
    preferredFirstName preferredLastSurname
"""
_DOCUMENTS = "identificationDocuments otherNames personalIdentificationDocuments visas"

Students = resource(
    "students",
    f"""
    personReference studentUniqueId {_NAMES} birthDate birthCity birthCountryDescriptor
    birthInternationalProvince birthSexDescriptor birthStateAbbreviationDescriptor
    citizenshipStatusDescriptor dateEnteredUS multipleBirthStatus {_DOCUMENTS}
    """,
    personReference=PersonReference,
    multipleBirthStatus=bool,
)
"""A student."""

StudentSchoolAssociations = resource(
    "student_school_associations",
    """
    calendarReference classOfSchoolYearTypeReference graduationPlanReference
    nextYearSchoolReference schoolReference schoolYearTypeReference studentReference
    entryDate entryGradeLevelDescriptor entryGradeLevelReasonDescriptor entryTypeDescriptor
    exitWithdrawDate exitWithdrawTypeDescriptor employedWhileEnrolled enrollmentTypeDescriptor
    fullTimeEquivalency nextYearGradeLevelDescriptor primarySchool repeatGradeIndicator
    residencyStatusDescriptor schoolChoice schoolChoiceBasisDescriptor schoolChoiceTransfer
    termCompletionIndicator alternativeGraduationPlans educationPlans
    """,
    calendarReference=CalendarReference,
    classOfSchoolYearTypeReference=SchoolYearReference,
    graduationPlanReference=GraduationPlanReference,
    nextYearSchoolReference=SchoolReference,
    schoolReference=SchoolReference,
    schoolYearTypeReference=SchoolYearReference,
    studentReference=StudentReference,
    employedWhileEnrolled=bool,
    fullTimeEquivalency=float,
    primarySchool=bool,
    repeatGradeIndicator=bool,
    schoolChoice=bool,
    schoolChoiceTransfer=bool,
    termCompletionIndicator=bool,
)
"""A student's enrolment in a school."""

StudentEducationOrganizationAssociations = resource(
    "student_education_organization_associations",
    """
    educationOrganizationReference studentReference barrierToInternetAccessInResidenceDescriptor
    genderIdentity hispanicLatinoEthnicity internetAccessInResidence
    internetAccessTypeInResidenceDescriptor internetPerformanceInResidenceDescriptor
    limitedEnglishProficiencyDescriptor loginId oldEthnicityDescriptor
    primaryLearningDeviceAccessDescriptor primaryLearningDeviceAwayFromSchoolDescriptor
    primaryLearningDeviceProviderDescriptor profileThumbnail sexDescriptor
    supporterMilitaryConnectionDescriptor addresses ancestryEthnicOrigins cohortYears disabilities
    displacedStudents electronicMails internationalAddresses languages races
    studentCharacteristics studentIdentificationCodes studentIndicators telephones
    tribalAffiliations
    """,
    educationOrganizationReference=EducationOrganizationReference,
    studentReference=StudentReference,
    hispanicLatinoEthnicity=bool,
    internetAccessInResidence=bool,
    addresses=[Address],
    electronicMails=[ElectronicMail],
    races=[Race],
    studentIdentificationCodes=[StudentIdentificationCode],
    telephones=[Telephone],
)
"""What a district or school knows of a student: demographics, languages, addresses."""

StudentSectionAssociations = resource(
    "student_section_associations",
    """
    sectionReference studentReference beginDate endDate attemptStatusDescriptor homeroomIndicator
    repeatIdentifierDescriptor teacherStudentDataLinkExclusion programs
    """,
    sectionReference=SectionReference,
    studentReference=StudentReference,
    homeroomIndicator=bool,
    teacherStudentDataLinkExclusion=bool,
)
"""A student in a class."""

StudentSchoolAttendanceEvents = resource(
    "student_school_attendance_events",
    """
    schoolReference sessionReference studentReference attendanceEventCategoryDescriptor eventDate
    arrivalTime departureTime attendanceEventReason educationalEnvironmentDescriptor
    eventDuration schoolAttendanceDuration
    """,
    schoolReference=SchoolReference,
    sessionReference=SessionReference,
    studentReference=StudentReference,
    eventDuration=float,
    schoolAttendanceDuration=int,
)
"""A student's absence, lateness or presence on a day."""

Staffs = resource(
    "staffs",
    f"""
    personReference staffUniqueId {_NAMES} birthDate citizenshipStatusDescriptor genderIdentity
    highestCompletedLevelOfEducationDescriptor highlyQualifiedTeacher hispanicLatinoEthnicity
    loginId oldEthnicityDescriptor sexDescriptor yearsOfPriorProfessionalExperience
    yearsOfPriorTeachingExperience addresses ancestryEthnicOrigins credentials electronicMails
    identificationCodes internationalAddresses languages races recognitions telephones
    tribalAffiliations {_DOCUMENTS}
    """,
    personReference=PersonReference,
    highlyQualifiedTeacher=bool,
    hispanicLatinoEthnicity=bool,
    yearsOfPriorProfessionalExperience=float,
    yearsOfPriorTeachingExperience=float,
    addresses=[Address],
    electronicMails=[ElectronicMail],
    identificationCodes=[StaffIdentificationCode],
    races=[Race],
    telephones=[Telephone],
)
"""A person who works in a district or school."""

StaffSectionAssociations = resource(
    "staff_section_associations",
    """
    sectionReference staffReference beginDate endDate classroomPositionDescriptor
    highlyQualifiedTeacher percentageContribution teacherStudentDataLinkExclusion
    """,
    sectionReference=SectionReference,
    staffReference=StaffReference,
    highlyQualifiedTeacher=bool,
    percentageContribution=float,
    teacherStudentDataLinkExclusion=bool,
)
"""A teacher of a class."""
