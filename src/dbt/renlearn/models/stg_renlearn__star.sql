select
    {{ renlearn.partition_columns() }},
    {{ teamster.typed_columns(
        text="
            RenaissanceClientID SchoolYear
            StudentRenaissanceID StudentSourcedID StudentIdentifier StudentUserID StudentStateID
            StudentDisplayID StudentEmail StudentFirstName StudentMiddleName StudentLastName Gender
            CurrentGrade EnrollmentStatus
            DistrictRenaissanceID DistrictSourcedID DistrictIdentifier DistrictStateID DistrictName
            SchoolRenaissanceID SchoolSourcedID SchoolIdentifier SchoolStateID SchoolName
            CourseRenaissanceID CourseSourcedID CourseCode CourseName
            ClassRenaissanceID ClassSourcedID ClassCode GroupID GroupOrClassName
            TeacherRenaissanceID TeacherSourcedID TeacherIdentifier TeacherUserID TeacherStateID
            TeacherDisplayID TeacherEmail TeacherFirstName TeacherMiddleName TeacherLastName
            AssessmentID AssessmentType AssessmentStatus DeactivationReason Grade
            InstructionalReadingLevel LiteracyClassification Quantile Lexile LexileRange
            LowerLexileZoneOfProximalDevelopment UpperLexileZoneOfProximalDevelopment
            Grade3_PassingStatus ScreeningPeriodWindowName
            RenaissanceBenchmarkCategoryName StateBenchmarkAssessmentName StateBenchmarkCategoryName
            DistrictBenchmarkCategoryName SchoolBenchmarkCategoryName
            SATBenchmarkCategory ACTBenchmarkCategory TakenAt TakenAtByIPAddress
        ",
        date="
            SchoolYearStartDate SchoolYearEndDate BirthDate
            ScreeningWindowStartDate ScreeningWindowEndDate
        ",
        timestamp="LaunchDate CompletedDate CompletedDateLocal",
        boolean="
            MultiRace HispanicOrLatino AmericanIndianOrAlaskaNative Asian BlackOrAfricanAmerican
            NativeHawaiianOrOtherPacificIslander White ExtraTime Audio
            StateBenchmarkProficient DistrictBenchmarkProficient SchoolBenchmarkProficient
        ",
        integer="
            AssessmentNumber ScaledScore UnifiedScore PercentileRank EstimatedOralReadingFluency
            TotalTimeInSeconds TotalCorrect TotalPossible
            Grade3_AssessmentAttempts Grade3_PassingScore
            StudentGrowthPercentileFallFall StudentGrowthPercentileFallSpring
            StudentGrowthPercentileFallWinter StudentGrowthPercentileSpringFall
            StudentGrowthPercentileSpringSpring StudentGrowthPercentileWinterSpring CurrentSGP
            RenaissanceBenchmarkCategoryLevel RenaissanceBenchmarkCategoryNumberOfLevels
            RenaissanceBenchmarkCategoryMinPercentileRank
            RenaissanceBenchmarkCategoryMaxPercentileRank
            StateBenchmarkCategoryLevel StateBenchmarkNumberOfCategoryLevels
            StateBenchmarkMinScaledScore StateBenchmarkMaxScaledScore
            DistrictBenchmarkCategoryLevel DistrictBenchmarkNumberOfCategoryLevels
            DistrictBenchmarkMinPercentileRank DistrictBenchmarkMaxPercentileRank
            SchoolBenchmarkCategoryLevel SchoolBenchmarkNumberOfCategoryLevels
            SchoolBenchmarkMinPercentileRank SchoolBenchmarkMaxPercentileRank
        ",
        number="
            GradePlacement StandardErrorOfMeasurement RaschScore OpenGrowthScore GradeEquivalent
            NormalCurveEquivalent LowerZoneOfProximalDevelopment UpperZoneOfProximalDevelopment
            PartnershipForAssessmentOfReadinessForCollegeAndCareers
            SmarterBalancedAssessmentConsortium
        ",
    ) }}
from {{ source("renlearn", "star") }}
