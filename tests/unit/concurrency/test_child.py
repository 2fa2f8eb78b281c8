"""The parent's side: calls, deaths, new starts, turns, giving up."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from conversational_rag.concurrency import child as child_room
from conversational_rag.concurrency.child import (
    ChildDied,
    ChildNotStarted,
    ChildProcess,
    ChildRefused,
    ChildTimedOut,
)

Start = Callable[..., ChildProcess]


async def _blocked(child: ChildProcess, tmp_path: Path, until: Callable, **options: object) -> asyncio.Task:
    """A call that is being carried out and waits for the file `go`."""
    arguments = {"path": str(tmp_path / "go"), "mark": str(tmp_path / "mark")}
    call = asyncio.create_task(child.call("wait_for", arguments, **options))
    await until((tmp_path / "mark").exists)
    return call


def _go(tmp_path: Path) -> None:
    (tmp_path / "go").touch()


async def test_a_call_is_answered_with_a_result_and_a_payload(child: ChildProcess) -> None:
    answer = await child.call("echo", {"words": ["é", 1, None]}, b"abc")
    assert answer.header["result"] == {"words": ["é", 1, None]}
    assert answer.payload == b"cba"


async def test_a_payload_larger_than_any_pipe_goes_through_both_ways(child: ChildProcess) -> None:
    payload = bytes(range(256)) * 40_000
    assert (await child.call("echo", payload=payload)).payload == payload[::-1]


async def test_nothing_is_started_before_the_first_call(child: ChildProcess) -> None:
    assert (child.starts, child.pid) == (0, None)
    answered = (await child.call("pid")).header["result"]
    assert (child.starts, child.pid) == (1, answered)


async def test_what_the_child_prints_does_not_disturb_its_answers(child: ChildProcess) -> None:
    assert (await child.call("print_noise")).header["result"] == "quiet"
    assert (await child.call("echo", {"a": 1})).header["result"] == {"a": 1}


async def test_an_exception_of_a_handler_comes_back_by_name_and_the_child_lives_on(child: ChildProcess) -> None:
    with pytest.raises(ChildRefused, match="ValueError: wrong shape") as caught:
        await child.call("fail", {"message": "wrong shape"})
    assert (caught.value.kind, caught.value.message) == ("ValueError", "wrong shape")
    await child.call("echo")
    assert child.starts == 1


async def test_a_child_does_not_inherit_api_keys(child: ChildProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_secret")
    monkeypatch.setenv("HARMLESS", "yes")
    environment = (await child.call("environment")).header["result"]
    assert environment["HARMLESS"] == "yes"
    assert "gsk_secret" not in str(environment)


async def test_it_has_the_variables_that_are_meant_for_it(start: Callable[..., ChildProcess]) -> None:
    child = start(environment={"MALLOC_ARENA_MAX": "1"})
    assert (await child.call("environment")).header["result"]["MALLOC_ARENA_MAX"] == "1"


async def test_a_method_that_does_not_exist_is_refused(child: ChildProcess) -> None:
    with pytest.raises(ChildRefused) as caught:
        await child.call("no_such_method")
    assert caught.value.kind == "KeyError"


async def test_a_child_that_dies_in_a_call_is_reported_and_started_again_by_the_next(child: ChildProcess) -> None:
    with pytest.raises(ChildDied) as caught:
        await child.call("die", {"code": 3})
    assert caught.value.exit_code == 3
    assert not isinstance(caught.value, ChildNotStarted)
    await child.call("echo")
    assert child.starts == 2


async def test_a_child_killed_in_a_call_is_reported_with_the_signal(
    child: ChildProcess, tmp_path: Path, until: Callable
) -> None:
    call = await _blocked(child, tmp_path, until)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(ChildDied) as caught:
        await call
    assert caught.value.exit_code == -signal.SIGKILL


async def test_a_child_killed_between_two_calls_is_nobodys_failure(child: ChildProcess, until: Callable) -> None:
    await child.call("echo")
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    await until(lambda: child.pid is None)
    assert (await child.call("echo", {"a": 1})).header["result"] == {"a": 1}
    assert child.starts == 2


async def test_a_call_that_takes_too_long_costs_the_child_its_life(child: ChildProcess, tmp_path: Path) -> None:
    first = (await child.call("pid")).header["result"]
    with pytest.raises(ChildTimedOut, match=r"0\.1 seconds"):
        await child.call("wait_for", {"path": str(tmp_path / "never")}, timeout_seconds=0.1)
    assert (await child.call("pid")).header["result"] != first


async def test_waiting_for_a_turn_does_not_count_as_time_of_the_call(
    child: ChildProcess, tmp_path: Path, until: Callable
) -> None:
    blocked = await _blocked(child, tmp_path, until)
    waiting = asyncio.create_task(child.call("echo", timeout_seconds=5.0))
    done, _ = await asyncio.wait({waiting}, timeout=0.05)
    assert not done
    _go(tmp_path)
    await asyncio.gather(blocked, waiting)


async def test_a_start_that_fails_says_why(start: Start) -> None:
    child = start("--fail")
    with pytest.raises(ChildNotStarted, match="LookupError: nothing to serve") as caught:
        await child.call("echo")
    assert (caught.value.kind, caught.value.message) == ("LookupError", "nothing to serve")
    assert caught.value.exit_code == 1
    assert child.pid is None


async def test_a_child_that_ends_before_it_is_ready_was_not_started(start: Start) -> None:
    with pytest.raises(ChildNotStarted) as caught:
        await start("--die").call("echo")
    assert (caught.value.kind, caught.value.exit_code) == ("ChildDied", 5)


async def test_a_module_that_does_not_exist_was_not_started() -> None:
    with pytest.raises(ChildNotStarted):
        await ChildProcess("no_such_module_anywhere").call("echo")


async def test_an_interpreter_that_cannot_be_run_was_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(ChildNotStarted) as caught:
        await ChildProcess("sample_child").call("echo")
    assert caught.value.kind == "FileNotFoundError"


async def test_a_child_that_never_becomes_ready_is_given_up(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "modules" / "sleeper.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setattr(child_room, "_START_SECONDS", 0.3)
    child = ChildProcess("sleeper")
    with pytest.raises(ChildNotStarted) as caught:
        await child.call("echo")
    assert caught.value.kind == "ChildTimedOut"
    assert child.pid is None


async def test_a_start_can_be_refused(start: Start) -> None:
    refusals = iter([None, PermissionError("not again")])

    def before_start() -> None:
        if refusal := next(refusals):
            raise refusal

    child = start(before_start=before_start)
    with pytest.raises(ChildDied):
        await child.call("die", {"code": 1})
    with pytest.raises(PermissionError, match="not again"):
        await child.call("echo")
    assert child.starts == 1


async def test_urgent_calls_overtake_those_that_wait(child: ChildProcess, tmp_path: Path, until: Callable) -> None:
    blocked = await _blocked(child, tmp_path, until)
    log = {"path": str(tmp_path / "log")}
    waiting = [asyncio.create_task(child.call("append", log | {"line": line})) for line in ("slow", "slower")]
    waiting.append(asyncio.create_task(child.call("append", log | {"line": "urgent"}, urgent=True)))
    await asyncio.sleep(0)
    _go(tmp_path)
    await asyncio.gather(blocked, *waiting)
    assert (tmp_path / "log").read_text().split() == ["urgent", "slow", "slower"]


async def test_a_caller_that_goes_away_leaves_no_answer_behind_for_the_next(
    child: ChildProcess, tmp_path: Path, until: Callable
) -> None:
    blocked = await _blocked(child, tmp_path, until)
    blocked.cancel()
    following = asyncio.create_task(child.call("echo", {"mine": True}))
    _go(tmp_path)
    assert (await following).header["result"] == {"mine": True}
    assert blocked.cancelled()
    assert child.starts == 1


async def test_a_call_whose_caller_has_gone_is_still_carried_out(
    child: ChildProcess, tmp_path: Path, until: Callable
) -> None:
    blocked = await _blocked(child, tmp_path, until)
    write = asyncio.create_task(child.call("append", {"path": str(tmp_path / "log"), "line": "written"}))
    await asyncio.sleep(0)
    write.cancel()
    _go(tmp_path)
    await blocked
    await child.call("echo")
    assert (tmp_path / "log").read_text() == "written\n"


async def test_the_child_can_be_killed_when_its_caller_goes_away(start: Start, tmp_path: Path, until: Callable) -> None:
    child = start(kill_when_cancelled=True)
    blocked = await _blocked(child, tmp_path, until)
    first = child.pid
    blocked.cancel()
    assert (await child.call("pid")).header["result"] != first
    assert child.starts == 2


async def test_stopping_lets_the_running_call_finish_and_refuses_the_rest(
    child: ChildProcess, tmp_path: Path, until: Callable
) -> None:
    blocked = await _blocked(child, tmp_path, until)
    late = asyncio.create_task(child.call("echo"))
    await asyncio.sleep(0)
    stopping = asyncio.create_task(child.stop())
    await asyncio.sleep(0)
    _go(tmp_path)
    assert (await blocked).header["result"] == "seen"
    await stopping
    with pytest.raises(ChildNotStarted) as caught:
        await late
    assert caught.value.kind == "Stopped"
    assert child.pid is None


async def test_stopping_twice_or_before_any_call_is_fine(child: ChildProcess) -> None:
    await child.stop()
    await child.stop()
    with pytest.raises(ChildNotStarted):
        await child.call("echo")
    assert child.starts == 0


async def test_a_child_that_does_not_go_is_killed(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_room, "_STOP_SECONDS", 0.2)
    child = start("--stay")
    await child.call("echo")
    await child.stop()
    assert child.pid is None
