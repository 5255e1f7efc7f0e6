//! Where modules are looked for: the same layouts under CPython and here.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::harness::{Togil, script, togil};

/// A CPython 3.11 or newer: one of pyenv's, the newest first, or `python3`.
fn cpython() -> Option<PathBuf> {
    let pyenv = std::env::var_os("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv")));
    let mut found: Vec<PathBuf> = pyenv
        .and_then(|root| std::fs::read_dir(root.join("versions")).ok())
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin/python3"))
        .collect();
    let version = |python: &PathBuf| -> Option<u32> {
        let source = "import sys; print(sys.version_info[1] if sys.version_info[0] == 3 and \
                      sys.implementation.name == 'cpython' else 0)";
        let output = Command::new(python).args(["-S", "-c", source]).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    found.push("python3".into());
    let newest = found.into_iter().max_by_key(|python| version(python))?;
    (version(&newest) >= Some(11)).then_some(newest)
}

/// Prints what of `sys.path` is below the test's directory, what was imported from where, and the
/// error if it failed.
const REPORT: &str = "
import os, sys
def report(*names):
    root = os.path.realpath(os.environ['ROOT'])
    def short(path):
        path = os.path.realpath(path).replace(root, '.')
        return path if path.startswith('.') else 'elsewhere'
    mine = [p if not p else short(p) for p in sys.path if not p or short(p).startswith('.')]
    print(mine)
    for name in names:
        try:
            module = __import__(name, fromlist=['x'])
            where = getattr(module, '__file__', None)
            where = short(where) if where else sorted(map(short, module.__path__))
            print(name, where, getattr(module, 'value', None), module.__spec__.origin is None)
        except ImportError as error:
            print(name, type(error).__name__, error)
    print(__name__, sys.argv[1:])
";

/// The files that every case may look at.
fn layout(run: Togil) -> Togil {
    let zip = "import sys, zipfile
with zipfile.ZipFile('lib.zip', 'w') as z:
    z.writestr('zipped.py', 'value = 5')
    z.writestr('inside/__init__.py', '')
    z.writestr('inside/deep.py', 'value = 6')
with zipfile.ZipFile('app.zip', 'w') as z:
    z.writestr('__main__.py', 'from report import report; report(\"beside\", \"zipped\", \"report\")')
    z.writestr('beside.py', 'value = 8')";
    let run = run
        .file("report.py", REPORT)
        .file("zip.py", zip)
        .file(
            "app/main.py",
            "from report import report\nreport('beside', 'helper', 'space.one', 'space.two')",
        )
        .file("app/beside.py", "value = 1")
        .file("app/__main__.py", "from report import report\nreport('beside', 'helper')")
        .file("app/space/one.py", "value = 2")
        .file("other/space/two.py", "value = 3")
        .file("other/helper.py", "value = 4")
        .file("package/__init__.py", "")
        .file("package/__main__.py", "from report import report\nreport('package', 'beside')")
        .file(
            "package/tool.py",
            "from report import report\nreport('package.tool', 'package.none')",
        )
        .file("both/space/one.py", "value = 'namespace'")
        .file("regular/space/__init__.py", "value = 'regular'")
        .file("hides/colorsys.py", "value = 9")
        .file("hides/json/__init__.py", "value = 10")
        .file("hides/json/own.py", "value = 11")
        .file("hides/tomllib/deeper/one.py", "value = 12")
        // These are frozen in CPython, too.
        .file("hides/runpy.py", "value = 13")
        .file("hides/os.py", "value = 14")
        .file("hides/main.py", HIDING);
    let python = std::fs::canonicalize(run.path()).expect("a directory");
    run.env("ROOT", python)
}

/// Modules that the standard library has, too, in front of it, behind it, and in its place.
const HIDING: &str = "
import sys
from report import report
names = 'colorsys', 'json', 'json.own', 'json.decoder', 'tomllib', 'tomllib.deeper', 'runpy', 'os'
def again():
    for name in list(sys.modules):
        if name.partition('.')[0] in ('colorsys', 'json', 'tomllib'):
            del sys.modules[name]
    report(*names)
again()
first = sys.path.pop(0)
again()
sys.path.append(first)
again()
sys.path.insert(1, first)
again()
";

/// What both make of these arguments with this `PYTHONPATH`; in it and in them `.` is the directory.
#[track_caller]
fn same(python: &PathBuf, arguments: &[&str], path: &str) {
    let run = layout(togil(Vec::<OsString>::new()).args(arguments)).env("PYTHONPATH", path);
    let made = Command::new(python).arg("zip.py").current_dir(run.path()).status();
    assert!(made.expect("CPython runs").success());
    let theirs = Command::new(python)
        .args(arguments)
        .env_clear()
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONPATH", path)
        .env("HOME", run.path())
        .env("ROOT", std::fs::canonicalize(run.path()).expect("a directory"))
        .current_dir(run.path())
        .output()
        .expect("CPython runs");
    let ours = run.output();
    let text = String::from_utf8_lossy(&theirs.stdout);
    assert_eq!(ours.stdout, text, "{arguments:?} with {path}\n{}", ours.dump());
    assert_eq!(ours.status.code(), theirs.status.code(), "{arguments:?} with {path}");
}

#[test]
fn modules_are_found_where_cpython_finds_them() {
    let Some(python) = cpython() else {
        println!("skipped: no CPython 3.11 or newer, neither in ~/.pyenv nor as python3");
        return;
    };
    let code = "from report import report; report('beside', 'helper', 'space.two', 'zipped', 'inside.deep')";
    let cases: &[&[&str]] = &[
        &["app/main.py", "a"],
        &["-P", "app/main.py"],
        &["-I", "app/main.py"],
        &["-s", "-E", "app/main.py"],
        &["app"],
        &["-P", "app"],
        &["app.zip", "x"],
        &["-I", "app.zip"],
        &["-m", "package", "y"],
        &["-m", "package.tool"],
        &["-P", "-m", "package.tool"],
        &["-I", "-m", "package.tool"],
        &["-m", "app.main"],
        &["-c", code],
        &["-P", "-c", code],
        &["hides/main.py"],
        &["-P", "hides/main.py"],
        &["-m", "hides.main"],
    ];
    for case in cases {
        for path in [
            "",
            ".",
            ".:other",
            "other:app:.",
            "lib.zip:.",
            "both:other:.",
            "both:regular:.",
            "missing::.",
            "hides:.",
        ] {
            same(&python, case, path);
        }
    }
}

#[test]
fn what_programs_do_to_imports_is_as_in_cpython() {
    let Some(python) = cpython() else {
        println!("skipped: no CPython 3.11 or newer, neither in ~/.pyenv nor as python3");
        return;
    };
    let reload = "
        import importlib, pathlib, sys, os
        sys.dont_write_bytecode = True
        file = pathlib.Path('changing.py')
        file.write_text('value = 1; old = 1')
        import changing
        before = changing
        file.write_text('value = 22')
        importlib.invalidate_caches()
        print(importlib.reload(changing) is before, changing.value, changing.old)
        file.write_text('1 / 0')
        try: importlib.reload(changing)
        except ZeroDivisionError: print('kept', sys.modules['changing'] is before, changing.value)
        ";
    let lazy = "
        import importlib.util, sys, pathlib
        pathlib.Path('slow.py').write_text('print(\"loaded\"); value = 3')
        spec = importlib.util.find_spec('slow')
        spec.loader = importlib.util.LazyLoader(spec.loader)
        module = importlib.util.module_from_spec(spec)
        sys.modules['slow'] = module
        spec.loader.exec_module(module)
        print('not yet', type(module).__name__)
        print(module.value, type(module).__name__)
        ";
    let hooks = "
        import importlib.abc, importlib.machinery, sys
        class Made(importlib.abc.MetaPathFinder, importlib.abc.Loader):
            def find_spec(self, name, path, target=None):
                print('asked', name, path, target)
                if name.startswith('made'):
                    return importlib.machinery.ModuleSpec(name, self, is_package=name == 'made')
            def create_module(self, spec): return None
            def exec_module(self, module): module.value = module.__name__.upper()
        sys.meta_path.insert(0, Made())
        import made.inner
        from made import other
        print(made.value, made.inner.value, other.value, made.__spec__.parent, made.inner.__package__)
        try: import unmade
        except ImportError as error: print(error, error.name)
        class Path(importlib.abc.PathEntryFinder):
            def find_spec(self, name, target=None):
                return importlib.machinery.ModuleSpec(name, Made(), origin='memory')
        def hook(entry):
            if entry != 'memory:': raise ImportError
            return Path()
        del sys.meta_path[0]
        sys.path_hooks.insert(0, hook)
        sys.path.append('memory:')
        import madeup
        print(madeup.value, madeup.__spec__.origin)
        ";
    let circles = "
        import pathlib
        write = lambda name, text: pathlib.Path(name + '.py').write_text(text)
        write('ping', 'import pong\\nvalue = 1\\ndef get(): return pong.value')
        write('pong', 'import ping\\nvalue = 2\\nprint(hasattr(ping, \"value\"))')
        import ping
        print(ping.get())
        write('left', 'from right import value')
        write('right', 'import left\\nfrom left import missing\\nvalue = 1')
        try: import left
        except ImportError as error: print(type(error).__name__, error.name)
        write('self_import', 'import self_import\\ntry: self_import.late\\nexcept AttributeError as e: print(e.name)\\nlate = 1')
        import self_import
        write('fails', 'import sys\\nprint(\"fails\" in sys.modules)\\n1 / 0')
        for _ in range(2):
            try: import fails
            except ZeroDivisionError: import sys; print('fails' in sys.modules)
        ";
    for source in [reload, lazy, hooks, circles] {
        let run = script(source).env("PYTHONDONTWRITEBYTECODE", "1");
        let file = run.path().join("script.py");
        let elsewhere = tempfile::tempdir().expect("a directory");
        std::fs::copy(file, elsewhere.path().join("script.py")).expect("a copy");
        let theirs = Command::new(&python)
            .arg("script.py")
            .env_clear()
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(elsewhere.path())
            .output()
            .expect("CPython runs");
        let stderr = String::from_utf8_lossy(&theirs.stderr);
        assert!(theirs.status.success(), "{source}\n{stderr}");
        run.output().prints(String::from_utf8_lossy(&theirs.stdout).trim_end());
    }
}

#[test]
fn importtime_tells_what_each_import_took() {
    let run = |run: Togil| {
        let run = run
            .file("outer/__init__.py", "import outer.inner")
            .file("outer/inner.py", "import time; time.sleep(0.02)");
        let output = run.output().exits(0);
        let lines: Vec<String> = output.stderr.lines().map(str::to_owned).collect();
        assert_eq!(lines[0], "import time: self [us] | cumulative | imported package");
        assert_eq!(lines.iter().filter(|line| line.contains("self [us]")).count(), 1);
        let line = |name: &str| {
            let parts = lines.iter().map(|line| line.split('|').collect::<Vec<_>>());
            let parts = parts.filter(|parts| parts.len() == 3 && parts[2].trim() == name);
            let mut found: Vec<_> = parts.map(|parts| parts.join("|")).collect();
            assert_eq!(found.len(), 1, "{name}: {lines:?}");
            found.remove(0)
        };
        let numbers = |line: &str| -> (u64, u64) {
            let line = line.strip_prefix("import time: ").expect("the prefix");
            let number = |part: &str| part.trim().parse().expect("microseconds");
            let parts: Vec<_> = line.split(" | ").collect();
            assert_eq!((parts[0].len(), parts[1].len()), (9, 10), "{line}");
            (number(parts[0]), number(parts[1]))
        };
        let (outer, inner) = (line("outer"), line("outer.inner"));
        assert!(
            outer.ends_with("| outer") && inner.ends_with("|   outer.inner"),
            "{outer}\n{inner}"
        );
        let ((own, all), (_, inside)) = (numbers(&outer), numbers(&inner));
        assert!(inside >= 20_000 && all >= inside && own <= all - inside + 1, "{outer}\n{inner}");
    };
    let source = "import outer, outer.inner; import importlib; importlib.import_module('outer')";
    run(togil(["-X", "importtime", "-c", source]));
    run(togil(["-c", source]).env("PYTHONPROFILEIMPORTTIME", "1"));
    let output = togil(["-X", "importtime=7", "-c", ""]).output().exits(1);
    output.complains("-X importtime: values other than 1 and 2 are reserved for future use.");
    let quiet = togil(["-E", "-c", "import json"]).env("PYTHONPROFILEIMPORTTIME", "1");
    quiet.output().prints("");
}

/// CPython 3.14: `=2` also lists imports of what is loaded, and what `import a.b` says about `a`.
#[test]
fn importtime_2_tells_of_loaded_modules_too() {
    let source = "
import outer.inner
import outer
from outer import inner
from outer.inner import value
import nothing.at.all
";
    let run = togil(["-X", "importtime=2", "-c", source])
        .file("outer/__init__.py", "from . import inner\nfrom .inner import value")
        .file("outer/inner.py", "import outer.inner; value = 1");
    let output = run.output().exits(1);
    let ours = |line: &str| {
        let (times, name) = line.strip_prefix("import time: ")?.rsplit_once(" | ")?;
        let name = name.trim();
        let cached = times == "cached    | cached    ";
        let wanted = ["outer", "nothing"].iter().any(|part| name.starts_with(part));
        wanted.then(|| format!("{}{name}", if cached { "= " } else { "" }))
    };
    let lines: Vec<String> = output.stderr.lines().filter_map(ours).collect();
    let expected = [
        // `from . import inner`, and in it `import outer.inner`.
        "= outer",
        "= outer.inner",
        "= outer",
        "outer.inner",
        // `from .inner import value`
        "= outer.inner",
        "outer",
        "outer.inner",
        // The statement is about `outer`; then the other three.
        "= outer",
        "= outer",
        "= outer",
        "= outer.inner",
        "nothing",
        "nothing.at",
        "nothing.at.all",
    ];
    assert_eq!(lines, expected, "{}", output.stderr);
}
