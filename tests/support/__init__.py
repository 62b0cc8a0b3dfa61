"""What the suites in tests/ run the server with, and what they talk to it with."""
