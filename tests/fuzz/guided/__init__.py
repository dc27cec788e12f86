"""Coverage-guided fuzzing: ``python -m tests.fuzz.guided regf --minutes 60``; see ``__main__``."""
