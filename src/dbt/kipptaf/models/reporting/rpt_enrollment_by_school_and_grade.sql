{#-
    A roster is as of today, or as of the end of its last session where all have ended: a roster that a
    region stopped sending still answers for its own time.
-#}
with
    rosters as (
        select code_location, least(current_date, max(end_date)) as as_of_date
        from {{ ref("stg_oneroster__academic_sessions") }}
        where end_date is not null
        group by code_location
    ),

    {# A person's roles are rows of their own, but columns of the person in 1.1. #}
    memberships as (
        select
            code_location, user_sourced_id, org_sourced_id, role, grade, is_primary, end_date, status
        from {{ ref("stg_oneroster__roles") }}

        union all

        select
            code_location,
            sourced_id as user_sourced_id,
            coalesce(
                primary_org_sourced_id, trim({{ dbt.split_part("org_sourced_ids", "','", 1) }})
            ) as org_sourced_id,
            role,
            cast(null as {{ dbt.type_string() }}) as grade,
            true as is_primary,
            cast(null as date) as end_date,
            status
        from {{ ref("stg_oneroster__users") }}
        where role is not null
    ),

    enrolled as (
        select
            memberships.code_location,
            memberships.org_sourced_id,
            memberships.user_sourced_id,
            coalesce(rosters.as_of_date, current_date) as as_of_date,
            max(
                coalesce(memberships.grade, trim({{ dbt.split_part("users.grades", "','", 1) }}))
            ) as grade
        from memberships
        inner join
            {{ ref("stg_oneroster__users") }} as users
            on memberships.code_location = users.code_location
            and memberships.user_sourced_id = users.sourced_id
        left join rosters on memberships.code_location = rosters.code_location
        where
            lower(memberships.role) = 'student'
            and coalesce(memberships.is_primary, true)
            and coalesce(users.enabled_user, true)
            and coalesce(lower(memberships.status), 'active') <> 'tobedeleted'
            and coalesce(lower(users.status), 'active') <> 'tobedeleted'
            and (
                memberships.end_date is null
                or memberships.end_date >= coalesce(rosters.as_of_date, current_date)
            )
        group by 1, 2, 3, 4
    )

select
    enrolled.code_location,
    enrolled.org_sourced_id as school_sourced_id,
    orgs.name as school_name,
    orgs.type as school_type,
    enrolled.grade,
    count(*) as students,
    enrolled.as_of_date
from enrolled
left join
    {{ ref("stg_oneroster__orgs") }} as orgs
    on enrolled.code_location = orgs.code_location
    and enrolled.org_sourced_id = orgs.sourced_id
group by
    enrolled.code_location,
    enrolled.org_sourced_id,
    orgs.name,
    orgs.type,
    enrolled.grade,
    enrolled.as_of_date
