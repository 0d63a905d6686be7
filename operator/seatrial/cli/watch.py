"""`seatrial watch`: the status of a ModelDeployment, kept up to date until its trial ends."""

import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from math import inf

import click

from seatrial.api.quantities import DURATION_RULE, format_duration, parse_duration
from seatrial.cli.following import Ending, ending, followed, settled
from seatrial.cli.live import Show, shown
from seatrial.cli.model_deployment import ModelDeployment, read_model_deployment
from seatrial.cli.place import NAME, Place, on_cluster
from seatrial.ports import UnavailableError

LONGEST_LOOK = 60.0  # seconds of one watch: the next notices what one missed that went deaf without a word
PAUSE = 2.0  # seconds between two watches
MAXIMUM_FAILURES = 30  # watches in a row without an answer
_NOT_PROMOTED = 1


def _duration(context: click.Context, parameter: click.Parameter, value: str | None) -> timedelta | None:
    parsed = parse_duration(value) if value is not None else None
    if value is not None and not parsed:
        raise click.BadParameter(f"it is {value!r}; expected {DURATION_RULE} above 0s", context, parameter)
    return parsed


@click.command()
@NAME
@click.option("--version", help="Wait for the trial of this version; one that has ended counts.")
@click.option("--timeout", callback=_duration, help="Give up after this time, such as 90s or 2h; default: never.")
@click.option("--json", "as_json", is_flag=True, help="Write each state as a line of JSON.")
@on_cluster
def watch(place: Place, name: str, version: str | None, timeout: timedelta | None, as_json: bool) -> int:
    """Follow the trial of ModelDeployment NAME to its end.

    Where there is none yet, it is waited for. The exit code is 0 where the version was promoted, and 1 where it was
    rolled back, aborted or replaced.
    """
    with shown(place.world.now, as_json=as_json) as show:
        end = _follow(_states(place, name, timeout), show, version)
    if end is None:
        what = f"version {version} of {name}" if version is not None else name
        raise click.ClickException(f"no trial of {what} has ended within {format_duration(timeout or timedelta())}")
    if not as_json:
        click.echo(end.said)
    return 0 if end.good else _NOT_PROMOTED


def _follow(states: Iterable[ModelDeployment], show: Show, version: str | None) -> Ending | None:
    """Show one state after the other up to the end, None where there is none."""
    follows = None
    for model in states:
        show(model)
        follows = follows or followed(model, version)
        if follows is not None:
            end = ending(model, follows)
        else:
            end = settled(model, version) if version is not None else None
        if end is not None:
            return end
    return None


def _states(place: Place, name: str, timeout: timedelta | None) -> Iterator[ModelDeployment]:
    """Yield each state of the object, until the time is over. An API server that goes away is waited for."""
    until = None if timeout is None else place.world.now() + timeout
    seen, failures = "", 0
    while (left := inf if until is None else (until - place.world.now()).total_seconds()) > 0:
        try:
            for model in _look(place, name, min(left, LONGEST_LOOK)):
                failures = 0
                if model.version != seen:
                    seen = model.version
                    yield model
        except UnavailableError as error:
            failures += 1
            if not seen or failures > MAXIMUM_FAILURES:
                raise
            if failures == 1:
                print(f"seatrial: {error}; trying again", file=sys.stderr)
        place.world.sleep(PAUSE)


def _look(place: Place, name: str, seconds: float) -> Iterator[ModelDeployment]:
    """Yield the object as it is, and each change of it. A watch that breaks just ends: the next look reads anew."""
    answered = False
    try:
        for document in place.cluster.changes(place.namespace, name, seconds):
            answered = True
            yield read_model_deployment(document)
    except UnavailableError:
        if not answered:
            raise
