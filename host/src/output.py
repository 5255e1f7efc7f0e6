import io


class JobStream(io.TextIOBase):
    """A standard stream of a togil host: what a job writes goes where its output goes."""

    def __init__(self, number, name):
        self._number = number
        self.name = name
        self.mode = "w"

    encoding = "utf-8"
    errors = "backslashreplace"
    newlines = None
    line_buffering = True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        _write(self._number, text)
        return len(text)

    def writable(self):
        return True

    def isatty(self):
        return False

    def __repr__(self):
        return f"<togil job stream {self.name}>"


stdout = JobStream(1, "<stdout>")
stderr = JobStream(2, "<stderr>")
