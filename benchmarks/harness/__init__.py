"""The parts of benchmarks/run: build, start, check, load, count, report."""
