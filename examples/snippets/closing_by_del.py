"""__del__ runs the moment the last reference goes away, and closes what the object holds."""

import os
import tempfile


class Log:
    def __init__(self, path):
        self.file = open(path, "w")

    def write(self, text):
        self.file.write(text)

    def __del__(self):
        self.file.close()
        print("closed")


handle, path = tempfile.mkstemp()
os.close(handle)
log = Log(path)
log.write("all of it")
other = log
del log
print("one reference is left")
del other
print("none is left")
with open(path) as file:
    print(file.read())
os.remove(path)
