"""The one way a command gives up: a sentence with cause and cure, and an exit code."""


class Stop(Exception):
    """End the command: `message` is for people, `code` for the shell."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code
