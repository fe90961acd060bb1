"""The test suites of other projects, run with this library's sessions."""
