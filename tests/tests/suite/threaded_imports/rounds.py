"""Rounds in which threads import the same cold modules: `rounds.py SCENARIO SEED ROUNDS`.

Prints 'ok', or what was wrong and in which round. Runs under CPython, too.
"""
import _thread, collections, importlib, importlib.util, os, random, sys, threading, time, types

scenario, seed, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = random.Random(seed)
home = os.path.join(os.getcwd(), 'modules')
sys.path.insert(0, home)
sys.dont_write_bytecode = True

ledger = types.ModuleType('ledger')
ledger.ran = collections.Counter()
ledger.counting = threading.Lock()
sys.modules['ledger'] = ledger


def begin(name):
    with ledger.counting:
        ledger.ran[name] += 1
        ledger.number = ledger.ran[name]
    ledger.pause()


def pause():
    """Lets others run, or not: in the GIL's build and without one, on one core and on many."""
    chance = random.random()
    if chance < 0.3:
        time.sleep(chance / 300)
    elif chance < 0.6:
        time.sleep(0)


class Boom(Exception):
    pass


ledger.begin, ledger.pause, ledger.Boom = begin, pause, Boom


def write(name, text):
    path = os.path.join(home, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write('import ledger\nledger.begin(__name__)\n' + text + "\nledger.pause()\nlast = 'end'\n")


def plain(name, text=''):
    write(name + '.py', text)


def together(*jobs):
    """What each of the jobs returns or raises; they start at once, each in a thread."""
    gate = threading.Barrier(len(jobs))
    results = [None] * len(jobs)

    def run(index, job):
        gate.wait()
        try:
            results[index] = job()
        except BaseException as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        if thread.is_alive():
            wrong(f'thread {threads.index(thread)} of {len(jobs)} hangs', sys._current_frames())
    return results


def wrong(what, frames=None):
    print(f'{scenario} seed {seed} round {now}: {what}', flush=True)
    if frames:
        import traceback
        for ident, frame in frames.items():
            print('thread', ident, *traceback.format_stack(frame), sep='\n')
    sys.stdout.flush()
    os._exit(1)


def describe(result):
    if isinstance(result, BaseException):
        import traceback
        return ''.join(traceback.format_exception(result))
    return repr(result)


def forget(*names):
    for name in list(sys.modules):
        if name.partition('.')[0] in names:
            del sys.modules[name]
    ledger.ran.clear()
    importlib.invalidate_caches()


def by_statement(name):
    # The whole dotted name is looked up, as code after `import a.b` does.
    scope = {}
    exec(f'import {name}\nfound = {name}', scope)
    return scope['found']


def by_from(name):
    scope = {}
    exec(f'from {name} import last', scope)
    return sys.modules.get(name) or by_statement(name)


def by_function(name):
    return importlib.import_module(name)


def by_dunder(name):
    return __import__(name, {}, {}, ['last'])


FORMS = [by_statement, by_from, by_function, by_dunder]


def importer(name, forms=FORMS):
    form, wait = rng.choice(forms), rng.random()

    def job():
        if wait < 0.5:
            time.sleep(wait / 300)
        module = form(name)
        # At once: later it would be complete anyway.
        return module, 'last' in vars(module)

    job.name = f'{form.__name__}({name})'
    return job


def complete(jobs, results, once=()):
    """All results are complete modules, the same one for the same name, executed once."""
    seen = {}
    for job, result in zip(jobs, results):
        if isinstance(result, BaseException):
            wrong(f'{job.name}: {describe(result)}')
        module, whole = result
        if not whole:
            wrong(f'{job.name}: half-initialised: {sorted(vars(module))}')
        if seen.setdefault(module.__name__, module) is not module:
            wrong(f'{job.name}: another object of the same module')
        if sys.modules.get(module.__name__) is not module:
            wrong(f'{job.name}: not what sys.modules has')
    for name in once:
        if ledger.ran[name] != 1:
            wrong(f'{name} was executed {ledger.ran[name]} times: {[job.name for job in jobs]}')


def same_module():
    forget('cold')
    jobs = [importer('cold') for _ in range(rng.randrange(2, 7))]
    complete(jobs, together(*jobs), once=['cold'])


def same_module_files():
    plain('cold', "first = 'begin'")


def failing():
    forget('failing')
    ledger.failures = failures = rng.choice([1, 2, 1000])
    jobs = [importer('failing') for _ in range(rng.randrange(2, 7))]
    results = together(*jobs)
    raised = sum(type(result) is Boom for result in results)
    rest = [pair for pair in zip(jobs, results) if type(pair[1]) is not Boom]
    ran = ledger.ran['failing']
    if raised != min(failures, ran):
        wrong(f'{raised} threads got the error of {ran} executions, {failures} of them failed: '
              + '\n'.join(map(describe, results)))
    complete(*(zip(*rest) if rest else ([], [])))
    if ('failing' in sys.modules) != bool(rest):
        wrong('left half-registered' if not rest else 'not registered')


def failing_files():
    plain('failing', 'if ledger.number <= ledger.failures:\n    raise ledger.Boom(__name__)')


def two_in_a_cycle():
    cycle('two_a', 'two_b')


def two_in_a_cycle_files():
    ring('two_a', 'two_b')


def three_in_a_cycle():
    cycle('three_a', 'three_b', 'three_c')


def three_in_a_cycle_files():
    ring('three_a', 'three_b', 'three_c')


def ring(*names):
    # What is defined before the import is there by the rule of cycles, whoever waits for whom.
    for name, after in zip(names, names[1:] + names[:1]):
        plain(name, f"first = 'begin'\nledger.pause()\nfrom {after} import first as others\nimport {after}")


def cycle(*names):
    forget(*names)
    jobs = [importer(name) for name in names for _ in range(rng.randrange(1, 3))]
    rng.shuffle(jobs)
    complete(jobs, together(*jobs), once=names)


def cycle_of_late_names():
    """The rule for what comes too late: ImportError for a name, and nothing else. Then retried."""
    names = 'late_a', 'late_b'
    forget(*names)
    jobs = [importer(name) for name in names for _ in range(rng.randrange(1, 3))]
    results = together(*jobs)
    for job, result in zip(jobs, results):
        # Whoever enters the cycle fails, on whichever side.
        if type(result) is not ImportError or 'cannot import name' not in str(result):
            wrong(f'{job.name}: {describe(result)}')
    left = [name for name in names if name in sys.modules]
    if left:
        wrong(f'left half-registered: {left}')


def cycle_of_late_names_files():
    for name, after in ('late_a', 'late_b'), ('late_b', 'late_a'):
        plain(name, f"from {after} import late\nlate = 1")


def packages():
    forget('pack')
    names = ['pack', 'pack.one', 'pack.two', 'pack.inner', 'pack.inner.deep', 'pack.space.leaf']
    jobs = [importer(rng.choice(names)) for _ in range(rng.randrange(2, 8))]
    complete(jobs, together(*jobs), once=[])
    for name, times in ledger.ran.items():
        if times != 1:
            wrong(f'{name} was executed {times} times')


def packages_files():
    write('pack/__init__.py', '')
    write('pack/one.py', 'from . import two')
    write('pack/two.py', 'import pack.inner')
    write('pack/inner/__init__.py', '')
    write('pack/inner/deep.py', 'from ..one import last as other')
    write('pack/space/leaf.py', '')


def eager_packages():
    """A package that imports its parts while others import these."""
    forget('eager')
    names = ['eager', 'eager.one', 'eager.inner', 'eager.inner.deep']
    jobs = [importer(rng.choice(names)) for _ in range(rng.randrange(2, 8))]
    complete(jobs, together(*jobs), once=[])
    for name, times in ledger.ran.items():
        if times != 1:
            wrong(f'{name} was executed {times} times')


def eager_packages_files():
    write('eager/__init__.py', 'from . import one\nfrom .inner import deep')
    write('eager/one.py', 'import eager.inner.deep')
    write('eager/inner/__init__.py', 'import eager.inner.deep')
    write('eager/inner/deep.py', '')


def reloads():
    forget('again')
    stop = threading.Event()

    def reload():
        while not stop.is_set():
            for name in 'again', 'again.part':
                module = sys.modules.get(name)
                if module is not None:
                    try:
                        importlib.reload(module)
                    except ImportError as error:
                        # By rule, for one that is not there (yet).
                        if 'not in sys.modules' not in str(error):
                            raise
            time.sleep(0)

    names = ['again', 'again.part', 'again.other']
    jobs = [importer(rng.choice(names)) for _ in range(rng.randrange(2, 6))]

    def last():
        results = together(*jobs)
        stop.set()
        return results

    results, reloaded = together(last, reload)
    if isinstance(results, BaseException) or reloaded is not None:
        wrong(f'{describe(results)} {describe(reloaded)}')
    complete(jobs, results)


def reloads_files():
    write('again/__init__.py', '')
    write('again/part.py', '')
    write('again/other.py', '')


def cleared():
    forget('gone')
    stop = threading.Event()
    times = rng.randrange(1, 4)

    def clear():
        for _ in range(times):
            ledger.pause()
            for name in list(sys.modules):
                if name.startswith('gone'):
                    sys.modules.pop(name, None)

    names = ['gone', 'gone.part']
    jobs = [importer(rng.choice(names), [by_function, by_dunder]) for _ in range(rng.randrange(2, 6))]
    *results, cleared = together(*jobs, clear)
    for job, result in zip(jobs, results):
        if isinstance(result, KeyError) and result.args[0] in names:
            continue  # by rule: who is in the middle of it finds it gone
        if isinstance(result, BaseException):
            wrong(f'{job.name}: {describe(result)}')
        if not result[1]:
            wrong(f'{job.name}: half-initialised')


def cleared_files():
    write('gone/__init__.py', '')
    write('gone/part.py', '')


def reloaded_and_cleared():
    """One thread reloads, another clears `sys.modules`, the others import."""
    forget('storm')
    names = ['storm', 'storm.part', 'storm.inner', 'storm.inner.deep']
    stop = threading.Event()
    times = rng.randrange(1, 4)

    def clear():
        for _ in range(times):
            ledger.pause()
            for name in list(sys.modules):
                if name.startswith('storm'):
                    sys.modules.pop(name, None)

    def by_rule(error):
        """It, its package, or the name that the new package has and the old one has not: cleared meanwhile."""
        if isinstance(error, KeyError):
            return error.args[0] in names
        texts = 'not in sys.modules', "cannot import name 'inner' from 'storm'"
        return isinstance(error, ImportError) and any(text in str(error) for text in texts)

    def reload():
        while not stop.is_set():
            for name in names:
                module = sys.modules.get(name)
                if module is not None:
                    try:
                        importlib.reload(module)
                    except (ImportError, KeyError) as error:
                        if not by_rule(error):
                            raise
            time.sleep(0)

    jobs = [importer(rng.choice(names), [by_function, by_dunder]) for _ in range(rng.randrange(2, 6))]

    def last():
        results = together(*jobs, clear)
        stop.set()
        return results

    results, reloaded = together(last, reload)
    if isinstance(results, BaseException) or reloaded is not None:
        wrong(f'{describe(results)} {describe(reloaded)}')
    for job, result in zip(jobs, results):
        if by_rule(result):
            continue
        if isinstance(result, BaseException):
            wrong(f'{job.name}: {describe(result)}')
        if not result[1]:
            wrong(f'{job.name}: half-initialised')


def reloaded_and_cleared_files():
    write('storm/__init__.py', '')
    write('storm/part.py', 'from . import inner')
    write('storm/inner/__init__.py', '')
    write('storm/inner/deep.py', 'import storm.part')


def threads_in_bodies():
    forget('starter', 'helped', 'asked')
    jobs = [importer(rng.choice(['starter', 'helped'])) for _ in range(rng.randrange(2, 6))]
    complete(jobs, together(*jobs), once=[job.name.partition('(')[2][:-1] for job in jobs])
    threads = getattr(sys.modules.get('starter'), 'threads', [])
    for thread in threads:
        thread.join(20)
    if getattr(sys.modules.get('starter'), 'found', [True]) != [True]:
        wrong(f'a thread that a body started: {sys.modules["starter"].found}')


def threads_in_bodies_files():
    plain('helped')
    # One helper imports another module, and is waited for. One imports this module: it waits for the body.
    plain('starter', '''
import threading, sys
found = []
def other():
    import helped
def mine():
    import starter
    found.append('last' in vars(starter))
thread = threading.Thread(target=other, daemon=True)
thread.start()
thread.join()
threads = [threading.Thread(target=mine, daemon=True)]
threads[0].start()
threads[0].join(0.001)
if found:
    raise AssertionError('a thread got a module whose body was not done')
''')


def lazy():
    forget('lazily')
    spec = importlib.util.find_spec('lazily')
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules['lazily'] = module
    spec.loader.exec_module(module)
    jobs = [lambda: module.first for _ in range(rng.randrange(2, 6))]
    results = together(*jobs)
    for result in results:
        if result != 'begin':
            wrong(describe(result))
    if ledger.ran['lazily'] != 1:
        wrong(f'executed {ledger.ran["lazily"]} times')


def lazy_files():
    plain('lazily', "first = 'begin'")


globals()[scenario + '_files']()
for now in range(rounds):
    sys.setswitchinterval(rng.choice([1e-6, 1e-5, 1e-4, 5e-3]))
    globals()[scenario]()
print('ok')
