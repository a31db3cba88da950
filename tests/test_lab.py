"""The lab: a real JupyterLab on a free port, who may come in, how it ends, and what it leaves behind."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from compendium import lab, paths
from compendium.explore import startup
from compendium.stages import STAGES

SECONDS = 60


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}, "linux", False),
        ({}, "darwin", True),
        ({"SSH_TTY": "/dev/ttys1"}, "darwin", False),
        ({}, "win32", True),
    ],
)
def test_desktop(environment: dict[str, str], platform: str, expected: bool) -> None:
    assert lab.has_desktop(environment, platform) is expected


def test_a_remote_user_is_told_how_to_reach_it() -> None:
    told = lab.greeting("http://localhost:8889/lab?token=x", 8889, False, {"SSH_CONNECTION": "a"})
    assert "ssh -N -L 8889:localhost:8889" in told
    assert "ssh" not in lab.greeting("http://localhost:8889/lab?token=x", 8889, True, {})


def test_the_users_environment_is_kept_and_ours_goes_first() -> None:
    environment = {"PYTHONPATH": "/theirs", "JUPYTER_CONFIG_PATH": "/config", paths.OUT_VARIABLE: "/old"}
    lab.prepare(environment, Path("/study"))
    assert environment["PYTHONPATH"].split(os.pathsep) == [str(paths.ROOT / "src"), "/theirs"]
    assert environment["PYTHONSTARTUP"] == startup.__file__
    assert environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)[1:] == ["/config"]
    assert environment[paths.STUDY_VARIABLE] == "/study"
    assert paths.OUT_VARIABLE not in environment


def test_an_option_of_the_user_takes_the_place_of_ours() -> None:
    given = lab.options(["--port=9000", "--ServerApp.root_dir=/elsewhere"], browser=False)
    assert given[-2:] == ["--port=9000", "--ServerApp.root_dir=/elsewhere"]
    assert [option for option in given if "root_dir" in option] == ["--ServerApp.root_dir=/elsewhere"]
    assert "--no-browser" in given
    assert "--no-browser" not in lab.options([], browser=True)


def executed(notebook: Path) -> dict[str, Any]:
    """A notebook as JupyterLab would save it after a run: outputs, numbers, timing, widgets' state."""
    content: dict[str, Any] = json.loads(notebook.read_text(encoding="utf-8"))
    content["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    content["metadata"]["language_info"] = {"name": "python", "version": "3.99"}
    for number, cell in enumerate(content["cells"]):
        cell["metadata"] |= {"execution": {"iopub.status.busy": "now"}, "trusted": True}
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]
            cell["execution_count"] = number
    return content


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_notebook_that_was_only_looked_at_is_saved_as_it_was(stage: Any, tmp_path: Path) -> None:
    import nbformat

    model = {"type": "notebook", "content": executed(stage.path)}
    lab.without_outputs(model, f"notebooks/{stage.notebook}", contents_manager=None)
    nbformat.write(nbformat.from_dict(model["content"]), tmp_path / "saved.ipynb")
    assert (tmp_path / "saved.ipynb").read_bytes() == stage.path.read_bytes()


@pytest.mark.parametrize(("path", "kind"), [("mine.ipynb", "notebook"), ("notebooks/notes.md", "file")])
def test_other_files_are_saved_as_they_are(path: str, kind: str) -> None:
    content = executed(STAGES[0].path)
    model = {"type": kind, "content": json.loads(json.dumps(content))}
    lab.without_outputs(model, path, contents_manager=None)
    assert model["content"] == content


class Server:
    """A lab as a user starts it, with a home of its own."""

    def __init__(self, home: Path, *arguments: str):
        hidden = ("COMPENDIUM_", "SSH_", "JUPYTER", "DISPLAY", "WAYLAND")
        known = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        self.environment = known | {"HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime")}
        self.environment |= {"JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"), "IPYTHONDIR": str(home / "ipython")}
        command = [sys.executable, str(paths.ROOT / "run_all.py"), "lab", *arguments]
        self.process = subprocess.Popen(
            command, cwd=home, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], SECONDS)[0], "JupyterLab did not start"
        self.line = self.process.stdout.readline()
        found = re.fullmatch(r"JupyterLab: (http://localhost:(\d+))/lab/tree/notebooks\?token=(\w+)\n", self.line)
        assert found is not None, self.line + self.told()
        self.address, self.port, self.token = found[1], int(found[2]), found[3]
        self.greeting = [self.process.stdout.readline() for _ in range(2)]

    def told(self) -> str:
        out, err = self.process.communicate(timeout=SECONDS)
        return out + err

    def ask(self, path: str, token: str = "", method: str = "GET", body: Any = None) -> Any:
        request = urllib.request.Request(f"{self.address}/{path}", method=method)  # noqa: S310 (this machine)
        request.add_header("Authorization", f"token {token}")
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(request, data, timeout=SECONDS) as answer:  # noqa: S310
            return json.load(answer)


def hinder(home: Path) -> None:
    """Give a home what some users have: another root, no second try for a port, a kernel that does not start."""
    config, kernel = home / ".jupyter", home / ".local" / "share" / "jupyter" / "kernels" / "python3"
    for folder in (config, kernel):
        folder.mkdir(parents=True)
    theirs = {"ServerApp": {"root_dir": str(home), "port_retries": 0}}
    (config / "jupyter_server_config.json").write_text(json.dumps(theirs), encoding="utf-8")
    spec = {"argv": ["/bin/false", "{connection_file}"], "display_name": "Theirs", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A lab while the usual port is taken, and where the user's own settings are in the way."""
    hinder(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        started = Server(tmp_path, f"--ServerApp.port={taken.getsockname()[1]}")
        assert started.port != taken.getsockname()[1]
        yield started
    started.process.kill()
    started.process.communicate()


def children(process: int) -> set[int]:
    """Processes that descend from another."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found = {process}
    while new := {pid for pid, parent in pairs if parent in found} - found:
        found |= new
    return found - {process}


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent another way there")
def test_it_runs_without_a_desktop_and_ends_with_all_its_kernels(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError, match="403"):
        server.ask("api/status")
    assert server.ask("api/status", server.token)["kernels"] == 0
    names = {entry["name"] for entry in server.ask("api/contents/notebooks", server.token)["content"]}
    assert {stage.notebook for stage in STAGES} <= names
    settings = server.ask("lab/api/settings/@jupyterlab/apputils-extension:notification", server.token)
    assert json.dumps(settings["schema"]["properties"]["fetchNews"]["default"]) == '"false"'
    kernels = server.ask("api/kernelspecs", server.token)["kernelspecs"]
    assert kernels["python3"]["spec"]["argv"][0] != "/bin/false"
    server.ask("api/kernels", server.token, "POST", {"name": "python3"})
    below = children(server.process.pid)
    assert below, "the kernel is a process of its own"
    time.sleep(2)  # a kernel that is interrupted while it starts says so
    since = time.monotonic()
    server.process.send_signal(signal.SIGINT)
    told = server.told()
    assert time.monotonic() - since < 6  # half a second where nothing else runs
    assert server.process.returncode == 0
    assert server.greeting[0] == "Open this address in a browser.\n"
    assert server.greeting[1].endswith("Ctrl-C here ends it.\n")
    assert told.strip() == "JupyterLab has ended."
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]


def test_a_question_to_jupyter_lab_is_answered(tmp_path: Path) -> None:
    command = [sys.executable, str(paths.ROOT / "run_all.py"), "lab", "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert (done.returncode, done.stdout.strip()) == (0, version("jupyterlab")), done.stderr


def test_an_option_that_jupyter_refuses_is_told_in_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, str(paths.ROOT / "run_all.py"), "lab", "--ServerApp.port=x"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("error: JupyterLab did not start; its own words are above")
