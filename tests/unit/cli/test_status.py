"""`seatrial status` and `list`: what a person sees of a ModelDeployment, and what a program reads."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from seatrial.api.conditions import Reason, Truth, Type
from seatrial.api.status import Stage, Status
from tests.unit.cli.conftest import Terminal
from tests.unit.cli.worlds import (
    CANDIDATE,
    SERVING,
    STABLE,
    awaiting,
    document,
    ended,
    finding,
    in_probation,
    on_trial,
    rolled_back,
    saying,
)

V2, V3 = f"version 2 (revision {STABLE.revision})", f"version 3 (revision {CANDIDATE.revision})"


def screen(seatrial: Terminal, status: Status, **changes: Any) -> list[str]:
    """Return the lines of the screen, without the spaces that align them."""
    seatrial.cluster.put(document(status, **changes))
    assert seatrial("status", "risk", store=None) == 0
    return [" ".join(line.split()) for line in seatrial.out.splitlines()]


def after(lines: list[str], label: str) -> str:
    """Return what the screen says of something."""
    return next(line.removeprefix(f"{label} ") for line in lines if line.startswith(f"{label} "))


def test_a_trial_is_shown_with_its_stage_step_traffic_and_checks(seatrial: Terminal) -> None:
    status = on_trial(
        step=1, weight=5, held="step 2 passes so far; 7m left", findings=(finding("Pass"), finding("Fail", "latency"))
    )
    seatrial.cluster.put(document(status))
    seatrial("status", "risk", store=None)
    assert seatrial.out.splitlines() == [
        "model    ml/risk, wants channel latest",
        f"serves   {V2}, on 2 pods",
        f"trial    {V3}, for 41m",
        "stage    Preparing › Shadow › [Canary] › Probation",
        "step     1 % › [5 %] › 25 % › 50 % (approval) › all, for 3m",
        "traffic  version 2 95 %, version 3 5 %",
        "now      step 2 passes so far; 7m left",
        "checks   errors: Pass · candidate 0/739 (0.0 %) vs stable 0/1,416 (0.0 %)",
        "         latency: Fail · candidate 0/739 (0.0 %) vs stable 0/1,416 (0.0 %)",
        "next     nothing: it goes on by itself; to follow it: seatrial watch risk -n ml",
        "         to end the trial: seatrial abort risk -n ml",
    ]


def test_a_step_without_its_weight_has_not_begun(seatrial: Terminal) -> None:
    status = on_trial()
    assert status.trial is not None
    lines = screen(seatrial, replace(status, trial=replace(status.trial, step_since=None)))
    assert after(lines, "step").endswith("not in effect yet")


def test_after_the_last_step_it_goes_to_all(seatrial: Terminal) -> None:
    assert after(screen(seatrial, on_trial(step=4)), "step").endswith("50 % (approval) › [all], scales up to take over")


def test_without_a_gateway_the_share_is_that_of_the_pods(seatrial: Terminal) -> None:
    lines = screen(seatrial, on_trial(step=1, weight=5), route=None)
    assert after(lines, "traffic") == "version 2 about 67 %, version 3 about 33 %, by pods: spec.route is not set"


def test_stages_that_the_spec_leaves_out_are_not_shown(seatrial: Terminal) -> None:
    lines = screen(seatrial, on_trial(), rollout={"shadow": {"enabled": False}})
    assert after(lines, "stage") == "Preparing › [Canary] › Probation"


def test_a_stage_without_traffic_shows_none(seatrial: Terminal) -> None:
    lines = screen(seatrial, on_trial(Stage.SHADOW))
    assert after(lines, "stage") == "Preparing › [Shadow] › Canary › Probation"
    assert not any(line.startswith(("traffic", "step")) for line in lines)


def test_a_check_that_holds_is_not_told_twice(seatrial: Terminal) -> None:
    inconclusive = finding("Inconclusive")
    held = f"errors: Inconclusive · {inconclusive.message}; 3 m left"
    lines = screen(seatrial, on_trial(held=held, findings=(inconclusive,)))
    assert after(lines, "now") == "the check errors has not passed yet; 3 m left"


def test_what_is_left_of_alpha_is_shown(seatrial: Terminal) -> None:
    assert after(screen(seatrial, on_trial(alpha_left="0.0083")), "alpha left") == "0.0083 of 0.01"


def test_a_probation_names_the_version_that_stays_warm(seatrial: Terminal) -> None:
    lines = screen(seatrial, in_probation())
    assert after(lines, "serves") == f"{V3}, on 2 pods"
    assert after(lines, "probation") == f"for 12m of 30m; {V2} stays warm"


def test_before_the_first_version_nothing_serves(seatrial: Terminal) -> None:
    assert after(screen(seatrial, Status()), "serves") == "nothing yet"


def test_the_spec_may_want_a_version(seatrial: Terminal) -> None:
    assert after(screen(seatrial, SERVING, model={"version": "7"}), "model") == "ml/risk, wants version 7"


def test_the_last_trials_are_shown_the_last_one_first_and_cut(seatrial: Terminal) -> None:
    endings = [ended("Promoted", STABLE, minutes) for minutes in (50, 40, 30)]
    lines = screen(
        seatrial, replace(SERVING, history=(*endings, ended("RolledBack", minutes=5, message="words " * 99)))
    )
    shown = [line for line in lines if " at 2026-01-02 " in line]
    assert [line.split()[-1 if "…" in line else 0] for line in shown] == ["…", "version", "version"]
    assert shown[0].startswith("before version 3 RolledBack at 2026-01-02 02:59 UTC: words")
    assert len(shown[0]) < 230


def test_conditions_are_shown_only_where_somebody_should_know(seatrial: Terminal) -> None:
    status = saying(SERVING, Type.READY, Truth.TRUE, Reason.SERVING, "it serves")
    status = saying(status, Type.DRIFTED, Truth.TRUE, Reason.DRIFT_FIRING, "team drifted")
    status = saying(status, Type.ACCURACY_MET, Truth.UNKNOWN, Reason.NOT_WATCHED, "it is not set")
    status = saying(status, Type.RECONCILING, Truth.TRUE, Reason.ON_TRIAL, "on its way")
    lines = screen(seatrial, status)
    assert after(lines, "conditions") == "Drifted is True (DriftFiring): team drifted"
    assert not any("it serves" in line or "it is not set" in line or "on its way" in line for line in lines)


def test_what_the_trial_says_is_not_told_again_as_a_condition(seatrial: Terminal) -> None:
    status = saying(on_trial(held="too long", reason="Paused"), Type.STALLED, Truth.TRUE, Reason.PAUSED, "too long")
    assert sum("too long" in line for line in screen(seatrial, status)) == 1


# what to do next


@pytest.mark.parametrize(
    ("status", "changes", "line"),
    [
        (awaiting(), {}, "to approve its step of 50 %: seatrial promote risk -n ml"),
        (awaiting(), {"annotations": {"seatrial.dev/promote": f"{CANDIDATE.revision}/50"}}, "nothing: it was approved"),
        (awaiting(), {"annotations": {"seatrial.dev/promote": CANDIDATE.revision}}, "nothing: it was approved"),
        (
            awaiting(),
            {"annotations": {"seatrial.dev/promote": f"{CANDIDATE.revision}/25"}},
            "to approve its step of 50 %",
        ),
        (on_trial(), {"annotations": {"seatrial.dev/abort": CANDIDATE.revision}}, "nothing: it is aborted"),
        (on_trial(), {"annotations": {"seatrial.dev/abort": STABLE.revision}}, "nothing: it goes on by itself"),
        (on_trial(reason="Paused"), {"rollout": {"paused": True}}, "to go on: set spec.rollout.paused to false"),
        (on_trial(reason="DeadlineExceeded"), {}, "to promote it all the same: seatrial promote risk -n ml --full"),
        (on_trial(), {"observed": 0}, "wait: the operator has not seen this spec yet"),
        (in_probation(), {}, "nothing: the probation ends by itself"),
        (rolled_back(), {}, "to try version 3 again: seatrial retry risk -n ml"),
        (replace(rolled_back(), history=(ended("RolledBack"), ended("Promoted", STABLE, 1))), {}, "nothing"),
        (replace(rolled_back(), rejected=()), {}, "nothing"),
        (SERVING, {}, "nothing"),
        (saying(SERVING, Type.STALLED, Truth.TRUE, Reason.INVALID_SPEC, "no"), {}, "do what Stalled says"),
        (saying(on_trial(), Type.STALLED, Truth.TRUE, Reason.INVALID_SPEC, "no"), {}, "do what Stalled says"),
    ],
)
def test_the_screen_says_what_to_do_next(
    seatrial: Terminal, status: Status, changes: dict[str, Any], line: str
) -> None:
    assert after(screen(seatrial, status, **changes), "next").startswith(line)


def test_who_is_stalled_by_a_refusal_may_try_it_again(seatrial: Terminal) -> None:
    aborted = replace(rolled_back(), stable=None, history=(ended("Aborted"),))
    lines = screen(seatrial, saying(aborted, Type.STALLED, Truth.TRUE, Reason.ABORTED, "version 3 is not tried"))
    assert after(lines, "next").startswith("do what Stalled says")
    assert lines[-1] == "to try version 3 again: seatrial retry risk -n ml"


def test_who_waits_for_a_person_may_also_be_ended(seatrial: Terminal) -> None:
    for status in (awaiting(), on_trial(reason="DeadlineExceeded"), on_trial(reason="Paused")):
        assert "to end the trial: seatrial abort risk -n ml" in screen(seatrial, status)
    assert "to go back now: seatrial abort risk -n ml" in screen(seatrial, in_probation())


# terminals and programs


def test_a_terminal_breaks_texts_beside_their_labels(seatrial: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    seatrial.cluster.put(document(on_trial(held="step 2 passes so far; 7m left")))
    seatrial("status", "risk", store=None)
    lines = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", seatrial.out).splitlines()]
    assert max(map(len, lines)) <= 60
    assert lines[-3:] == [
        "next     nothing: it goes on by itself; to follow it:",
        "         seatrial watch risk -n ml",
        "         to end the trial: seatrial abort risk -n ml",
    ]


def test_a_terminal_shows_a_verdict_in_its_colour(seatrial: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    seatrial.cluster.put(document(on_trial(findings=(finding("Fail"),))))
    seatrial("status", "risk", store=None)
    assert "\x1b[1;31merrors: Fail" in seatrial.out


def test_what_a_message_says_is_never_taken_for_a_style(seatrial: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    seatrial.cluster.put(document(on_trial(held="[red]classes[/]")))
    seatrial("status", "risk", store=None)
    assert "[red]classes[/]" in seatrial.out


def test_a_program_reads_the_status_and_what_can_be_done(seatrial: Terminal) -> None:
    seatrial.cluster.put(document(awaiting()))
    assert seatrial("status", "risk", "--json", store=None) == 0
    said = json.loads(seatrial.out)
    assert said["status"]["trial"]["heldReason"] == "AwaitingApproval"
    assert (said["namespace"], said["name"], said["observed"], said["awaitedWeight"]) == ("ml", "risk", True, 50)
    assert said["next"][0] == "to approve its step of 50 %: seatrial promote risk -n ml"


# where


def test_cluster_and_namespace_are_options(seatrial: Terminal) -> None:
    seatrial.cluster.put(document(namespace="prod"))
    options = ["--kubeconfig", "/k", "--context", "c"]
    assert seatrial("status", "risk", "-n", "prod", *options, store=None) == 0
    assert seatrial.reached == [("/k", "c")]
    assert "model   prod/risk," in seatrial.out


def test_the_namespace_is_the_contexts_own(seatrial: Terminal) -> None:
    seatrial.cluster.namespace = "prod"
    seatrial.cluster.put(document(namespace="prod"))
    assert seatrial("status", "risk", store=None) == 0


@pytest.mark.parametrize(
    "arguments", [("status", "a/b"), ("promote", "x", "-n", "a?b"), ("status", ""), ("abort", "A")]
)
def test_a_name_that_cannot_be_one_reaches_no_cluster(seatrial: Terminal, arguments: tuple[str, ...]) -> None:
    assert seatrial(*arguments, store=None) == 2
    assert "expected 1 to 63 lower case letters" in seatrial.err
    assert seatrial.reached == []


def test_what_is_not_there_is_one_line(seatrial: Terminal) -> None:
    assert seatrial("status", "risk", store=None) == 2
    assert seatrial.err == "seatrial: there is no ModelDeployment risk in namespace ml\n"


def test_an_object_that_is_none_is_one_line(seatrial: Terminal) -> None:
    seatrial.cluster.put({**document(), "spec": {"model": {"version": 7}}})
    assert seatrial("status", "risk", store=None) == 2
    assert seatrial.err == "seatrial: ModelDeployment: spec.model.version is 7; expected a string\n"


# list


def rows(seatrial: Terminal, *options: str) -> list[list[str]]:
    assert seatrial("list", *options, store=None) == 0
    return [line.split() for line in seatrial.out.splitlines()]


def test_a_list_has_a_line_each(seatrial: Terminal) -> None:
    seatrial.cluster.put(document(awaiting()))
    ready = saying(SERVING, Type.READY, Truth.TRUE, Reason.SERVING, "it serves")
    seatrial.cluster.put(document(ready, name="fraud"))
    seatrial.cluster.put(document(name="elsewhere", namespace="prod"))
    heading, *lines = rows(seatrial)
    assert heading == ["NAMESPACE", "NAME", "STABLE", "CANDIDATE", "STAGE", "STEP", "WEIGHT", "TRIAL", "READY", "NEEDS"]
    assert lines == [
        ["ml", "fraud", "2", "-", "Idle", "-", "-", "-", "True", "-"],
        ["ml", "risk", "2", "3", "Canary", "4/4", "25", "41m", "-", "AwaitingApproval"],
    ]


def test_a_list_may_be_of_all_namespaces(seatrial: Terminal) -> None:
    for namespace in ("prod", "ml"):
        seatrial.cluster.put(document(namespace=namespace))
    assert [line[0] for line in rows(seatrial, "-A")[1:]] == ["ml", "prod"]


def test_an_object_that_cannot_be_read_hides_no_other(seatrial: Terminal) -> None:
    seatrial.cluster.put(document())
    seatrial.cluster.put({**document(name="bad"), "spec": 7})
    assert [line[-1] for line in rows(seatrial)[1:]] == ["Unreadable", "-"]


def test_what_stalls_is_told_in_a_word(seatrial: Terminal) -> None:
    seatrial.cluster.put(document(saying(SERVING, Type.STALLED, Truth.TRUE, Reason.INVALID_SPEC, "no")))
    assert rows(seatrial)[1][-1] == "InvalidSpec"


def test_a_list_as_json_says_what_each_waits_for(seatrial: Terminal) -> None:
    seatrial.cluster.put(document(awaiting()))
    assert seatrial("list", "-o", "json", store=None) == 0
    (row,) = json.loads(seatrial.out)
    assert (row["name"], row["needs"], row["waitsFor"]) == (
        "risk",
        "AwaitingApproval",
        "waits for an approval of this step",
    )


def test_an_empty_list_is_no_mistake(seatrial: Terminal) -> None:
    assert seatrial("list", store=None) == 0
    assert (seatrial.out, seatrial.err) == ("", "there are no ModelDeployments in namespace ml\n")
    assert seatrial("list", "-A", store=None) == 0
    assert seatrial.err == "there are no ModelDeployments in the cluster\n"
    seatrial("list", "-o", "json", store=None)
    assert json.loads(seatrial.out) == []
