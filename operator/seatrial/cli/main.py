"""`seatrial`: one module a command or group of commands; errors are one line on stderr and exit code 2."""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from seatrial.cli.session import Session, World, real_world
from seatrial.contract import environment
from seatrial.contract.layout import URI_RULE, InvalidLocationError
from seatrial.contract.names import InvalidNameError
from seatrial.contract.reading import DocumentError
from seatrial.ports import ClusterError
from seatrial.store.objects import StoreError

COMMANDS = {
    "abort": "seatrial.cli.abort:abort",
    "channel": "seatrial.cli.channel:channel",
    "list": "seatrial.cli.listing:list_models",
    "promote": "seatrial.cli.promote:promote",
    "push": "seatrial.cli.push:push",
    "retry": "seatrial.cli.retry:retry",
    "show": "seatrial.cli.show:show",
    "status": "seatrial.cli.status:status",
    "versions": "seatrial.cli.versions:versions",
    "watch": "seatrial.cli.watch:watch",
}
_MISTAKE, _INTERRUPTED = 2, 130
_ENDPOINTS = [environment.ENDPOINT, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
_REGIONS = [environment.REGION, "AWS_REGION", "AWS_DEFAULT_REGION"]
_EXPECTED = (StoreError, ClusterError, DocumentError, InvalidNameError, InvalidLocationError, OSError)


class _Commands(click.Group):
    """The commands, of which only the one that is run is imported: a push needs nothing of the cluster's."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module, _, command = COMMANDS.get(cmd_name, "").partition(":")
        found: click.Command | None = getattr(import_module(module), command) if module else None
        return found


@click.group(name="seatrial", cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--store", envvar=environment.STORE, show_envvar=True, metavar="URI", help=f"The store: {URI_RULE}.")
@click.option("--endpoint", envvar=_ENDPOINTS, show_envvar=True, metavar="URL", help="The S3 server; default: AWS.")
@click.option("--region", envvar=_REGIONS, show_envvar=True, help="The S3 region.")
@click.version_option(package_name="seatrial")
@click.pass_context
def seatrial(context: click.Context, store: str | None, endpoint: str | None, region: str | None) -> None:
    """Take model versions to their sea trial.

    push, versions, show and channel talk to the store; list, status, watch, promote, abort and retry to the cluster.
    Credentials for the store come from where AWS's tools take them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a
    profile, or the machine's own identity.
    """
    context.obj = Session(context.find_object(World) or real_world(), store, endpoint or None, region or None)


def main(arguments: Sequence[str] | None = None, world: World | None = None) -> int:
    """Run a command line (default: the process's) in a world (default: the real one); return the exit code."""
    given = None if arguments is None else list(arguments)
    try:
        code = seatrial.main(given, prog_name=_program(), standalone_mode=False, obj=world)
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


def _program() -> str:
    return "kubectl seatrial" if Path(sys.argv[0]).name.startswith("kubectl-") else "seatrial"


def _fail(message: str) -> int:
    print("seatrial:", " ".join(message.split()), file=sys.stderr)
    return _MISTAKE
