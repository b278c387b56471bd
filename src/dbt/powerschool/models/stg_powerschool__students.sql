select
    {{ teamster.typed_columns(
        integer="dcid id schoolid enrollment_schoolid grade_level enroll_status fteid
            graduated_schoolid next_school sched_nextyeargrade sched_yearofgraduation",
        text="student_number state_studentnumber lastfirst last_name first_name middle_name gender
            ethnicity fedethnicity lunchstatus home_room team track entrycode exitcode family_ident
            home_phone guardianemail street city state zip",
        date="dob entrydate exitdate districtentrydate schoolentrydate transaction_date",
    ) }}
from {{ source("powerschool", "students") }}
