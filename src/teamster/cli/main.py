"""The ``teamster`` command: ``demo``, ``dev``, ``dbt-parse``, ``dbt-stage``, ``reencode``."""

import signal
import subprocess
import sys
from pathlib import Path
from pkgutil import iter_modules

import click

from teamster import code_locations
from teamster.cli.demo.drop import STUDENTS_PER_SCHOOL
from teamster.cli.demo.environment import demo_environment
from teamster.core.errors import TeamsterError
from teamster.core.settings import checkout
from teamster.libraries.dbt.settings import dbt_dir

_DROP = click.option(
    "--drop",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Serve this folder, one folder a vendor, instead of a generated drop.",
)

_STUDENTS = click.option(
    "--students",
    type=click.IntRange(min=1),
    default=STUDENTS_PER_SCHOOL,
    show_default=True,
    help="About how many students a school has in what is made up.",
)


@click.group()
@click.version_option(package_name="teamster")
def main() -> None:
    """Teamster: vendors' files and APIs, as tables, by YAML."""


@main.command()
@_DROP
@_STUDENTS
def demo(drop: Path | None, students: int) -> None:
    """Run everything once, from vendors' servers on loopback to answers out of the warehouse.

    Ends with exit code 1 if any part failed.
    """
    from teamster.cli.demo.run import run_demo  # Dagster and dbt load when they are needed

    try:
        with demo_environment(drop, students) as environment:
            succeeded = run_demo(environment)
    except TeamsterError as error:
        raise click.ClickException(str(error)) from None
    sys.exit(0 if succeeded else 1)


@main.command()
@_DROP
@_STUDENTS
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the UI listens.")
@click.option("--port", default=3000, show_default=True, help="The UI's port.")
def dev(drop: Path | None, students: int, host: str, port: int) -> None:
    """Open the Dagster UI over all code locations, with the demo's servers running."""
    with demo_environment(drop, students):
        click.echo(f"Dagster UI: http://{host}:{port}  (Ctrl-C ends it)")
        command = [str(Path(sys.executable).with_name("dg")), "dev", "--workspace"]
        options = ["workspace.yaml", "--host", host, "--port", str(port)]
        sys.exit(_run_until_stopped([*command, *options]))


def _run_until_stopped(command: list[str]) -> int:
    """Runs a command where ``workspace.yaml`` is; a request to stop is passed on to it."""
    with subprocess.Popen(command, cwd=checkout()) as process:  # noqa: S603 - our own words
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the terminal told the child too: let it close
                continue


@main.command("dbt-parse")
def dbt_parse() -> None:
    """Parse every code location's dbt project anew; a warning of dbt's is an error."""
    from teamster.libraries.dbt.project import check_dbt_project

    for name in sorted(module.name for module in iter_modules(code_locations.__path__)):
        if not (dbt_dir() / name).is_dir():
            continue
        try:
            check_dbt_project(name)
        except TeamsterError as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"dbt project {name}: parsed")


@main.command("dbt-stage")
@click.argument("code_location")
def dbt_stage(code_location: str) -> None:
    """Bring a code location's dbt sources up to date in BigQuery, before a dbt run by hand.

    Dagster does so itself, and the embedded warehouse while dbt runs.
    """
    from teamster.libraries.dbt.staging import stage_project

    try:
        count = stage_project(code_location)
    except TeamsterError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"The sources of {code_location} are up to date: {count} objects")


@main.command()
@click.argument("asset_key")
@click.option(
    "--partition",
    "partitions",
    multiple=True,
    metavar="KEY",
    help="Only this partition; can be given several times.",
)
@click.option("--apply", is_flag=True, help="Rewrite the objects; without it nothing is changed.")
def reencode(asset_key: str, partitions: tuple[str, ...], apply: bool) -> None:
    """Rewrite an asset's old objects to its present Avro schema.

    ASSET_KEY is as the UI shows it, such as kippnewark/iready/diagnostic_results. Ends with exit
    code 1 if something cannot be resolved, or was changed by another run meanwhile.
    """
    from teamster.cli.reencode import reencode_asset

    try:
        succeeded = reencode_asset(asset_key, partitions, apply=apply)
    except TeamsterError as error:
        raise click.ClickException(str(error)) from None
    sys.exit(0 if succeeded else 1)
