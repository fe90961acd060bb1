"""Take from a notebook's code what it does not need: network, files, environment."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

#: The variables that a notebook's code sees. An allowlist: others may hold a password.
KEPT = (
    "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "PATH", "TZ",
    "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV",
    "COMSPEC", "NUMBER_OF_PROCESSORS", "PATHEXT", "SYSTEMDRIVE", "SYSTEMROOT", "WINDIR",
)  # fmt: skip
_UNSHARE = "unshare --user --map-root-user --net --pid --fork --kill-child --mount-proc --"
_BWRAP = (
    "--unshare-all --unshare-user --cap-drop ALL --die-with-parent --new-session --dev /dev"
)
#: The folders of the system that bubblewrap shows. There is no home, and no socket of /run.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store")
_SETTINGS = ("ld.so.cache", "alternatives", "localtime", "mime.types", "nsswitch.conf", "hosts")


@dataclass(frozen=True)
class Sandbox:
    """How this system can confine a program. `name` is "" if it cannot."""

    name: str = ""

    def command(self, program: list[str], folder: Path) -> list[str]:
        """Return the program's command; it may write below `folder`."""
        if self.name == "unshare":
            return [*_UNSHARE.split(), *program]
        if self.name == "bubblewrap":
            return ["bwrap", *_BWRAP.split(), *_places(folder), "--", *program]
        return program

    @property
    def sets_up_loopback(self) -> bool:
        """Whether the program itself has to switch on its loopback interface."""
        return self.name == "unshare"

    def __str__(self) -> str:
        if self.name == "bubblewrap":
            return (
                "The notebooks' code has no network, sees only Python and the course, and "
                "writes only to its own folder."
            )
        if self.name == "unshare":
            return (
                "The notebooks' code has no network, but can read and change your files; "
                "install bubblewrap, or grade in a container."
            )
        return (
            "Warning: the notebooks' code can use the network and your files; "
            "grade in a container (docs/grading.md)."
        )


def _places(folder: Path) -> list[str]:
    """Return what bubblewrap shows: the system's programs, Python, the course, and `folder`."""
    python = [sys.prefix, sys.base_prefix, site.getuserbase(), str(_package())]
    shown = sorted({str(Path(each).resolve()) for each in python} | {sys.prefix})
    shown += [*_SYSTEM, *(f"/etc/{each}" for each in _SETTINGS)]
    return [
        *("--proc", "/proc", "--tmpfs", "/tmp"),  # noqa: S108
        *(word for each in shown for word in ("--ro-bind-try", each, each)),
        *("--bind", str(folder), str(folder), "--chdir", str(folder / "work")),
    ]


def _package() -> Path:
    return Path(__file__).resolve().parents[3]


@cache
def sandboxes() -> tuple[Sandbox, ...]:
    """Return what works here, the best first. Each is tried: many systems forbid them."""
    tools = {"bubblewrap": "bwrap", "unshare": "unshare"} if sys.platform == "linux" else {}
    found = (Sandbox(name) for name, tool in tools.items() if shutil.which(tool))
    return (*filter(_works, found), Sandbox())


def find_sandbox() -> Sandbox:
    """Return the best sandbox that works here."""
    return sandboxes()[0]


def _works(sandbox: Sandbox) -> bool:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "work").mkdir()
        source = "import lesson_app.lab.classroom.running._limits as limits\n"
        source += "limits.loopback_up()\n" * sandbox.sets_up_loopback
        source += "import socket; socket.create_server(('127.0.0.1', 0))"
        command = sandbox.command([sys.executable, "-c", source], folder)
        try:
            done = subprocess.run(  # noqa: S603  # our own command
                command, capture_output=True, timeout=60, env=environment(folder)
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a program whose home and temporary files are in `folder`."""
    home, temporary = str(folder / "home"), str(folder / "tmp")
    return {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        # `pip install --user` installs below the home that is replaced here.
        "PYTHONUSERBASE": site.getuserbase(),
        "HOME": home,
        "USERPROFILE": home,
        "IPYTHONDIR": str(folder / "home" / ".ipython"),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary),
    }
