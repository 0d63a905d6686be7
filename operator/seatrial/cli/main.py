"""`seatrial`: one module a command or group of commands; errors are one line on stderr and exit code 2."""

import sys
from collections.abc import Sequence

import click

from seatrial.cli.channel import channel
from seatrial.cli.push import push
from seatrial.cli.session import Session, World, real_world
from seatrial.cli.show import show
from seatrial.cli.versions import versions
from seatrial.contract import environment
from seatrial.contract.layout import URI_RULE, InvalidLocationError
from seatrial.contract.names import InvalidNameError
from seatrial.contract.reading import DocumentError
from seatrial.store.objects import StoreError

_MISTAKE, _INTERRUPTED = 2, 130
_ENDPOINTS = [environment.ENDPOINT, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
_REGIONS = [environment.REGION, "AWS_REGION", "AWS_DEFAULT_REGION"]
_EXPECTED = (StoreError, DocumentError, InvalidNameError, InvalidLocationError, OSError)


@click.group(name="seatrial", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--store", envvar=environment.STORE, show_envvar=True, metavar="URI", help=f"The store: {URI_RULE}.")
@click.option("--endpoint", envvar=_ENDPOINTS, show_envvar=True, metavar="URL", help="The S3 server; default: AWS.")
@click.option("--region", envvar=_REGIONS, show_envvar=True, help="The S3 region.")
@click.version_option(package_name="seatrial")
@click.pass_context
def seatrial(context: click.Context, store: str | None, endpoint: str | None, region: str | None) -> None:
    """Take model versions to their sea trial.

    Credentials for the store come from where AWS's tools take them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a
    profile, or the machine's own identity.
    """
    context.obj = Session(context.find_object(World) or real_world(), store, endpoint or None, region or None)


seatrial.add_command(push)
seatrial.add_command(versions)
seatrial.add_command(show)
seatrial.add_command(channel)


def main(arguments: Sequence[str] | None = None, world: World | None = None) -> int:
    """Run a command line (default: the process's) in a world (default: the real one); return the exit code."""
    given = None if arguments is None else list(arguments)
    try:
        code = seatrial.main(given, prog_name="seatrial", standalone_mode=False, obj=world)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return _MISTAKE
    except click.Abort:
        return _INTERRUPTED
    except click.ClickException as error:
        return _fail(error.format_message())
    except _EXPECTED as error:
        return _fail(str(error))
    return code if isinstance(code, int) else 0


def _fail(message: str) -> int:
    print("seatrial:", " ".join(message.split()), file=sys.stderr)
    return _MISTAKE
