"""Loading: how a server gets its modules, without what it never uses, and without looking for garbage meanwhile.

docs/decisions/0014 tells what each of these steps is worth.
"""

import contextlib
import gc
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from types import ModuleType
from typing import Any

_BLAS_THREADS = "OPENBLAS_NUM_THREADS"
_TRACED_RUNS = "langchain_core.tracers.schemas"
# Optional to those who load them: for stack traces of structlog's, for uvicorn's reload, for httpx's command line.
_UNUSED = ("rich", "watchfiles", "pygments")


@contextlib.contextmanager
def frugally() -> Iterator[None]:
    """Import the modules of a server, and build it, inside this block; what is there at its end is there to stay."""
    defer_langsmith()
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        with _one_blas_thread(), _hidden(dict.fromkeys(_UNUSED)), _hidden({"requests": _requests()}):
            yield
    finally:
        # Later collections do not look at them: a full one took 0.1 s, in the middle of somebody's turn.
        gc.freeze()
        if was_collecting:
            gc.enable()


def defer_langsmith() -> None:
    """Load LangSmith when a run is traced, and not with LangChain, which wants one class of it for its annotations."""
    if _TRACED_RUNS not in sys.modules and not any(isinstance(each, _TracedRuns) for each in sys.meta_path):
        sys.meta_path.insert(0, _TracedRuns())


@contextlib.contextmanager
def _one_blas_thread() -> Iterator[None]:
    """numpy reads this once. The service multiplies nothing that is large; the threads only spin while they wait."""
    if _BLAS_THREADS in os.environ:
        yield
        return
    os.environ[_BLAS_THREADS] = "1"
    try:
        yield
    finally:
        os.environ.pop(_BLAS_THREADS, None)


@contextlib.contextmanager
def _hidden(stand_ins: Mapping[str, ModuleType | None]) -> Iterator[None]:
    """Whoever looks for these packages finds what stands in for them, or, for None, that there is no such package."""
    hidden = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    sys.modules.update(hidden)  # type: ignore[arg-type]  # None is the import system's own word for it
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def _requests() -> ModuleType:
    """What langchain-core wants of requests: for the one function that raises of a response, which nobody calls here,
    what it catches and what it names. Every error of requests is an OSError, so it is caught all the same."""
    stand_in = ModuleType("requests")
    vars(stand_in).update(HTTPError=OSError, Response=object)
    return stand_in


class _DeferredRun(type):
    """Stands for LangSmith's RunTree: a run that is made is a real one, and what is asked of the class it is asked."""

    def __call__(cls, *values: Any, **named: Any) -> Any:
        return _run_tree()(*values, **named)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):  # typing asks each class for some
            raise AttributeError(name)
        return getattr(_run_tree(), name)

    def __instancecheck__(cls, instance: Any) -> bool:
        return "langsmith.run_trees" in sys.modules and isinstance(instance, _run_tree())


class _Run(metaclass=_DeferredRun):
    """See there."""


class _TracedRuns:
    """Finds LangChain's module of traced runs, which holds the name Run and nothing else; more is read from its file.

    The import system's own way to say where a module comes from: nothing of LangChain is changed.
    """

    def __init__(self) -> None:
        self._path: Sequence[str] | None = None

    def find_spec(self, name: str, path: Sequence[str] | None, _target: ModuleType | None = None) -> ModuleSpec | None:
        """Of that module alone."""
        if name != _TRACED_RUNS:
            return None
        self._path = path
        return ModuleSpec(name, self)  # type: ignore[arg-type]  # its base class would cost a start 20 modules

    def create_module(self, _spec: ModuleSpec) -> None:
        """An ordinary one."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill it."""

        def ask_the_file(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return getattr(self._file(), name)

        vars(module).update(Run=_Run, __all__=["Run"], __getattr__=ask_the_file)

    def _file(self) -> ModuleType:
        spec = PathFinder.find_spec(_TRACED_RUNS, self._path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def _run_tree() -> Any:
    from langsmith import RunTree

    return RunTree
