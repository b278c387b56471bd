"""What Coupa's Core API holds, under the vendor's own names with ``-`` read as ``_``.

Source: the resources ``addresses`` and ``users`` of the "Coupa Core API" at compass.coupa.com. Its
JSON names have hyphens: ``created-at`` is ``created_at`` here.

What the API gives as a text or as an object, by the field's set-up, is text: an object then stands
as its JSON text (``school-name``, the ``sage-intacct-…`` of :data:`UserCustomFields`). Avro could
have a union there, but neither BigQuery nor DuckDB makes a plain column of one.
"""

from teamster.core.schema import text_model

_DATED = "created_at updated_at"


def _numbered(pattern: str, count: int) -> str:
    """Names numbered columns: ``{}`` is their number, from 1."""
    return " ".join(pattern.replace("{}", str(number)) for number in range(1, count + 1))


Country = text_model("country", "id code name", {"id": int})
Currency = text_model("currency", "id code decimals", {"id": int, "decimals": int})

UserBase = text_model(
    "user_base",
    "id login email firstname lastname fullname employee_number salesforce_id avatar_thumb_url",
    {"id": int},
)
"""A user, where another object refers to one."""

_BY = {"created_by": UserBase, "updated_by": UserBase}

ContentGroup = text_model(
    "content_group", f"id name description {_DATED} created_by updated_by", {"id": int, **_BY}
)

TaxRegistration = text_model(
    "tax_registration",
    f"id number active local owner_id owner_type country {_DATED}",
    {"id": int, "active": bool, "local": bool, "owner_id": int, "country": Country},
)

_ADDRESS = f"""
    id {_DATED} name location_code street1 street2 street3 street4 city state postal_code attention
    active business_group_name vat_number local_tax_number type address_type default country
    created_by updated_by vat_country purposes content_groups tax_registrations
"""
_ADDRESS_TYPES = {
    "id": int,
    "active": bool,
    "default": bool,
    "country": Country,
    **_BY,
    "vat_country": Country,
    "purposes": [str],
    "content_groups": [ContentGroup],
    "tax_registrations": [TaxRegistration],
}

Addresses = text_model("addresses", _ADDRESS, _ADDRESS_TYPES)
"""An address that goods or invoices go to."""

Address = text_model("address", _ADDRESS, _ADDRESS_TYPES)
"""The same, where another object has one."""

UserCustomFields = text_model(
    "user_custom_fields",
    """
    ccc_external_id school_name sage_intacct_department sage_intacct_fund sage_intacct_location
    sage_intacct_program
    """,
)
"""Fields that the network has made up: texts, or the JSON texts of a lookup's values."""

AccountType = text_model(
    "account_type",
    f"""
    id name active {_DATED} legal_entity_name dynamic_flag currency primary_address
    created_by updated_by
    """,
    {
        "id": int,
        "active": bool,
        "dynamic_flag": bool,
        "currency": Currency,
        "primary_address": Address,
        **_BY,
    },
)
"""A chart of accounts."""

Account = text_model(
    "account",
    f"id name code active {_DATED} account_type_id {_numbered('segment_{}', 20)} account_type",
    {"id": int, "active": bool, "account_type_id": int, "account_type": AccountType},
)

ApprovalLimit = text_model(
    "approval_limit",
    f"id name amount subject {_DATED} currency created_by updated_by",
    {"id": int, "currency": Currency, **_BY},
)

LegalEntity = text_model(
    "legal_entity",
    f"""
    id name abbreviation active {_DATED} currency bill_to_address created_by updated_by
    """,
    {"id": int, "active": bool, "currency": Currency, "bill_to_address": Address, **_BY},
)

Role = text_model(
    "role",
    f"id name description omnipotent {_DATED} system_role updated_by created_by",
    {"id": int, "omnipotent": bool, "system_role": bool, **_BY},
)

AccountGroup = text_model(
    "account_group",
    f"""
    id name {_DATED} {_numbered("segment_{}_col segment_{}_op segment_{}_val", 20)}
    account_type created_by updated_by
    """,
    {"id": int, "account_type": AccountType, **_BY},
)

UserGroup = text_model(
    "user_group",
    f"""
    id type name active open description {_DATED} can_approve mention_name avatar_thumb_url
    updated_by created_by users content_groups
    """,
    {
        "id": int,
        "active": bool,
        "open": bool,
        "can_approve": bool,
        **_BY,
        "users": [UserBase],
        "content_groups": [ContentGroup],
    },
)

_LICENCES = """
    purchasing_user expense_user sourcing_user inventory_user contracts_user analytics_user
    aic_user spend_guard_user ccw_user clm_advanced_user supply_chain_user risk_assess_user
    travel_user treasury_user api_user
"""
_MORE_LICENCES = "category_planner_user intake_user coupa_navi_ai_agent_user"
_LIMITS = """
    requisition_approval_limit expense_approval_limit invoice_approval_limit
    contract_approval_limit requisition_self_approval_limit expense_self_approval_limit
    invoice_self_approval_limit contract_self_approval_limit
"""

Users = text_model(
    "users",
    f"""
    id login email firstname lastname fullname employee_number salesforce_id avatar_thumb_url
    middlename active {_DATED} {_LICENCES} account_security_type authentication_method
    sso_identifier default_locale business_group_security_type mention_name seniority_level
    business_function employee_payment_channel allow_employee_payment_account_creation
    {_MORE_LICENCES} custom_fields default_account default_account_type default_address
    default_currency {_LIMITS} created_by updated_by legal_entity working_warehouses
    inventory_organizations roles expenses_delegated_to can_expense_for content_groups
    account_groups approval_groups user_groups
    """,
    {
        "id": int,
        "active": bool,
        **dict.fromkeys([*_LICENCES.split(), *_MORE_LICENCES.split()], bool),
        "account_security_type": int,
        "business_group_security_type": int,
        "allow_employee_payment_account_creation": bool,
        "custom_fields": UserCustomFields,
        "default_account": Account,
        "default_account_type": AccountType,
        "default_address": Address,
        "default_currency": Currency,
        **dict.fromkeys(_LIMITS.split(), ApprovalLimit),
        **_BY,
        "legal_entity": LegalEntity,
        "working_warehouses": [str],
        "inventory_organizations": [str],
        "roles": [Role],
        "expenses_delegated_to": [UserBase],
        "can_expense_for": [UserBase],
        "content_groups": [ContentGroup],
        "account_groups": [AccountGroup],
        "approval_groups": [UserGroup],
        "user_groups": [UserGroup],
    },
)
"""A user with licences, limits, roles and groups."""
