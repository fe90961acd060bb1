"""The command ``lesson-app``."""

import click

from .app import create_app


@click.group()
@click.version_option(package_name="lesson-app", prog_name="lesson-app")
def main() -> None:
    """Client-side sessions: the lesson's application."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, help="0: any free port")
def run(host: str, port: int) -> None:
    """Serve the application for the browser on this machine."""
    create_app().run(host, port)
