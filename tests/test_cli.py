"""The command `lesson-app`, which is also `python -m lesson_app`."""

from __future__ import annotations

import io
import json
import re
import runpy
import signal
import subprocess
import sys
from importlib.metadata import EntryPoint, version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
import requests
from click.testing import CliRunner, Result
from flask import Flask

from lesson_app import Keys, derive_keys, seal
from lesson_app.app import PAGE_SECRET
from lesson_app.cli import COMMANDS, Group, main
from lesson_app.dissect import dissect
from tests.conftest import PAGE_SENT, PATIENCE, forge, listens, running, secret_of

HINT = "sealing with the lesson's published secret: set FLASK_SECRET_KEY for anything else"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The arguments of each `Flask.run`, which serves nothing in these tests."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(Flask, "run", lambda app, *arguments: calls.append(arguments))
    return calls


def test_run(runs: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture) -> None:
    """By default, the app serves this machine only and warns that its secret is public."""
    result = CliRunner().invoke(main, ["run"])

    assert result.exit_code == 0
    assert caplog.messages == [HINT]
    assert runs == [("127.0.0.1", 8080)]


def test_run_with_options(runs: list[tuple[Any, ...]]) -> None:
    """Options set host and port."""
    CliRunner().invoke(main, ["run", "--host", "0.0.0.0", "--port", "0"])

    assert runs == [("0.0.0.0", 0)]


def test_run_with_a_secret(
    runs: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    """With a secret in the environment, there is no warning."""
    result = CliRunner().invoke(main, ["run"], env={"FLASK_SECRET_KEY": secret_of("k")})

    assert (result.output, caplog.messages) == ("", [])
    assert len(runs) == 1


def test_run_on_no_port() -> None:
    """A port that is not a number is refused."""
    result = CliRunner().invoke(main, ["run", "--port", "any"])

    assert result.exit_code == 2
    assert "Invalid value for '--port': 'any' is not a valid integer" in result.output


def test_version() -> None:
    """The version is that of the package."""
    result = CliRunner().invoke(main, ["--version"])

    assert result.output == f"lesson-app, version {version('lesson-app')}\n"


def test_python_m(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m lesson_app` shows the command's help, under the command's name."""
    monkeypatch.setattr("sys.argv", ["lesson_app", "--help"])

    with pytest.raises(SystemExit) as end:
        runpy.run_module("lesson_app", run_name="__main__")

    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Usage: lesson-app [OPTIONS] COMMAND")
    assert "Serve the application to browsers on this machine." in shown


@pytest.mark.parametrize(
    "command",
    [[str(Path(sys.executable).parent / "lesson-app")], [sys.executable, "-m", "lesson_app"]],
    ids=["lesson-app", "python -m lesson_app"],
)
def test_real_server(command: list[str]) -> None:
    """The program answers on a free port of this machine only, until it is terminated."""
    with running(*command, "run", "--port", "0") as process:
        assert process.stdout is not None
        url = next(
            found[0]
            for line in process.stdout
            if (found := re.search(r"http://127\.0\.0\.1:\d+", line))
        )
        browser = requests.Session()
        browser.trust_env = False

        response = browser.get(f"{url}/session-test-read", timeout=PATIENCE)

        assert response.text == "session message: undefined"
        assert not listens(url, "127.0.0.2")
        process.terminate()
        assert process.wait(PATIENCE) == -signal.SIGTERM
    assert not listens(url)


HUSH = "hush, a secret for tests"
ENCRYPTION, SIGNATURE = bytes(range(16, 32)), bytes(range(100, 148))
OWN_KEYS = Keys(ENCRYPTION, SIGNATURE, "aes128", "sha384")
OWN_COOKIE = seal({"a": 1}, OWN_KEYS)
OWN_ALGORITHMS = ("--cipher", "aes128", "--mac", "sha384")


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this computer's own secrets out of the tests."""
    for name in ("SECRET", "ENCRYPTION_KEY", "SIGNATURE_KEY"):
        monkeypatch.delenv(f"LESSON_APP_{name}", raising=False)


def take_apart(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(main, ["dissect", *arguments], **options)


def test_dissect() -> None:
    """The command prints the dissection, for the given time."""
    result = take_apart(PAGE_SENT, "--secret", PAGE_SECRET, "--now", "2023-08-25T18:40:00Z")

    facts = dissect(PAGE_SENT, {"--secret": derive_keys(PAGE_SECRET)}, now=1692988800000)
    assert result.output == f"{facts!r}\n"
    assert "opens with --secret\n" in result.output
    assert result.exit_code == 0


def test_dissect_as_json() -> None:
    """The JSON has the documented keys."""
    result = take_apart(PAGE_SENT, "--json", "--now", "2100-01-01T12:00:00Z")

    facts = dissect(PAGE_SENT, now=4102488000000).as_dict()
    assert json.loads(result.output) == json.loads(json.dumps(facts))


@pytest.mark.parametrize(
    ("value", "secret", "status"),
    [
        (PAGE_SENT, [], 0),
        (PAGE_SENT, ["--secret", PAGE_SECRET], 0),
        (PAGE_SENT, ["--secret", HUSH], 1),
        (PAGE_SENT[:-1], ["--secret", PAGE_SECRET], 1),
        (PAGE_SENT[:90], [], 1),
        ("", [], 1),
    ],
    ids=["well-formed", "opens", "another secret", "cut", "cut short", "empty"],
)
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_dissect_status(value: str, secret: list[str], status: int, form: list[str]) -> None:
    """The exit status says whether the cookie opens or is well-formed."""
    assert take_apart(value, *secret, *form).exit_code == status


@pytest.mark.parametrize("arguments", [[], ["-"]], ids=["left out", "dash"])
def test_dissect_standard_input(arguments: list[str]) -> None:
    """The cookie can come from standard input, in a header."""
    header = f"HTTP/1.1 200 OK\r\nSet-Cookie: session={PAGE_SENT}; Path=/\r\n\r\n"

    result = take_apart(*arguments, "--json", input=header)

    assert json.loads(result.output)["characters"] == len(PAGE_SENT)
    assert json.loads(result.output)["source"] == "a Set-Cookie header"


def test_dissect_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At a terminal, the command asks for the cookie."""
    typed = SimpleNamespace(isatty=lambda: True, buffer=io.BytesIO(PAGE_SENT.encode()))
    monkeypatch.setattr("sys.stdin", typed)

    with pytest.raises(SystemExit):
        main(["dissect"])

    assert capsys.readouterr().err.startswith("Paste the cookie, then press Ctrl-D")


@pytest.mark.parametrize("data", [b"", bytes(range(256)), b"." * 1_000_000, b"\xff\xfe.\0"])
def test_dissect_binary_input(data: bytes) -> None:
    """Binary input gets a printable answer."""
    result = take_apart(input=data)

    assert result.exit_code == 1
    assert result.output.replace("\n", "").isprintable()


@pytest.mark.parametrize("value", ["-Abc.d.1.2.e", "--Ab.d.1.2.e", "-", "-1.--.1.2.-"])
def test_dissect_dashes(value: str) -> None:
    """A value that begins with dashes, as base64url can, is not an option."""
    result = take_apart(value, "--json", input="")

    text = "" if value == "-" else value.partition(".")[0]
    assert json.loads(result.output)["fields"][0]["text"] == text


def test_dissect_by_name() -> None:
    """--name selects one of several cookies."""
    value = forge(b"admin={}", HUSH)

    result = take_apart(
        f"Cookie: session=x; admin={value}", "--name", "admin", "--secret", HUSH
    )

    assert "  name      admin, from a Cookie header\n" in result.output
    assert result.exit_code == 0


@pytest.mark.parametrize("end", ["", "\n", "\r\n"], ids=["none", "newline", "windows"])
def test_dissect_secret_file(end: str, tmp_path: Path) -> None:
    """The secret is the whole file except one newline at its end."""
    path = tmp_path / "secret"
    path.write_bytes(b" \xff\n" + end.encode())
    value = seal({}, derive_keys(b" \xff\n" if end else b" \xff"))

    result = take_apart(value, "--secret-file", str(path))

    assert f"opens with --secret-file {path}" in " ".join(result.output.split())


SEALED = {"user": "ann"}
FILES: dict[str, tuple[bytes, str]] = {
    "mark": (f"\ufeff{HUSH}\r\n".encode(), " without its byte order mark"),
    "UTF-16": (
        f"{HUSH}\r\n".encode("utf-16"),
        " decoded from UTF-16, without its line break at the end",
    ),
    "spaces": (f" {HUSH} \n".encode(), " without white space at its ends"),
    "line breaks": (f"{HUSH}\n\n".encode(), " without its line break at the end"),
    "quotes": (f'"{HUSH}"\n'.encode(), " without its quotes"),
}


@pytest.mark.parametrize(("content", "change"), FILES.values(), ids=FILES)
def test_dissect_unclean_secret_file(content: bytes, change: str, tmp_path: Path) -> None:
    """A cookie that opens without a file's invisible characters opens, with a note."""
    path = tmp_path / "secret"
    path.write_bytes(content)

    result = take_apart(seal(SEALED, derive_keys(HUSH)), "--secret-file", str(path), "--json")

    facts = json.loads(result.output)
    assert facts["opened_by"] == f"--secret-file {path}{change}"
    assert facts["content"] == SEALED
    assert facts["notes"][0].startswith("no secret opens it as given: the server that sealed")
    assert result.exit_code == 0
    assert HUSH not in result.output


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"A=1\nSECRET_KEY={HUSH}\n", "SECRET_KEY in line 2 of "),
        (f"{PAGE_SECRET}\n{HUSH}\n", "line 2 of "),
    ],
    ids=["env", "two secrets"],
)
def test_dissect_file_with_more_than_the_secret(text: str, place: str, tmp_path: Path) -> None:
    """In a file with more than the secret, the part that opens the cookie is named."""
    path = tmp_path / "secret"
    path.write_text(text)

    result = take_apart(seal(SEALED, derive_keys(HUSH)), "--secret-file", str(path), "--json")

    assert json.loads(result.output)["opened_by"] == f"{place}--secret-file {path}"


@pytest.mark.parametrize(
    ("read", "change"),
    [
        (f"{HUSH}\n".encode(), "with a line break at the end"),
        (f"{HUSH}\r".encode(), "with a carriage return at the end"),
        (f"\ufeff{HUSH}".encode(), "with a byte order mark in front"),
        (
            f"\ufeff{HUSH}\r\n".encode("utf-16-le"),
            "in UTF-16, with a Windows line break (CR LF) at the end",
        ),
        (f'"{HUSH}"'.encode(), "in double quotes"),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("way", ["option", "environment"])
def test_dissect_cookie_of_an_unclean_secret(read: bytes, change: str, way: str) -> None:
    """A cookie of a server that read invisible characters opens with the clean secret."""
    value = seal(SEALED, derive_keys(read))

    result = (
        take_apart(value, "--secret", HUSH, "--json")
        if way == "option"
        else take_apart(value, "--json", env={"LESSON_APP_SECRET": HUSH})
    )

    label = "--secret" if way == "option" else "LESSON_APP_SECRET"
    assert json.loads(result.output)["opened_by"] == f"{label} {change}"
    assert HUSH not in result.output


def test_dissect_secret_of_the_environment() -> None:
    """The secret in the environment is used if no option gives one."""
    env = {"LESSON_APP_SECRET": PAGE_SECRET}

    assert "opens with LESSON_APP_SECRET" in take_apart(PAGE_SENT, env=env).output
    assert take_apart(PAGE_SENT, "--secret", HUSH, env=env).exit_code == 1
    assert "well-formed" in take_apart(PAGE_SENT, env={"LESSON_APP_SECRET": ""}).output


def test_dissect_rotation(tmp_path: Path) -> None:
    """Several secrets are tried; the output names the right one without showing it."""
    path = tmp_path / "old"
    path.write_text(f"{PAGE_SECRET}\n")

    files = take_apart(PAGE_SENT, "--secret", HUSH, "--secret-file", str(path), "--json")
    options = take_apart(PAGE_SENT, "--secret", HUSH, "--secret", PAGE_SECRET)

    assert json.loads(files.output)["opened_by"] == f"--secret-file {path}"
    assert "opens with --secret no. 2" in options.output
    assert HUSH not in files.output + options.output
    assert PAGE_SECRET not in files.output + options.output


def key_forms(key: bytes) -> dict[str, str]:
    base64url = seal({}, derive_keys(HUSH), iv=key[:16]).split(".")[0]
    return {"hex": key.hex(), "HEX": key.hex().upper(), "base64url": base64url}


@pytest.mark.parametrize("form", ["hex", "HEX", "base64url", "padded"])
@pytest.mark.parametrize("way", ["option", "file", "environment"])
def test_dissect_two_keys(form: str, way: str, tmp_path: Path) -> None:
    """Two keys, in hex or base64url, can replace a secret, with other algorithms."""
    encryption = {**key_forms(ENCRYPTION), "padded": f"{key_forms(ENCRYPTION)['base64url']}=="}
    (tmp_path / "key").write_text(f"{encryption[form]}\n")
    given = f"@{tmp_path / 'key'}" if way == "file" else encryption[form]
    arguments = ["--encryption-key", given, "--signature-key", SIGNATURE.hex()]
    env = {"LESSON_APP_ENCRYPTION_KEY": given, "LESSON_APP_SIGNATURE_KEY": SIGNATURE.hex()}

    result = (
        take_apart(OWN_COOKIE, *OWN_ALGORITHMS, env=env)
        if way == "environment"
        else take_apart(OWN_COOKIE, *OWN_ALGORITHMS, *arguments)
    )

    assert "opens with the two keys\n" in result.output


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_dissect_key_file_of_windows(encoding: str, tmp_path: Path) -> None:
    """A file with a key may have a byte order mark."""
    (tmp_path / "key").write_text(f"{ENCRYPTION.hex()}\r\n", encoding)
    keys = ("--encryption-key", f"@{tmp_path / 'key'}", "--signature-key", SIGNATURE.hex())

    assert "opens with the two keys\n" in take_apart(OWN_COOKIE, *OWN_ALGORITHMS, *keys).output


KEY = ("--encryption-key", "00" * 16)
USAGE: dict[str, tuple[list[str], str]] = {
    "misspelt option": (["--secrt", HUSH], "unknown option --secrt"),
    "misspelt option and value": ([f"--secrt={HUSH}", "a.b"], "unknown option --secrt"),
    "several values": (["Set-Cookie:", "a=b"], "expected one VALUE, got 2; put it in quotes"),
    "no such file": (["a", "--secret-file", "/no/file"], "File '/no/file' does not exist"),
    "no such key file": (
        ["a", "--encryption-key", "@/no/file", "--signature-key", "00"],
        "No such file or directory: '/no/file'",
    ),
    "no cookie of the name": (
        ["Cookie: a=1", "--name", "b"],
        "expected a cookie called 'b', got 'a'",
    ),
    "impossible name": (["a", "--name", "a=b"], "name must be text without '='"),
    "empty secret": (["a", "--secret", ""], "--secret: the secret is empty; generate one with"),
    "cipher": (["a", "--cipher", "rot13"], "'rot13' is not one of 'aes128'"),
    "secret and cipher": (
        ["a", "--secret", HUSH, "--cipher", "aes128"],
        "a 16-byte encryption key, got 32; give --encryption-key and --signature-key",
    ),
    "one key": (["a", *KEY], "--encryption-key and --signature-key must be given together"),
    "other key": (
        ["a", "--signature-key", HUSH],
        "--encryption-key and --signature-key must be given",
    ),
    "no key": (
        ["a", *KEY, "--signature-key", HUSH],
        "--signature-key must be in hex or base64url",
    ),
    "no length": (["a", *KEY, "--signature-key", "hushx"], "--signature-key must be in hex"),
    "short key": (
        ["a", *KEY, "--signature-key", "0011"],
        "aes256 needs a 32-byte encryption key, got 16",
    ),
    "invalid time": (
        ["a", "--now", "noon"],
        "invalid time 'noon': use ISO 8601 with a time zone",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), USAGE.values(), ids=USAGE)
def test_dissect_misused(arguments: list[str], message: str) -> None:
    """A wrong command gets status 2 and a message without secrets."""
    result = take_apart(*arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert "hush" not in result.output


def test_dissect_in_a_narrow_encoding() -> None:
    """Characters that the output's encoding does not have are escaped."""
    value = seal({"a": "é\N{SNOWMAN}"}, derive_keys(HUSH))

    result = CliRunner(charset="latin-1").invoke(main, ["dissect", value, "--secret", HUSH])

    assert '"a": "é\\u2603"' in result.output
    assert result.exit_code == 0


def test_dissect_help_warns() -> None:
    """The help warns that others can see a secret on the command line."""
    shown = " ".join(take_apart("--help").output.split())

    assert "Other users see it in the process list, and the shell saves it." in shown


def test_dissect_needs_no_lab() -> None:
    """The command works without `requests` and Jupyter."""
    program = (
        "import sys; sys.modules['requests'] = sys.modules['IPython'] = None; "
        "from lesson_app.cli import main; main()"
    )
    command = [sys.executable, "-c", program, "dissect", PAGE_SENT, "--secret", PAGE_SECRET]

    assert "Hello World!" in subprocess.check_output(command, text=True)


NO_JUPYTER = (
    "import sys; "
    "sys.modules.update(dict.fromkeys(['requests', 'IPython', 'nbclient', 'psutil'])); "
    "from lesson_app.cli import main; "
)


def without_jupyter(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command without Jupyter; at the end it prints whether it loaded the lab."""
    program = (
        f"{NO_JUPYTER}import atexit; "
        "atexit.register(lambda: print('lesson_app.lab' in sys.modules)); main()"
    )
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def commands_listed(text: str) -> dict[str, str]:
    """Return the commands that a help text lists, each with its line."""
    listed = text.partition("Commands:")[2]
    return dict(re.findall(r"^  (\w+) +([A-Z].*)$", listed, re.MULTILINE))


def test_help_without_jupyter() -> None:
    """Without Jupyter, the help lists all commands and says how to install Jupyter."""
    done = without_jupyter("--help")

    listed = commands_listed(done.stdout)
    assert list(listed) == ["copy", "dissect", "grade", "run"]
    assert listed["copy"] == listed["grade"] == 'Needs: pip install "lesson-app[lab]"'
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["dissect", "run"])
def test_the_librarys_commands_load_no_lab(name: str) -> None:
    """The two commands of the library import nothing from lab."""
    done = without_jupyter(name, "--help")

    assert done.stdout.endswith("\nFalse\n")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["copy", "grade", "predict"])
def test_command_without_jupyter(name: str) -> None:
    """Without Jupyter, a command that needs it says how to install it."""
    done = without_jupyter(name, "x")

    assert done.returncode == 2
    assert 'needs requests; run: pip install "lesson-app[lab]"' in done.stderr


def test_help() -> None:
    """Each line in the list of commands begins the command's own help."""
    listed = commands_listed(CliRunner().invoke(main, ["--help"]).output)

    assert list(listed) == ["copy", "dissect", "grade", "run"]
    for name, line in listed.items():
        # The list truncates a long first sentence.
        text = " ".join(CliRunner().invoke(main, [name, "--help"]).output.split())
        assert line.removesuffix("...") in text


def test_former_name() -> None:
    """`predict`, the former name of `copy`, still works."""
    helps = [CliRunner().invoke(main, [name, "--help"]).output for name in ("copy", "predict")]

    assert "without outputs" in helps[0]
    assert helps[0].partition("\n")[2] == helps[1].partition("\n")[2]


def test_broken_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing module of this package is not reported as missing Jupyter."""
    broken = EntryPoint("broken", "lesson_app.lab.nothing:x", COMMANDS)
    monkeypatch.setattr("lesson_app.cli.entry_points", lambda **_: [broken])

    with pytest.raises(ModuleNotFoundError, match=r"lesson_app\.lab\.nothing"):
        Group().get_command(click.Context(main), "broken")


def test_no_such_command() -> None:
    """An unknown command is refused."""
    result = CliRunner().invoke(main, ["grad"])

    assert result.exit_code == 2
    assert "No such command 'grad'" in result.output
