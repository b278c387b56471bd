"""The formats there are: the tag of ``format:`` chooses one, with its own options and no others."""

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from teamster.libraries.sftp.formats.delimited import Delimited
from teamster.libraries.sftp.formats.excel import Excel
from teamster.libraries.sftp.formats.fixed_width import FixedWidth
from teamster.libraries.sftp.formats.json_records import Json, JsonLines
from teamster.libraries.sftp.formats.pdf import Pdf

Format: TypeAlias = Annotated[
    Delimited | FixedWidth | Json | JsonLines | Excel | Pdf, Field(discriminator="type")
]


def _spelled_out(given: Any) -> Any:
    return {"type": given} if isinstance(given, str) else given


OptionalFormat: TypeAlias = Annotated[Format | None, BeforeValidator(_spelled_out)]
"""A format, or its name alone where its defaults will do; None for the flat options."""
