"""What the College Board's score files hold, after slugging.

Source: the headers of the files that the K-12 score reporting portal delivers. The paper tests'
columns come first, in the file's order; then what came with the digital tests (2023 and later).
The blanks that a file keeps for later use (``filler_1``, ``filler_2``…) are not listed, but for
the one plain ``filler``.
"""

from teamster.core.schema import text_model


def _family(prefix: str, names: str) -> str:
    """Puts a prefix before each name: ``("ap_", "bio stat")`` -> ``"ap_bio ap_stat"``."""
    return " ".join(prefix + name for name in names.split())


def _numbered(stem: str, count: int) -> str:
    """Numbers a name from 1 to ``count``: ``("sport", 2)`` -> ``"sport1 sport2"``."""
    return " ".join(f"{stem}{number}" for number in range(1, count + 1))


_RACES = """
    cuban mexican puertorican hisp_lat non_hisp_lat indian_alaskan asian africanamerican
    hawaiian_pi white other
"""
_STUDENT = f"""
    ai_code ai_name cohort_year district_name name_last name_first name_mi gender
    {_family("race_eth_", _RACES)} derived_aggregate_race_eth birth_date cb_id secondary_id
    {_family("address_", "line1 line2 city state zip county country province")} foreign_address
"""
_SETTINGS = "email homeschool student_search_service grad_date saa"
_SCORES = """
    total ebrw math_section reading writ_lang math_test sci_cross hist_socst_cross words_context
    comm_evidence expr_ideas eng_convent heart_algebra adv_math probslv_data
"""
_BENCHMARKS = "ebrw_ccr_benchmark math_ccr_benchmark"
_COUNTS = "correct incorrect omit"
# "Knowledge and skills": the digital tests' two sections and their eight content domains.
_SKILLS = f"""
    {_family("reading_", "section craft expression information standard")}
    {_family("math_", "section advanced algebra geometry problemsolving")}
"""
_DIGITAL_PERCENTILES = f"""
    {_family("percentile_country_", "total rw math")}
    {_family("percentile_state_", "total rw math")}
"""


def _verbal_answers(reading: int, writing: int) -> str:
    """Names the columns of the answers in the two verbal tests, of so many questions each."""
    return f"""
        num_reading_ques {_numbered("reading_ques_ans", reading)}
        {_family("reading_ques_", _COUNTS)}
        num_writlang_ques {_numbered("writlang_ques_ans", writing)}
        {_family("writlang_ques_", _COUNTS)}
    """


def _math_answers(part: str, choices: int, responses: int) -> str:
    """Names the columns of the answers in one part of the mathematics test.

    Args:
        part: ``nc`` (no calculator) or ``c`` (calculator).
        choices: How many questions are multiple-choice.
        responses: How many answers the student writes.
    """
    return f"""
        num_math_{part}mc_ques num_math_{part}pr_ques
        {_numbered(f"math_{part}mc_ques_ans", choices)}
        {_numbered(f"math_{part}pr_ques_ans", responses)}
        {_family(f"math_{part}_ques_", _COUNTS)}
    """


_AP_POTENTIAL = """
    seminar arthis bio calc chem compgovpol compsci englang englit envsci eurhist humgeo macecon
    micecon music physi compsciprin physmech physmag psych stat usgovpol ushist wrldhist
"""

Psat = text_model(
    "psat",
    f"""
    {_STUDENT} {_SETTINGS} latest_access_cd national_merit
    {_family("latest_psat_", f"date grade {_SCORES}")} form_code selection_index
    {_family("percentile_natrep_psat_", _SCORES)} {_family("percentile_natuser_psat_", _SCORES)}
    {_BENCHMARKS} {_verbal_answers(47, 44)}
    {_math_answers("nc", 13, 4)} {_math_answers("c", 27, 4)}
    {_family("ap_", _AP_POTENTIAL)} sdq_date sdq_gpa hs_student yrs_9to12
    district_student_id state_student_id major_first report_date
    latest_reg_num latest_record_locator gpo {_family("latest_psat_ks_", _SKILLS)}
    {_DIGITAL_PERCENTILES} filler
    source_file_name
    """,
)
"""A student's PSAT/NMSQT, PSAT 10 or PSAT 8/9."""

# A row holds a student's latest sitting and up to five others.
_OTHERS = [f"admin{number}" for number in range(2, 7)]
_BEFORE_2016 = "critical_reading math writing"


def _sat(sitting: str) -> str:
    """Names the columns of one sitting of the SAT (``latest``, ``admin2``…)."""
    return f"""
        {sitting}_registration_num {sitting}_make_up
        {_family(f"{sitting}_sat_", f"date grade revised {_SCORES}")}
        {_family(f"{sitting}_sat_", "essay_reading essay_analysis essay_writing")}
        {_family(f"{sitting}_sat_", f"{_BEFORE_2016} essay essay_mc")}
    """


def _subject_tests(sitting: str) -> str:
    """Names the columns of one sitting's three SAT Subject Tests."""
    results = "id score subsc1 subsc2 subsc3"
    tests = " ".join(_family(f"{test}_", results) for test in (1, 2, 3))
    return _family(f"{sitting}_subj_", f"date grade revised {tests}")


_SUBJECT_PERCENTILES = " ".join(
    f"percentile_subj_{test} " + _family(f"percentile_subj_{test}_", "subsc1 subsc2 subsc3")
    for test in (1, 2, 3)
)
_COURSES = """
    mathematics natural_sciences social_sciences_and_history chinese french german greek hebrew
    italian japanese korean latin russian spanish other_language_course prealgebra algebra
    algebra_ii geometry trigonometry precalculus calculus integrated_math_program statistics
    compsci other_math_course american_literature british_literature composition
    english_language_arts literature_other_than_u_s_or_british journalism creative_writing
    communications public_speaking english_as_a_second_language biology chemistry
    environmentalearth_or_space_science physics engineering other_science_course u_s_history
    u_s_gov_t_civics european_history world_history ancient_history economics geography
    psychology sociology other_social_science_or_history_course
"""
_ACTIVITIES = " ".join(
    f"activity{number} " + _family(f"activity{number}_", "9th 10th 11th 12th officer_award")
    for number in range(1, 11)
)
# The student's own account: years of study, honours, activities; then wishes for college.
_QUESTIONNAIRE = f"""
    {_family("sdq_", "date gpa rank first_lang best_lang")}
    {_family("sdq_avg_", "arts english foreign_lang math natsci socialsci_hist")}
    study_duration_arts honors_arts study_duration_english honors_english
    study_duration_foreign_and_classical_languages honors_foreign_and_classical_language
    {" ".join(f"study_duration_{course} honors_{course}" for course in _COURSES.split())}
    {_family("experience_artmusic_", "none acting history dance drama music inst_vocal film art")}
    activity_participation
    {_ACTIVITIES}
    sports_participation {_numbered("sport", 6)}
"""
_COLLEGE_ACTIVITIES = """
    honors art intramural athletics commservice dance debatespeaking ethnic foreign government
    literary rotc instrumentalmus vocalmus religious environmental drama internship departmental
    social none
"""
_COLLEGE_WISHES = f"""
    {_family("college_type_", "4yr 2yr voctech undecided")}
    {_family("college_affil_", "public priv_notrelig priv_relig undecided")}
    {_family("college_size_", "less_2k 2k_5k 5k_10k 10k_15k 15k_20k more_20k undecided")}
    {_family("college_set_", "lgcity medcity smcity suburb rural undecided")}
    {_family("college_loc_", "nearhome homestate borderhome beyondhome outsideus undecided")}
    {_family("college_sex_", "allonesex coed undecided")}
    {_family("college_housing_", "home oncampus offcampus undecided")}
    {_family("degree_", "certificate associate bachelors masters doctorate other undecided")}
    financial_aid part_time_job major_first major_first_certainty major_second major_third ap
    {_family("college_activity_", _COLLEGE_ACTIVITIES)}
    {" ".join(f"college_code{number} college_name{number}" for number in range(1, 5))}
"""

Sat = text_model(
    "sat",
    f"""
    {_STUDENT} phone {_SETTINGS} {_sat("latest")}
    {_family("percentile_natrep_sat_", _SCORES)}
    {_family("percentile_cbsnation_sat_", _BEFORE_2016)}
    {_family("percentile_natuser_sat_", _SCORES)}
    {_family("percentile_cbsstate_sat_", _BEFORE_2016)}
    {_BENCHMARKS} {_verbal_answers(52, 44)}
    {_math_answers("nc", 15, 5)} {_math_answers("c", 30, 8)}
    {" ".join(map(_sat, _OTHERS))}
    {_subject_tests("latest")} {" ".join(map(_subject_tests, _OTHERS))} {_SUBJECT_PERCENTILES}
    {_QUESTIONNAIRE} {_COLLEGE_WISHES}
    record_num form_code report_date district_student_id state_student_id
    latest_record_locator {" ".join(f"{sitting}_record_locator" for sitting in _OTHERS)}
    college_reportable
    {" ".join(f"admin_{number}_college_reportable" for number in range(2, 7))}
    {_family("latest_sat_ks_", _SKILLS)} {_DIGITAL_PERCENTILES} filler
    source_file_name
    """,
)
"""A student's SAT: the latest sitting, up to five others, and the questionnaire."""
