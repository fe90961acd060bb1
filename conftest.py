"""Check the notebooks with anyone's settings, also with plain ``pytest --nbval notebooks``."""

pytest_plugins = ["lesson_app.lab.nbval_guard"]
