{# What both extracts below a test say about the test and the student. #}
{% macro result_columns() %}
    {{ renlearn.partition_columns() }},
    {{ teamster.typed_columns(
        text="
            RenaissanceClientID SchoolYear
            StudentRenaissanceID StudentSourcedID StudentIdentifier StudentUserID StudentStateID
            AssessmentID DomainName
        ",
        timestamp="LaunchDate CompletedDate CompletedDateLocal",
    ) }}
{% endmacro %}
