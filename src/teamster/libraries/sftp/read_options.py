"""How a file is read: options that know nothing of Dagster, as reading itself."""

from typing import Self

from pydantic import BaseModel, Field, model_validator

from teamster.libraries.sftp.formats.choice import Format, OptionalFormat
from teamster.libraries.sftp.formats.delimited import Delimited
from teamster.libraries.sftp.formats.text import STRICT, Encoding
from teamster.libraries.sftp.zips import Limits


class ReadOptions(BaseModel):
    """How a file is read."""

    model_config = STRICT

    format: OptionalFormat = Field(
        default=None, description="What the files are: a type with options of its own."
    )
    file_sep: str = Field(default=",", min_length=1, description="Separator.")
    file_quote: str = Field(default='"', min_length=1, max_length=1, description="Quote.")
    file_encoding: Encoding = Field(
        default="utf-8", description="Encoding; a UTF-8 BOM is dropped."
    )
    slugify_cols: bool = Field(default=True, description="Slug the column names.")
    slugify_replacements: list[tuple[str, str]] = Field(
        default_factory=list, description="Pairs (text, substitute) applied before slugging."
    )
    ignore_cols: list[str] = Field(
        default_factory=list, description="Columns deliberately not taken, and no drift."
    )
    max_rejected_rows: int = Field(default=0, ge=0, description="More fail the run.")
    max_unpacked_bytes: int = Field(
        default=Limits.max_bytes,
        gt=0,
        description="The most that a gzip file, or all of an archive's members, unpack to.",
    )
    max_members: int = Field(
        default=Limits.max_members, gt=0, description="The most members that an archive may list."
    )
    archive_password_env: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="Environment variable that holds the password of encrypted archives.",
    )

    @model_validator(mode="after")
    def _one_format(self) -> Self:
        flat = sorted({"file_sep", "file_quote", "file_encoding"} & self.model_fields_set)
        if self.format is not None and flat:
            raise ValueError(f"{', '.join(flat)} cannot stand beside format: put it inside")
        return self

    @property
    def file_format(self) -> Format:
        """What the files are; the flat options are short for delimited text."""
        return self.format or Delimited(
            sep=self.file_sep, quote=self.file_quote, encoding=self.file_encoding
        )

    @property
    def limits(self) -> Limits:
        """What an archive may be."""
        return Limits(self.max_unpacked_bytes, self.max_members, self.archive_password_env)
