"""What Renaissance's Star extracts hold, under the vendor's own column names.

Source: the headers of the files in the vendor's SFTP archive (``<subject>.csv``,
``<subject>_Dashboard_Standards_v2.csv``, ``<subject>_SkillArea_v1.csv``). One schema serves all
subjects: a file fills the columns it has.
"""

from teamster.core.schema import text_model

_BENCHMARK_RANKS = "NumberOfCategoryLevels MinPercentileRank MaxPercentileRank"


def _benchmark(owner: str, parts: str) -> str:
    """Names the columns of the benchmark that a state, district or school set."""
    return " ".join(f"{owner}Benchmark{part}" for part in parts.split())


Star = text_model(
    "star",
    f"""
    RenaissanceClientID SchoolYear SchoolYearStartDate SchoolYearEndDate
    StudentRenaissanceID StudentSourcedID StudentIdentifier StudentUserID StudentStateID
    StudentEmail StudentFirstName StudentMiddleName StudentLastName Gender BirthDate
    MultiRace HispanicOrLatino AmericanIndianOrAlaskaNative Asian BlackOrAfricanAmerican
    NativeHawaiianOrOtherPacificIslander White CurrentGrade EnrollmentStatus
    DistrictRenaissanceID DistrictSourcedID DistrictIdentifier DistrictStateID DistrictName
    SchoolRenaissanceID SchoolSourcedID SchoolIdentifier SchoolStateID SchoolName
    CourseRenaissanceID CourseSourcedID CourseCode CourseName
    ClassRenaissanceID ClassSourcedID ClassCode GroupID GroupOrClassName
    TeacherRenaissanceID TeacherSourcedID TeacherIdentifier TeacherUserID TeacherStateID
    TeacherEmail TeacherFirstName TeacherMiddleName TeacherLastName
    AssessmentID LaunchDate CompletedDate CompletedDateLocal AssessmentNumber AssessmentType
    AssessmentStatus DeactivationReason GradePlacement Grade ExtraTime Audio
    ScaledScore StandardErrorOfMeasurement RaschScore UnifiedScore
    PartnershipForAssessmentOfReadinessForCollegeAndCareers SmarterBalancedAssessmentConsortium
    OpenGrowthScore GradeEquivalent PercentileRank NormalCurveEquivalent
    InstructionalReadingLevel EstimatedOralReadingFluency LiteracyClassification
    LowerZoneOfProximalDevelopment UpperZoneOfProximalDevelopment Quantile Lexile LexileRange
    LowerLexileZoneOfProximalDevelopment UpperLexileZoneOfProximalDevelopment
    TotalTimeInSeconds TotalCorrect TotalPossible
    Grade3_AssessmentAttempts Grade3_PassingStatus Grade3_PassingScore
    StudentGrowthPercentileFallFall StudentGrowthPercentileFallSpring
    StudentGrowthPercentileFallWinter StudentGrowthPercentileSpringFall
    StudentGrowthPercentileSpringSpring StudentGrowthPercentileWinterSpring
    ScreeningPeriodWindowName ScreeningWindowStartDate ScreeningWindowEndDate
    RenaissanceBenchmarkCategoryName RenaissanceBenchmarkCategoryLevel
    RenaissanceBenchmarkCategoryNumberOfLevels RenaissanceBenchmarkCategoryMinPercentileRank
    RenaissanceBenchmarkCategoryMaxPercentileRank
    {_benchmark("State", "AssessmentName CategoryName Proficient CategoryLevel")}
    {_benchmark("State", "NumberOfCategoryLevels MinScaledScore MaxScaledScore")}
    {_benchmark("District", f"CategoryName Proficient CategoryLevel {_BENCHMARK_RANKS}")}
    {_benchmark("School", f"CategoryName Proficient CategoryLevel {_BENCHMARK_RANKS}")}
    CurrentSGP TakenAt TakenAtByIPAddress StudentDisplayID TeacherDisplayID
    SATBenchmarkCategory ACTBenchmarkCategory
    source_file_name
    """,
)
"""A Star test that a student took, with the student, school, class and teacher."""

_RESULT_OF = """
    RenaissanceClientID SchoolYear StudentRenaissanceID StudentSourcedID StudentIdentifier
    StudentUserID StudentStateID AssessmentID LaunchDate CompletedDate CompletedDateLocal
"""

StarDashboardStandards = text_model(
    "star_dashboard_standards",
    f"""
    {_RESULT_OF} DomainGroup DomainName DomainPercentMastery DomainConfidenceLevel
    DomainMasteryLevel StandardName StandardDescription StandardPercentMastery
    StandardConfidenceLevel StandardMasteryLevel
    source_file_name
    """,
)
"""A Star test's estimate of mastery, a row a standard."""

StarSkillArea = text_model(
    "star_skill_area",
    f"""
    {_RESULT_OF} FamilyName DomainName DomainScore SkillAreaName SkillAreaMasteryScore
    source_file_name
    """,
)
"""A Star test's estimate of mastery, a row a skill area."""
