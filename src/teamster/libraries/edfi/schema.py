"""What an Ed-Fi ODS/API holds of schools and courses, under the standard's own names.

Students, staff and what they have to do with schools are in ``people``.

One schema a resource serves the Ed-Fi Data Standard 3 to 5; the check ``avro_schema_valid`` names
what an API has besides. References nest, and so do the collections that most networks use. Others,
and the extensions of a state (``_ext``), are kept whole as JSON text.

Source: the resources of the Ed-Fi ODS/API 3 to 7 (docs.ed-fi.org, "ODS/API Platform", and the
models of its SDK). Dates stay text; descriptors are URIs.
"""

from typing import Any

from pydantic import BaseModel

from teamster.core.schema import text_model

Link = text_model("link", "rel href")
"""Where a reference leads to."""


def reference(name: str, columns: str, **types: Any) -> type[BaseModel]:
    """Makes a reference's model: the key of another resource, and where it leads to."""
    return text_model(name, f"{columns} link", {**types, "link": Link})


def resource(name: str, columns: str, **types: Any) -> type[BaseModel]:
    """Makes a resource's model: what it says of itself stands around its columns."""
    return text_model(name, f"id {columns} _ext _etag _lastModifiedDate", types)


SchoolReference = reference("school_reference", "schoolId", schoolId=int)
SchoolYearReference = reference("school_year_reference", "schoolYear", schoolYear=int)
EducationOrganizationReference = reference(
    "education_organization_reference", "educationOrganizationId", educationOrganizationId=int
)
LocalEducationAgencyReference = reference(
    "local_education_agency_reference", "localEducationAgencyId", localEducationAgencyId=int
)
CourseReference = reference(
    "course_reference", "courseCode educationOrganizationId", educationOrganizationId=int
)
SessionReference = reference(
    "session_reference", "schoolId schoolYear sessionName", schoolId=int, schoolYear=int
)
CourseOfferingReference = reference(
    "course_offering_reference",
    "localCourseCode schoolId schoolYear sessionName",
    schoolId=int,
    schoolYear=int,
)
SectionReference = reference(
    "section_reference",
    "localCourseCode schoolId schoolYear sectionIdentifier sessionName",
    schoolId=int,
    schoolYear=int,
)
LocationReference = reference(
    "location_reference", "classroomIdentificationCode schoolId", schoolId=int
)
GradeLevel = text_model("grade_level", "gradeLevelDescriptor")
Address = text_model(
    "address",
    """
    addressTypeDescriptor stateAbbreviationDescriptor city postalCode streetNumberName
    apartmentRoomSuiteNumber buildingSiteNumber congressionalDistrict countyFIPSCode
    doNotPublishIndicator latitude localeDescriptor longitude nameOfCounty periods
    """,
    {"doNotPublishIndicator": bool},
)
InstitutionTelephone = text_model(
    "institution_telephone", "institutionTelephoneNumberTypeDescriptor telephoneNumber"
)
OrganizationIdentificationCode = text_model(
    "organization_identification_code",
    "educationOrganizationIdentificationSystemDescriptor identificationCode",
)
CourseIdentificationCode = text_model(
    "course_identification_code",
    """
    courseIdentificationSystemDescriptor identificationCode
    assigningOrganizationIdentificationCode courseCatalogURL
    """,
)
Schools = resource(
    "schools",
    """
    charterApprovalSchoolYearTypeReference localEducationAgencyReference schoolId
    nameOfInstitution shortNameOfInstitution operationalStatusDescriptor webSite
    administrativeFundingControlDescriptor charterApprovalAgencyTypeDescriptor
    charterStatusDescriptor internetAccessDescriptor magnetSpecialProgramEmphasisSchoolDescriptor
    schoolTypeDescriptor titleIPartASchoolDesignationDescriptor
    accreditationStatusDescriptor federalLocaleCodeDescriptor improvingSchool
    addresses educationOrganizationCategories identificationCodes indicators
    institutionTelephones internationalAddresses schoolCategories gradeLevels
    """,
    charterApprovalSchoolYearTypeReference=SchoolYearReference,
    localEducationAgencyReference=LocalEducationAgencyReference,
    schoolId=int,
    improvingSchool=bool,
    addresses=[Address],
    identificationCodes=[OrganizationIdentificationCode],
    institutionTelephones=[InstitutionTelephone],
    gradeLevels=[GradeLevel],
)
"""A school."""

Courses = resource(
    "courses",
    """
    educationOrganizationReference courseCode academicSubjectDescriptor academicSubjects
    careerPathwayDescriptor courseDefinedByDescriptor courseDescription
    courseGPAApplicabilityDescriptor courseTitle dateCourseAdopted highSchoolCourseRequirement
    maxCompletionsForCredit
    maximumAvailableCreditConversion maximumAvailableCredits maximumAvailableCreditTypeDescriptor
    minimumAvailableCreditConversion minimumAvailableCredits minimumAvailableCreditTypeDescriptor
    numberOfParts timeRequiredForCompletion competencyLevels identificationCodes
    learningObjectives learningStandards levelCharacteristics offeredGradeLevels
    """,
    educationOrganizationReference=EducationOrganizationReference,
    highSchoolCourseRequirement=bool,
    maxCompletionsForCredit=int,
    maximumAvailableCreditConversion=float,
    maximumAvailableCredits=float,
    minimumAvailableCreditConversion=float,
    minimumAvailableCredits=float,
    numberOfParts=int,
    timeRequiredForCompletion=int,
    identificationCodes=[CourseIdentificationCode],
    offeredGradeLevels=[GradeLevel],
)
"""A course of a school's or district's catalogue."""

CourseOfferings = resource(
    "course_offerings",
    """
    courseReference schoolReference sessionReference localCourseCode localCourseTitle
    instructionalTimePlanned courseLevelCharacteristics curriculumUseds offeredGradeLevels
    """,
    courseReference=CourseReference,
    schoolReference=SchoolReference,
    sessionReference=SessionReference,
    instructionalTimePlanned=int,
    offeredGradeLevels=[GradeLevel],
)
"""A course that a school offers in a session."""

Sessions = resource(
    "sessions",
    """
    schoolReference schoolYearTypeReference sessionName beginDate endDate termDescriptor
    totalInstructionalDays academicWeeks gradingPeriods
    """,
    schoolReference=SchoolReference,
    schoolYearTypeReference=SchoolYearReference,
    totalInstructionalDays=int,
)
"""A term or semester of a school."""

Sections = resource(
    "sections",
    """
    courseOfferingReference locationReference locationSchoolReference sectionIdentifier
    availableCreditConversion availableCredits availableCreditTypeDescriptor
    educationalEnvironmentDescriptor instructionLanguageDescriptor mediumOfInstructionDescriptor
    officialAttendancePeriod populationServedDescriptor sectionName sectionTypeDescriptor
    sequenceOfCourse characteristics classPeriods courseLevelCharacteristics offeredGradeLevels
    programs
    """,
    courseOfferingReference=CourseOfferingReference,
    locationReference=LocationReference,
    locationSchoolReference=SchoolReference,
    availableCreditConversion=float,
    availableCredits=float,
    officialAttendancePeriod=bool,
    sequenceOfCourse=int,
    offeredGradeLevels=[GradeLevel],
)
"""A class."""

Deletes = text_model("deletes", "id changeVersion keyValues", {"changeVersion": int})
"""A record that was deleted; ``keyValues`` is the JSON text of its natural key. What is made anew
gets another id."""

KeyChanges = text_model(
    "key_changes", "id changeVersion oldKeyValues newKeyValues", {"changeVersion": int}
)
"""A record whose natural key was changed, which some resources allow."""
