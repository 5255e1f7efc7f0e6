//! Threads that import the same cold modules at once: hundreds of rounds in any order, under the watchdog.
//!
//! `TOGIL_IMPORT_SEED` sets the seed of the rounds, `TOGIL_IMPORT_ROUNDS` how many. The rounds are in
//! `threaded_imports/rounds.py`, which runs under any Python: `python3 rounds.py SCENARIO SEED ROUNDS`.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::harness::{prints, script};

const ROUNDS: &str = include_str!("threaded_imports/rounds.py");

/// Runs rounds of a scenario, each time of others, and tells the seed of what fails.
#[track_caller]
fn holds(scenario: &str, rounds: u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let seed = number("TOGIL_IMPORT_SEED").unwrap_or(now);
    let rounds = number("TOGIL_IMPORT_ROUNDS").unwrap_or(rounds);
    let args = [scenario.to_owned(), seed.to_string(), rounds.to_string()];
    let output = script(ROUNDS).args(args).output();
    let good = output.status.success() && output.stdout == "ok\n" && output.stderr.is_empty();
    assert!(good, "TOGIL_IMPORT_SEED={seed}: {}\n{}", output.status, output.dump());
}

macro_rules! rounds {
    ($($(#[$doc:meta])* $test:ident: $scenario:literal, $rounds:literal;)*) => {$(
        $(#[$doc])*
        #[test]
        fn $test() {
            holds($scenario, $rounds);
        }
    )*};
}

rounds! {
    a_cold_module_is_executed_once_and_all_threads_get_it_whole: "same_module", 100;
    /// python/cpython#143650: up to CPython 3.13.12 the others got what was left of it.
    a_module_that_fails_raises_or_is_tried_again_and_is_not_left_registered: "failing", 100;
    two_modules_in_a_cycle_neither_deadlock_nor_lack_names: "two_in_a_cycle", 100;
    three_modules_in_a_ring_neither_deadlock_nor_lack_names: "three_in_a_cycle", 100;
    a_name_that_a_cycle_asks_for_too_early_is_an_import_error_in_every_thread: "cycle_of_late_names", 100;
    modules_of_a_package_are_attributes_of_it_when_they_are_handed_out: "packages", 100;
    /// python/cpython#83065: up to CPython 3.14 this raises `_DeadlockError`.
    a_package_that_imports_its_modules_is_no_deadlock: "eager_packages", 100;
    a_reload_beside_lets_nobody_see_half_a_module: "reloads", 100;
    a_cleared_sys_modules_is_a_key_error_at_worst: "cleared", 100;
    a_reload_and_a_clear_beside_leave_whole_modules: "reloaded_and_cleared", 100;
    a_thread_that_a_body_starts_imports_others_at_once_and_this_one_at_its_end: "threads_in_bodies", 100;
    a_lazy_module_is_executed_once: "lazy", 100;
}

/// What one thread sees of the import system's rules, to be the same as under CPython.
const RULES: &str = r#"
import sys, os, importlib, types
os.makedirs('rules/pack')
sys.path.insert(0, 'rules')
def write(name, text):
    with open('rules/' + name, 'w') as file:
        file.write(text)
def what(code):
    scope = {'__name__': '__main__'}
    try:
        exec(code, scope)
    except BaseException as error:
        # The VM names something else where a relative import goes too far.
        name = error.name if isinstance(error, ModuleNotFoundError) else ''
        print(code, '->', type(error).__name__, str(error).split(' (')[0], name)
    else:
        print(code, '->', scope.get('found'))
write('pack/__init__.py', '')
write('pack/mod.py', 'here = __name__')
write('pack/relative.py', 'from . import mod\nfrom .mod import here\nfrom .. import beyond')
write('pack/orphan.py', 'import sys\ndel sys.modules["pack"]')
write('selfish.py', 'import sys\ndel sys.modules[__name__]')
write('swapped.py', 'import sys, types\nsys.modules[__name__] = types.SimpleNamespace(name="other")')
write('failing.py', 'raise ValueError("no")')
write('one.py', 'import two\nlate = 1')
write('two.py', 'from one import late')
sys.modules['halted'] = None
for code in [
    'import nothing', 'import nothing.at.all', 'import pack.nothing', 'from pack import nothing',
    'import sys.nothing', 'import halted', 'from halted import x', 'import selfish', 'import failing',
    'import failing', 'import one', 'from pack import relative',
    'import pack.mod\nfound = pack.mod.here', 'import pack.mod as m\nfound = m.here',
    'found = __import__("pack.mod").__name__', 'found = __import__("pack.mod", fromlist=["here"]).__name__',
    'found = __import__("mod", {"__package__": "pack"}, {}, ["here"], 1).__name__',
    'found = __import__("mod", {"__package__": "pack"}, {}, [], 1).__name__',
    'found = __import__("", {"__package__": "pack"}, {}, ["mod"], 1).__name__',
    'found = __import__("pack.mod", level=None)', '__import__("pack", {}, {}, [], None)', '__import__("")', '__import__("x", level=-1)', '__import__(1)',
    '__import__("x", {"__package__": "pack"}, {}, [], 3)',
    'from . import x', 'import swapped\nfound = swapped.name', 'import pack.orphan',
    'import importlib\nfound = importlib.import_module("pack.mod").__name__',
    'import importlib\nimportlib.import_module(".mod")',
    'import importlib\nimportlib.reload(importlib)\nfound = importlib.reload.__name__',
    'import importlib, json\ndel __import__("sys").modules["json"]\nimportlib.reload(json)',
    'import importlib, sys\nsys.modules["halted.x"] = 5\nimport halted.x',
]:
    what(code)
print(sorted(name for name in sys.modules if name.partition('.')[0] in
    {'nothing', 'failing', 'selfish', 'one', 'two', 'swapped', 'pack'}))
"#;

#[test]
fn the_rules_that_one_thread_sees_are_those_of_cpython() {
    let home = std::env::var("HOME").unwrap_or_default();
    let python = format!("{home}/.pyenv/versions/3.13.0/bin/python3");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let expected = Command::new(&python)
        .args(["-c", RULES])
        .env_clear()
        .current_dir(directory.path())
        .output();
    match expected {
        Ok(expected) => prints(RULES, String::from_utf8_lossy(&expected.stdout).trim_end()),
        Err(error) => println!("not compared: {python}: {error}"),
    }
}

/// The deadlock that CPython's rules cannot prevent is seen from outside only, so its main thread must
/// hear Ctrl-C while it waits for a module.
#[test]
fn a_wait_for_a_module_ends_with_an_interrupt() {
    let running = script(
        r#"
        import sys, threading, time, types, importlib.abc, importlib.machinery
        class Slow(importlib.abc.MetaPathFinder, importlib.abc.Loader):
            def find_spec(self, name, path, target=None):
                if name == 'slow':
                    return importlib.machinery.ModuleSpec(name, self)
            def create_module(self, spec): return None
            def exec_module(self, module):
                begun.set()
                time.sleep(1000)
        begun = threading.Event()
        sys.meta_path.insert(0, Slow())
        def other(): import slow
        threading.Thread(target=other, daemon=True).start()
        begun.wait()
        print('waits', flush=True)
        try:
            import slow
        except KeyboardInterrupt:
            print('interrupted')
        "#,
    )
    .start();
    running.wait_for_line("waits");
    // It may not have begun to wait: then the interrupt comes before the import.
    std::thread::sleep(std::time::Duration::from_millis(100));
    running.signal(libc::SIGINT);
    running.wait().prints("waits\ninterrupted");
}
