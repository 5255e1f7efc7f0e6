import linecache
import sys
import types

filename = f"<prelude {name}>"
module = types.ModuleType(name)
module.__file__ = filename
linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
sys.modules[name] = module
try:
    exec(compile(source, filename, "exec"), module.__dict__)
except BaseException:
    del sys.modules[name]
    raise
