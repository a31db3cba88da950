"""JupyterLab on the notebooks, opened so that it works on any machine and leaves the sources as they are.

The user's own settings of Jupyter stay in force, apart from those that would keep the notebooks from running here: the
kernel is this environment's, and the library is found. JupyterLab itself is asked nothing of the network.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from compendium import paths
from compendium.errors import CompendiumError
from compendium.explore import startup
from compendium.files import read_json

FOLDER = paths.NOTEBOOKS.name
DEFAULT_URL = f"/lab/tree/{FOLDER}"
SETTINGS = Path(__file__).resolve().parent
"""A folder whose ``labconfig/`` holds defaults of JupyterLab; a user's own choice goes before them."""
WORKSPACES = ".compendium-lab"
"""Where JupyterLab keeps which tabs were open, apart from those of the user's other work."""
_VOLATILE = ("execution", "ExecuteTime", "collapsed", "scrolled", "trusted")
"""Metadata that JupyterLab adds to cells as they are run and looked at."""

_ASKING = {"--help-all", "--version", "--generate-config", "--show-config", "--show-config-json"}
"""Options with which ``jupyter lab`` answers and opens nothing."""


class LabError(CompendiumError):
    """JupyterLab did not start."""


def has_desktop(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether a browser opened by this process would be seen by whoever typed the command.

    Parameters
    ----------
    environment
        Variables: over SSH a browser would open elsewhere, or slowly through the line; X11 and Wayland tell of theirs.
    platform
        As :data:`sys.platform` names it; macOS and Windows always have a desktop.
    """
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        return False
    if platform in {"darwin", "win32"}:
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def open_lab(arguments: Sequence[str] = (), study: Path | None = None, browser: bool = True) -> int:
    """Open JupyterLab, tell its address, and stay until it is stopped.

    Parameters
    ----------
    arguments
        Further options of ``jupyter lab``; they go before what is set here.
    study
        Study that the notebooks open; the bundled one when ``None``.
    browser
        Whether to open a browser.

    Returns
    -------
    int
        0 once it was stopped.

    Raises
    ------
    LabError
        It did not start.
    """
    prepare(os.environ, study)
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

    try:
        if _ASKING & set(arguments):  # ends with a SystemExit of status 0
            LabApp.launch_instance(argv=list(arguments))
        server = LabApp.initialize_server(argv=options(arguments, browser))
    except SystemExit as stopped:
        if not stopped.code:
            return 0
        raise LabError("JupyterLab did not start; its own words are above") from None
    server.contents_manager.register_pre_save_hook(without_outputs)
    server.identity_provider.token_generated = False  # the address is told below, once
    signal.signal(signal.SIGINT, lambda *_: server.stop(from_signal=True))  # no question, and kernels end first
    told = greeting(address(server), int(server.port), browser)
    server.io_loop.add_callback(print, told, flush=True)  # only then does it listen
    server.start()
    print("JupyterLab has ended.", flush=True)
    return 0


def prepare(environment: Any, study: Path | None = None) -> None:
    """Let the server and its kernels find this environment's kernel, this library and the study.

    Parameters
    ----------
    environment
        The variables to change; those of the process.
    study
        Study that the notebooks open; the bundled one when ``None``.
    """
    environment.update(startup.environment(environment))
    theirs = environment.get("JUPYTER_CONFIG_PATH", "")
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, [str(SETTINGS), theirs]))
    environment["JUPYTER_PREFER_ENV_PATH"] = "1"
    environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    environment.pop(paths.OUT_VARIABLE, None)
    environment.pop(paths.STUDY_VARIABLE, None)
    if study is not None:
        environment[paths.STUDY_VARIABLE] = str(study)
    if os.access(paths.ROOT, os.W_OK):
        environment.setdefault("JUPYTERLAB_WORKSPACES_DIR", str(paths.ROOT / WORKSPACES / "workspaces"))


OWN = {
    "ServerApp.root_dir": str(paths.ROOT),
    "ServerApp.port_retries": "100",
    "Application.log_level": "ERROR",
    "KernelManager.shutdown_wait_time": "1",
    "KernelManager.transport_encryption": "auto",
    "LabApp.default_url": DEFAULT_URL,
    "LabApp.news_url": "",
    "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
}
"""Settings of ours: a free port is looked for from the usual one on, and what kernels say is encrypted."""


def options(arguments: Sequence[str], browser: bool) -> list[str]:
    """Options of ``jupyter lab``: ours, apart from those that the user sets otherwise, then the user's."""
    given = {argument.partition("=")[0].lstrip("-") for argument in arguments}
    own = [f"--{name}={value}" for name, value in OWN.items() if name not in given]
    if not browser:
        own.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # a container's only user is often root
        own.append("--allow-root")
    return [*own, *arguments]


def address(server: Any) -> str:
    """Address of JupyterLab on the notebooks, with the token that lets a browser in."""
    token = server.identity_provider.token
    place = str(server.connection_url).rstrip("/") + DEFAULT_URL
    return f"{place}?token={token}" if token else place


def greeting(url: str, port: int, browser: bool, environment: Mapping[str, str] = os.environ) -> str:
    """Say where JupyterLab is, and how it is ended."""
    lines = [f"JupyterLab: {url}"]
    if not browser:
        lines.append("Open this address in a browser.")
    if environment.get("SSH_CONNECTION"):
        lines.append(f"From where you sit, first: ssh -N -L {port}:localhost:{port} <this machine>")
    lines.append("Notebooks are saved without their outputs. Ctrl-C here ends it.")
    return "\n".join(lines)


def without_outputs(model: dict[str, Any], path: str, **_: Any) -> None:
    """Save the numbered notebooks as the sources they are: no outputs, no numbers, no widgets' state.

    Looking around in a notebook then changes nothing that a run or ``git`` would notice; an edited cell does.

    Parameters
    ----------
    model
        What JupyterLab is about to save; changed in place.
    path
        Its path below the compendium's folder.
    """
    place = PurePosixPath(path.strip("/"))
    if model.get("type") != "notebook" or place.parent != PurePosixPath(FOLDER):
        return
    content = model["content"]
    former = read_json(paths.ROOT / place)
    if isinstance(former, dict) and "metadata" in former:
        content["metadata"] = former["metadata"]
    for cell in content["cells"]:
        for name in _VOLATILE:
            cell["metadata"].pop(name, None)
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
