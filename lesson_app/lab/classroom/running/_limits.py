"""Limit what this process may use, and bring up the loopback of an empty network."""

from __future__ import annotations

import struct
import sys
from contextlib import suppress

#: How much memory, in bytes, a process may address.
MEMORY = 4 << 30
#: How large, in bytes, a file may become.
FILE = 100 << 20
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _UP = 0x8913, 0x8914, 1


def apply() -> None:
    """Set the limits where the system has them. They also hold for processes started later."""
    if sys.platform == "win32":
        return
    import resource

    limits = {resource.RLIMIT_AS: MEMORY, resource.RLIMIT_FSIZE: FILE, resource.RLIMIT_CORE: 0}
    for which, most in limits.items():
        _, hard = resource.getrlimit(which)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        with suppress(ValueError, OSError):  # macOS has the limit of memory but refuses it
            resource.setrlimit(which, (most, most))


def loopback_up() -> None:
    """Switch the loopback interface on: in a new network namespace it is off. Linux only."""
    import fcntl
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        found = fcntl.ioctl(control, _SIOCGIFFLAGS, request)
        (flags,) = struct.unpack_from("H", found, 16)
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _UP))
