"""Measure the cost of a session; `make bench` runs all benchmarks."""
