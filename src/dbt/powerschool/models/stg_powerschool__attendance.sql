{#- A code means something at a school, in a year. -#}
select
    mark.*,
    code.att_code,
    code.description,
    code.presence_status_cd
from (
    select
        {{ teamster.typed_columns(
            integer="dcid id studentid schoolid yearid attendance_codeid periodid ccid total_minutes",
            text="att_mode_code att_comment",
            date="att_date transaction_date",
        ) }}
    from {{ source("powerschool", "attendance") }}
) as mark
left join (
    select
        {{ teamster.typed_columns(integer="id", text="att_code description presence_status_cd") }}
    from {{ source("powerschool", "attendance_code") }}
) as code on code.id = mark.attendance_codeid
