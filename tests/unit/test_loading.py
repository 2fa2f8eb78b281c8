"""How a server's modules are loaded: each promise in a process of its own, for here everything is loaded already."""

import subprocess
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path

import pytest


def done(program: str) -> str:
    """What it prints; it must end well, and warn of nothing."""
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(program)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def test_langchain_is_loaded_and_run_without_langsmith() -> None:
    assert (
        done(
            """
        import sys
        from conversational_rag import loading
        loading.defer_langsmith()
        from langchain_core.language_models.chat_models import BaseChatModel
        from langchain_core.prompts import ChatPromptTemplate
        from langchain_core.retrievers import BaseRetriever
        from langchain_core.runnables import Runnable
        print(sorted(name for name in sys.modules if name.partition(".")[0] == "langsmith"))
        """
        )
        == "[]\n"
    )


def test_a_run_that_is_collected_is_langsmiths_own() -> None:
    assert (
        done(
            """
        from conversational_rag import loading
        loading.defer_langsmith()
        from langchain_core.runnables import RunnableLambda
        from langchain_core.tracers.context import collect_runs
        with collect_runs() as collected:
            RunnableLambda(lambda number: number + 1, name="successor").invoke(1)
        import langsmith
        from langchain_core.tracers.schemas import Run
        run, = collected.traced_runs
        print(run.name, run.outputs, type(run) is langsmith.RunTree, isinstance(run, Run), isinstance(1, Run))
        print(Run.model_construct(name="built").name)
        """
        )
        == "successor {'output': 2} True True False\nbuilt\n"
    )


def test_events_of_a_run_are_streamed_as_ever() -> None:
    assert (
        done(
            """
        import asyncio
        from conversational_rag import loading
        loading.defer_langsmith()
        from langchain_core.runnables import RunnableLambda
        async def events():
            return [each["event"] async for each in RunnableLambda(str).astream_events(1, version="v2")]
        print(*asyncio.run(events()))
        """
        )
        == "on_chain_start on_chain_stream on_chain_end\n"
    )


def test_what_else_langchains_file_may_hold_one_day_is_read_from_it() -> None:
    assert (
        done(
            """
        from conversational_rag import loading
        loading.defer_langsmith()
        loading.defer_langsmith()
        import langchain_core.tracers.schemas
        from langchain_core.tracers.schemas import annotations
        print(annotations.compiler_flag > 0, hasattr(langchain_core.tracers.schemas, "nothing"))
        """
        )
        == "True False\n"
    )


def test_a_refusal_that_langchain_reads_is_one_of_the_real_requests() -> None:
    assert (
        done(
            """
        import sys
        from conversational_rag import loading
        with loading.frugally():
            from langchain_core.utils.utils import raise_for_status_with_text
        print("requests" in sys.modules)
        import requests
        refusal = requests.Response()
        refusal.status_code, refusal._content = 500, b"no room"
        try:
            raise_for_status_with_text(refusal)
        except ValueError as error:
            print(error)
        """
        )
        == "False\nno room\n"
    )


def test_the_file_holds_no_more_than_what_is_deferred() -> None:
    spec = find_spec("langchain_core.tracers")
    assert spec is not None
    assert spec.origin is not None
    file = Path(spec.origin).with_name("schemas.py").read_text(encoding="utf-8")
    assert file.partition("__all__ = ")[2].split() == ["[", '"Run",', "]"]
    assert "Run = RunTree" in file


@pytest.mark.parametrize("inside", ["pass", "raise KeyError"])
def test_everything_is_as_before_when_a_server_is_loaded(inside: str) -> None:
    assert (
        done(
            f"""
        import contextlib, gc, os
        from conversational_rag import loading
        with contextlib.suppress(KeyError), loading.frugally():
            print(gc.isenabled(), os.environ["OPENBLAS_NUM_THREADS"])
            try:
                import rich
            except ImportError:
                print("no rich")
            {inside}
        import rich.console
        print(gc.isenabled(), os.environ.get("OPENBLAS_NUM_THREADS"), gc.get_freeze_count() > 1000)
        """
        )
        == "False 1\nno rich\nTrue None True\n"
    )


def test_who_has_chosen_otherwise_is_left_alone() -> None:
    assert (
        done(
            """
        import gc, os, rich, sys
        os.environ["OPENBLAS_NUM_THREADS"] = "7"
        gc.disable()
        from conversational_rag import loading
        with loading.frugally():
            import rich.console
        print(gc.isenabled(), os.environ["OPENBLAS_NUM_THREADS"], sys.modules["rich"] is rich)
        """
        )
        == "False 7 True\n"
    )
