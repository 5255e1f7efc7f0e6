# Tests written for unittest and pytest, as models. Executed behind sources.py, in the same scope.


def run_case(case):
    """Runs a test of `unittest`: what fails is raised."""
    import unittest

    kind = type(case)
    module = sys.modules.get(kind.__module__)
    nothing = lambda: None
    try:
        getattr(module, "setUpModule", nothing)()
        kind.setUpClass()
        try:
            case.debug()
        finally:
            kind.tearDownClass()
            kind.doClassCleanups()
            getattr(module, "tearDownModule", nothing)()
    except unittest.SkipTest as skip:
        return f"skipped: {skip}"


class Unittests(Source):
    """What `python -m unittest NAMES` would run."""

    def __init__(self, names):
        self.wanted = names

    def load(self):
        import unittest

        loader = unittest.TestLoader()
        if self.wanted:
            suite = loader.loadTestsFromNames([_module_name(name) for name in self.wanted])
        else:
            suite = loader.discover(".")
        if loader.errors:
            raise ImportError("\n".join(loader.errors))
        self.cases = {case.id(): case for case in _flat(suite)}
        return []

    def models(self):
        self.fresh()
        return list(self.cases)

    def model(self, name):
        case = self.cases[name]
        return lambda: run_case(type(case)(case._testMethodName))


def _module_name(name):
    """`tests/test_a.py` as a module, as `unittest` has it."""
    if name.endswith(".py") and os.path.isfile(name):
        return os.path.relpath(name)[:-3].replace(os.sep, ".")
    return name


def _flat(suite):
    for test in suite:
        if hasattr(test, "_testMethodName"):
            yield test
        else:
            yield from _flat(test)


class _Collected:
    """A plugin of pytest's that keeps what could not be collected."""

    def __init__(self):
        self.errors = []

    def pytest_collectreport(self, report):
        if report.failed:
            self.errors.append(str(report.longrepr))


class Pytests(Source):
    """What `pytest ARGUMENTS` would run. Each execution sets the fixtures up and tears them down."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.session = None

    def load(self):
        from _pytest.config import _prepareconfig
        from _pytest.main import Session

        self.close()
        collected = _Collected()
        # Rewritten assertions and captured output are pytest's own modules and threads.
        options = ["--assert=plain", "--capture=no", "-p", "no:cacheprovider", "-p", "no:terminal",
                   "-p", "no:faulthandler", "-p", "no:threadexception", "-p", "no:unraisableexception"]
        config = _prepareconfig([*options, *self.arguments], [collected])
        config._do_configure()
        self.session = Session.from_config(config)
        config.hook.pytest_sessionstart(session=self.session)
        config.hook.pytest_collection(session=self.session)
        if collected.errors:
            raise ImportError("\n".join(collected.errors))
        self.items = {item.nodeid: item for item in self.session.items if hasattr(item, "runtest")}
        return []

    def close(self):
        session, self.session = self.session, None
        if session is not None:
            session.config.hook.pytest_sessionfinish(session=session, exitstatus=0)
            session.config._ensure_unconfigure()

    def models(self):
        self.fresh()
        return list(self.items)

    def prepare(self, name):
        # An execution that was ended in the middle has left fixtures behind.
        if self.session is not None and self.session._setupstate.stack:
            self.session._setupstate.stack.clear()
            self.is_loaded = False
        return super().prepare(name)

    def model(self, name):
        item = self.items[name]
        state = self.session._setupstate
        from _pytest.outcomes import Skipped
        from _pytest.tmpdir import tmppath_result_key

        def run():
            try:
                # What a report of the test's would have left there.
                item.stash[tmppath_result_key] = {}
                if hasattr(item, "_initrequest"):
                    item._initrequest()
                state.setup(item)
                try:
                    item.runtest()
                finally:
                    state.teardown_exact(None)
            except Skipped as skip:
                return f"skipped: {skip}"

        return run
