//! `.pyc` files: where they are, when they are believed, and what happens where they cannot be written.

use std::path::{Path, PathBuf};
use std::process::Command;

use togil::{Host, Job};

use crate::harness::{Togil, code, prints, script, togil};

const TAG: &str = "togil-vm0_6_0-bc3627";

/// What the scripts below have in common: `load` imports `module` as a new process would, `cache` is its
/// file, `source` writes it.
const TOOLS: &str = "
import importlib, importlib.util, io, os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
path = os.path.join(here, 'module.py')
cache = importlib.util.cache_from_source(path)
def source(text, time=1_000_000_000, path=path):
    with open(path, 'w') as file:
        file.write(text)
    os.utime(path, (time, time))
def load():
    sys.modules.pop('module', None)
    importlib.invalidate_caches()
    import module
    return module.value
def read(path=cache):
    with open(path, 'rb') as file:
        return file.read()
def write(data, path=cache):
    with open(path, 'wb') as file:
        file.write(data)
def written(before=None):
    return os.path.exists(cache) and (os.stat(cache).st_ino, read()) != before
def state():
    return os.stat(cache).st_ino, read()
";

fn with_tools(source: &str) -> Togil {
    script(&format!("{TOOLS}{}", crate::harness::dedent(source)))
}

#[track_caller]
fn tools_print(source: &str, expected: &str) {
    with_tools(source).output().prints(expected);
}

/// The `.pyc` files below a directory, without it.
fn caches(directory: &Path) -> Vec<PathBuf> {
    fn find(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                find(&path, found);
            } else if path.to_string_lossy().contains(".pyc") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    find(directory, &mut found);
    found.sort();
    found.iter().map(|path| path.strip_prefix(directory).expect("below it").to_owned()).collect()
}

#[test]
fn an_import_leaves_a_file_with_our_tag_beside_the_source() {
    let run = script("import package.module, sys; print(sys.implementation.cache_tag)")
        .file("package/__init__.py", "")
        .file("package/module.py", "x = 1");
    let output = run.output().prints(TAG);
    let expected = ["__init__", "module"]
        .map(|name| PathBuf::from(format!("package/__pycache__/{name}.{TAG}.pyc")));
    assert_eq!(caches(output.directory()), expected);
}

#[test]
fn a_prefix_takes_the_files_elsewhere() {
    let run = |options: &[&str], variable: &str| {
        let run = script("import module, sys; print(sys.pycache_prefix, sys._xoptions)");
        let run = run.file("module.py", "x = 1").options(options);
        run.env("PYTHONPYCACHEPREFIX", variable).output().success()
    };
    let below = |prefix: &str, run: crate::harness::Output| {
        let directory = run.directory().canonicalize().expect("it is there");
        let inside = directory.strip_prefix("/").expect("absolute").display().to_string();
        let expected = PathBuf::from(format!("{prefix}/{inside}/module.{TAG}.pyc"));
        assert_eq!(caches(run.directory()), [expected]);
        run.text().to_owned()
    };
    assert_eq!(below("x", run(&["-X", "pycache_prefix=x"], "")), "x {'pycache_prefix': 'x'}");
    assert_eq!(below("env", run(&[], "env")), "env {}");
    assert_eq!(below("x", run(&["-Xpycache_prefix=x"], "env")), "x {'pycache_prefix': 'x'}");
    let plain = |run: crate::harness::Output| {
        assert_eq!(
            caches(run.directory()),
            [PathBuf::from(format!("__pycache__/module.{TAG}.pyc"))]
        );
        run.text().to_owned()
    };
    assert_eq!(plain(run(&["-Xpycache_prefix="], "env")), "None {'pycache_prefix': ''}");
    assert_eq!(plain(run(&["-E"], "env")), "None {}");
}

#[test]
fn a_subinterpreter_inherits_the_prefix() {
    let source = "
        from concurrent import interpreters
        import sys
        sys.dont_write_bytecode = True
        one = interpreters.create()
        one.exec('import sys; sys.path.insert(0, \".\"); import module; print(sys.pycache_prefix)')
        one.close()
    ";
    let run = script(source).file("module.py", "x = 1").options(["-X", "pycache_prefix=x"]);
    let output = run.output().prints("x");
    assert_eq!(caches(output.directory()).len(), 1);
}

#[test]
fn a_fresh_file_is_read_and_not_written() {
    tools_print(
        "
        source('value = 1')
        print(load(), written())
        before = state()
        # The cache is what runs: the source is not the same any more, but as long and as old.
        source('value = 2')
        print(load(), written(before))
    ",
        "1 True\n1 False",
    );
}

#[test]
fn an_edit_is_noticed_by_its_time_or_its_size() {
    tools_print(
        "
        source('value = 1')
        load()
        before = state()
        source('value = 2', time=1_000_000_001)
        print(load(), written(before))
        before = state()
        source('value = 33', time=1_000_000_001)
        print(load(), written(before))
        before = state()
        print(load(), written(before))
        # 32 bits of a time are kept, as in CPython.
        source('value = 4', time=2**32 + 5)
        print(load(), load())
    ",
        "2 True\n33 True\n33 False\n4 4",
    );
}

#[test]
fn a_file_with_a_hash_goes_by_the_source_if_it_is_checked() {
    let source = "
        import _imp, py_compile
        modes = py_compile.PycInvalidationMode
        results = []
        for mode in (modes.CHECKED_HASH, modes.UNCHECKED_HASH):
            source('value = 1')
            py_compile.compile(path, invalidation_mode=mode)
            flags = read()[4]
            before = state()
            source('value = 1', time=1_000_000_999)
            results += [flags, load(), written(before)]
            source('value = 2', time=1_000_000_999)
            results += [load(), written(before), read()[4]]
        print(_imp.check_hash_based_pycs, *results)
    ";
    let run = |options: &[&str], expected: &str| {
        with_tools(source).options(options).output().prints(expected);
    };
    run(&[], "default 3 1 False 2 True 3 1 1 False 1 False 1");
    let always = ["--check-hash-based-pycs", "always"];
    run(&always, "always 3 1 False 2 True 3 1 1 False 2 True 1");
    run(&["--check-hash-based-pycs", "never"], "never 3 1 False 1 False 3 1 1 False 1 False 1");
}

#[test]
fn a_truncated_file_is_not_believed_and_written_again() {
    tools_print(
        "
        source('def f(a, b=(1, 2.5, None)):\\n    return [a, *b]\\nvalue = f(3)')
        expected = load()
        good = read()
        wrong = []
        for length in range(len(good)):
            write(good[:length])
            if load() != expected or read() != good:
                wrong.append(length)
        write(good + b'x')
        print(wrong, len(good) > 200, load() == expected, read() == good)
    ",
        "[] True True True",
    );
}

#[test]
fn a_file_with_a_flipped_bit_is_not_believed_and_written_again() {
    tools_print(
        "
        source('def f(a, b=(1, 2.5, None)):\\n    return [a, *b]\\nvalue = f(3)')
        expected = load()
        good = read()
        wrong = []
        for bit in range(len(good) * 8):
            flipped = bytearray(good)
            flipped[bit // 8] ^= 1 << bit % 8
            write(flipped)
            if load() != expected or read() != good:
                wrong.append(bit)
        print(wrong)
    ",
        "[]",
    );
}

#[test]
fn what_another_program_wrote_is_not_believed() {
    tools_print(
        "
        import marshal
        source('value = 1')
        load()
        good = read()
        other = marshal.dumps(compile('value = 666', path, 'exec'))
        header = good[4:16]
        for magic in (b'\\x2b\\x0e\\r\\n', good[:4]):
            write(magic + header + other)
            print(load(), read() == good)
        # CPython's name for it: never looked at.
        write(b'\\x2b\\x0e\\r\\n' + header + other, cache.replace(sys.implementation.cache_tag, 'cpython-314'))
        print(load(), importlib.util.MAGIC_NUMBER == good[:4] != b'\\x2b\\x0e\\r\\n')
    ",
        "1 True\n1 True\n1 True",
    );
}

#[test]
fn verbose_names_the_file_that_is_not_believed_and_why() {
    let run = with_tools(
        "
        source('value = 1')
        load()
        good = read()
        for data in (b'', b'junk' * 9, good[:10], good[:-1]):
            write(data)
            load()
        print(read() == good)
    ",
    );
    let output = run.options(["-v"]).output();
    assert_eq!(output.text(), "True");
    for reason in [
        "bad magic number in 'module': b''",
        "bad magic number in 'module': b'junk'",
        "reached EOF while reading pyc header of 'module'",
        "truncated or corrupt bytecode in 'module'",
    ] {
        let line = output.stderr.lines().find(|line| line.contains(reason));
        let line = line.unwrap_or_else(|| panic!("{reason}\n{}", output.stderr));
        assert!(line.starts_with("# ignored '/"), "{line}");
        assert!(line.contains(&format!("__pycache__/module.{TAG}.pyc': ")), "{line}");
    }
    assert!(output.stderr.contains("# created '/"), "{}", output.stderr);
}

#[test]
fn where_nothing_can_be_written_the_import_works() {
    tools_print(
        "
        source('value = 1')
        # Permissions do not hold a superuser back; a file in the place of the directory does.
        write(b'', os.path.dirname(cache))
        print(load(), os.path.isfile(os.path.dirname(cache)))
    ",
        "1 True",
    );
}

#[test]
fn a_full_disk_leaves_the_import_and_no_rest() {
    tools_print(
        "
        import resource
        source('value = 1\\ntext = \"\"\"' + 'x' * 100_000 + '\"\"\"')
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
        print(load(), os.listdir(os.path.dirname(cache)))
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        print(load(), len(os.listdir(os.path.dirname(cache))))
    ",
        "1 []\n1 1",
    );
}

#[test]
fn eight_processes_at_once_leave_one_whole_file() {
    let text = "
        import subprocess, sys
        source('value = 1\\n' + ''.join(f'def f{n}(): return {n}\\n' for n in range(500)))
        for round in range(4):
            if os.path.exists(cache):
                write(read()[:round * 1000])
            command = [sys.executable, 'run', '-c', 'import sys; sys.path[0] = \".\"; import module; print(module.value)']
            children = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(8)]
            results = {(child.communicate()[0], child.returncode) for child in children}
            assert results == {(b'1\\n', 0)}, results
            assert os.listdir(os.path.dirname(cache)) == [os.path.basename(cache)]
            before = state()
            assert load() == 1 and not written(before)
    ";
    with_tools(text).output().prints("");
}

#[test]
fn nothing_is_written_when_it_is_not_wanted() {
    let run = || {
        let source =
            "import module, sys; print(sys.dont_write_bytecode, sys.flags.dont_write_bytecode)";
        script(source).file("module.py", "x = 1")
    };
    let count = |run: Togil, expected| caches(run.output().prints(expected).directory()).len();
    assert_eq!(count(run(), "False 0"), 1);
    assert_eq!(count(run().options(["-B"]), "True 1"), 0);
    assert_eq!(count(run().env("PYTHONDONTWRITEBYTECODE", "1"), "True 1"), 0);
    let ignored = run().env("PYTHONDONTWRITEBYTECODE", "1").options(["-E"]);
    assert_eq!(count(ignored, "False 0"), 1);
    // What is there is read all the same.
    tools_print(
        "
        source('value = 1')
        load()
        sys.dont_write_bytecode = True
        source('value = 2')
        print(load())
        source('value = 3', time=5)
        before = state()
        print(load(), written(before))
    ",
        "1\n3 False",
    );
}

#[test]
fn optimized_code_has_a_file_of_its_own() {
    let run = script("import module").file("module.py", "assert False, 'not optimized'");
    let output = run.options(["-O"]).output().success();
    let name = format!("__pycache__/module.{TAG}.opt-1.pyc");
    assert_eq!(caches(output.directory()), [PathBuf::from(name)]);
}

#[test]
fn py_compile_and_compileall_write_what_imports_read() {
    let sources = |run: Togil| run.file("one.py", "value = 1").file("sub/two.py", "value = 2");
    for mode in ["timestamp", "checked-hash", "unchecked-hash"] {
        let options = ["-m", "compileall", "-q", "--invalidation-mode", mode, "."];
        let output = sources(togil(["run"]).args(options)).output().prints("");
        let expected =
            [format!("__pycache__/one.{TAG}.pyc"), format!("sub/__pycache__/two.{TAG}.pyc")];
        assert_eq!(caches(output.directory()), expected.each_ref().map(PathBuf::from));
        let flags = ["timestamp", "unchecked-hash", "?", "checked-hash"];
        let file = std::fs::read(output.directory().join(&expected[0])).expect("a file");
        assert_eq!(flags[usize::from(file[4])], mode);
    }
    let output = sources(togil(["run"]).args(["-m", "py_compile", "one.py"])).output().prints("");
    assert_eq!(caches(output.directory()).len(), 1);
    tools_print(
        "
        import compileall, py_compile
        source('value = 1')
        print(py_compile.compile('module.py') == os.path.relpath(cache, os.getcwd()))
        before = state()
        # compileall looks whether it is fresh.
        print(compileall.compile_file(path, quiet=1), written(before), load(), written(before))
        source('value = (')
        try:
            py_compile.compile(path, doraise=True)
        except py_compile.PyCompileError as error:
            print('SyntaxError' in str(error))
    ",
        "True\nTrue False 1 False\nTrue",
    );
}

#[test]
fn code_without_its_source_runs_from_the_file() {
    tools_print(
        "
        import py_compile, runpy, zipfile
        source('value = 7\\nprint(__name__)')
        py_compile.compile(path, cfile=os.path.join(here, 'module.pyc'))
        py_compile.compile(path, cfile=os.path.join(here, 'other.pyc'))
        os.unlink(path)
        print(load())
        import other
        print(other.value, type(other.__loader__).__name__)
        print(runpy.run_path(os.path.join(here, 'other.pyc'))['value'])
        good = read('other.pyc')
        with zipfile.ZipFile('archive.zip', 'w') as archive:
            archive.writestr('zipped.pyc', good)
            archive.writestr('broken.pyc', good[:-20] + bytes([good[-20] ^ 1]) + good[-19:])
        sys.path.insert(0, 'archive.zip')
        import zipped
        print(zipped.value, zipped.__loader__.archive)
    ",
        "module\n7\nother\n7 SourcelessFileLoader\n<run_path>\n7\nzipped\n7 archive.zip",
    );
}

#[test]
fn a_broken_file_without_its_source_is_an_import_error() {
    tools_print(
        "
        import py_compile, runpy, zipfile
        source('value = 7')
        bare = os.path.join(here, 'bare.pyc')
        py_compile.compile(path, cfile=bare)
        good = read(bare)
        def error(f, *args):
            try:
                f(*args)
            except Exception as error:
                return f'{type(error).__name__}: {error}'
        for data in (good[:-30], good[:50] + bytes([good[50] ^ 16]) + good[51:], b'junk' * 20, good[:7]):
            write(data, bare)
            importlib.invalidate_caches()
            print(error(__import__, 'bare'))
        write(good[:-30], bare)
        print(error(runpy.run_path, bare).replace(bare, 'bare'))
        with zipfile.ZipFile('archive.zip', 'w') as archive:
            archive.writestr('zipped.pyc', good[:-30])
        sys.path.insert(0, 'archive.zip')
        print(error(__import__, 'zipped'))
    ",
        "ImportError: truncated or corrupt bytecode in 'bare'\n\
         ImportError: truncated or corrupt bytecode in 'bare'\n\
         ImportError: bad magic number in 'bare': b'junk'\n\
         EOFError: reached EOF while reading pyc header of 'bare'\n\
         ImportError: truncated or corrupt bytecode in 'bare'\n\
         ZipImportError: module load failed: truncated or corrupt bytecode in 'zipped'",
    );
}

#[test]
fn a_file_is_run_as_a_script() {
    let run = |source: &str| {
        let output = with_tools(source).output().success();
        let file = output.directory().join("script.pyc");
        let child = Command::new(env!("CARGO_BIN_EXE_togil-under-test"))
            .args(["run".as_ref(), file.as_os_str()])
            .output()
            .expect("it runs");
        (child.status.code(), String::from_utf8_lossy(&child.stdout).into_owned())
    };
    let compile = "
        import py_compile
        source('import sys; print(__name__, __file__.endswith(\"script.pyc\"), 6 * 7)')
        py_compile.compile(path, cfile='script.pyc')
    ";
    assert_eq!(run(compile), (Some(0), "__main__ True 42\n".into()));
    let broken = format!("{compile}\n        write(read('script.pyc')[:-1], 'script.pyc')");
    assert_eq!(run(&broken), (Some(1), String::new()));
}

#[test]
fn a_moved_package_shows_its_new_place_in_tracebacks() {
    tools_print(
        "
        import shutil, traceback
        os.mkdir('a')
        source('def fail():\\n    def inner():\\n        1 / 0\\n    inner()', path='a/moved.py')
        sys.path.insert(0, 'a')
        import moved
        del sys.modules['moved'], sys.path[0]
        shutil.copytree('a', 'b')
        sys.path.insert(0, 'b')
        sys.path_importer_cache.clear()
        import moved
        try:
            moved.fail()
        except ZeroDivisionError as error:
            frames = traceback.extract_tb(error.__traceback__)[1:]
            print([(os.path.basename(os.path.dirname(f.filename)), f.lineno, f.name) for f in frames])
    ",
        "[('b', 4, 'fail'), ('b', 3, 'inner')]",
    );
}

/// Every field of the code objects of a module, and of those within.
const FIELDS: &str = "
import types
def fields(code):
    yield [getattr(code, name) for name in dir(code) if name.startswith('co_')
           and name not in ('co_consts', 'co_lines', 'co_positions', 'co_branches')]
    yield list(code.co_lines()), list(code.co_positions())
    for constant in code.co_consts:
        yield from constant_fields(constant)
def constant_fields(constant):
    if isinstance(constant, types.CodeType):
        yield from fields(constant)
    elif isinstance(constant, tuple):
        for element in constant:
            yield from constant_fields(element)
    elif isinstance(constant, frozenset):
        yield sorted(map(repr, constant))
    else:
        yield type(constant), repr(constant)
external = importlib._bootstrap_external
def round_trip(code):
    data = external._code_to_timestamp_pyc(code)
    external._classify_pyc(data, 'm', {})
    return external._compile_bytecode(data[16:])
";

#[test]
fn what_is_read_is_what_was_compiled() {
    let run = with_tools(
        &(FIELDS.to_owned()
            + r#"
source = r'''
import asyncio
numbers = (0, -1, 2**31 - 1, -2**31, 2**31, 2**200, -2**200, 1e300, -0.0, float("nan"), 3.5j, -0j)
more = (1.5 + 2j, True, False, None, ..., (), ((),), (1, (2.0, "x")), b"", b"\xff\x00", "")
texts = ("ascii name", "name", "ünï", "\ud800 lone", "\U0001f600", "x" * 300, "é" * 300)
if 1 in {1, 2.5, "x", (1, 2), None}: pass
def f(a, /, b, *c, d=1, e: int = 2, **g):
    """A doc string."""
    cell = a
    def inner(cell2=cell):
        nonlocal cell
        cell = [x for x in b[1:] if x in {"p", "q"}]
        return lambda: (cell, cell2, a[::2], b[:, 1:2])
    try:
        with open(a) as file, file:
            yield from inner()
    except* (ValueError, TypeError) as group:
        raise RuntimeError from group
    finally:
        del b
class Class[T](dict, metaclass=type):
    x: T = 1
    async def method(self):
        async with self as y:
            async for z in y:
                await z
                match z:
                    case {"k": [1, *rest], **other}: return rest, other
                    case Class(x=3) | None: return f"{z!r:>{rest}}"
type Alias[K] = list[K]
'''
for optimize in (0, 1, 2):
    code = compile(source, 'a file', 'exec', dont_inherit=True, optimize=optimize)
    again = round_trip(code)
    print(again == code, list(fields(again)) == list(fields(code)), again is not code)
"#),
    );
    run.output().prints("True True True\nTrue True True\nTrue True True");
}

/// As many modules as there are: what the compiler made of the standard library when it was frozen.
#[test]
fn the_standard_library_comes_back_as_it_was() {
    let run = with_tools(
        &(FIELDS.to_owned()
            + "
import _imp
# The import system's own code is given another file name when it is loaded.
names = [name for name in _imp._frozen_module_names()
         if '.test' not in name and not name.startswith('_frozen')]
different, count = [], 0
for name in sorted(names)[::3]:
    code = _imp.get_frozen_object(name)
    before = list(fields(code))
    count += len(before)
    if list(fields(round_trip(code))) != before:
        different.append(name)
print(different, count > 20_000)
"),
    );
    run.output().prints("[] True");
}

#[test]
fn what_a_compiler_does_not_make_comes_back_by_marshal() {
    tools_print(
        "
        external = importlib._bootstrap_external
        code = compile('x = 1', 'f', 'exec')
        code = code.replace(co_consts=code.co_consts + ([1, {2: {3}}], bytearray(b'x')))
        data = external._code_to_hash_pyc(code, b'8 bytes!', False)
        print(external._classify_pyc(data, 'm', {}), external._compile_bytecode(data[16:]).co_consts[-2:])
        import marshal
        try:
            external._compile_bytecode(marshal.dumps([1]), 'm', 'p')
        except ImportError as error:
            print(error, error.name, error.path)
    ",
        "1 ([1, {2: {3}}], b'x')\nNon-code object in 'p' m p",
    );
}

#[test]
fn a_loader_whose_functions_were_replaced_is_asked() {
    tools_print(
        "
        source('value = 1')
        load()
        from importlib.machinery import SourceFileLoader
        asked = []
        original = SourceFileLoader.get_data
        def get_data(self, path):
            asked.append(os.path.basename(path))
            return original(self, path)
        SourceFileLoader.get_data = get_data
        print(load(), len(asked))
        del SourceFileLoader.get_data
        seen = []
        sys.addaudithook(lambda event, args: event == 'open' and seen.append(args[0]))
        print(load(), seen == [cache])
    ",
        "1 1\n1 True",
    );
}

/// Set where the test below runs alone in a process: what was compiled is counted by process.
const ALONE: &str = "TOGIL_TEST_ALONE";

/// The isolated workers have nothing else in common: what one has compiled, the others find.
#[test]
fn isolated_workers_compile_a_source_once() {
    if std::env::var_os(ALONE).is_none() {
        let name = "bytecode_cache::isolated_workers_compile_a_source_once";
        let tests = std::env::current_exe().expect("the tests");
        let alone =
            std::process::Command::new(tests).args(["--exact", name]).env(ALONE, "1").output();
        let alone = alone.expect("they run");
        let output = String::from_utf8_lossy(&alone.stdout);
        assert!(alone.status.success() && output.contains("1 passed"), "{output}");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let name = "shared_by_isolated_workers";
    let path = directory.path().join(format!("{name}.py"));
    let functions: String =
        (0..300).map(|n| format!("def f{n}(x):\n    return [x, {n}]\n")).collect();
    std::fs::write(&path, format!("{functions}\nvalue = [f7(1), __file__, 1 in {{1, 2}}]\n"))
        .expect("a file");
    let host = Host::builder()
        .workers(6)
        .isolated(true)
        .write_bytecode(false)
        .import_path(directory.path().display().to_string())
        .build()
        .expect("a host");
    let before = togil::sharing();
    let jobs: Vec<_> = (0..24)
        .map(|_| {
            let job = Job::eval(format!("__import__('{name}').value"));
            host.spawn::<(Vec<i64>, String, bool)>(job)
        })
        .collect();
    for job in jobs {
        assert_eq!(job.join().expect("it runs"), (vec![1, 7], path.display().to_string(), true));
    }
    let after = togil::sharing();
    // Each isolated worker that imported it was served, and nothing was written.
    let worked = host.stats().per_worker.iter().filter(|worker| worker.jobs > 0).count() as u64;
    assert_eq!((after.compiled - before.compiled, after.reused - before.reused), (1, worked - 1));
    assert!(caches(directory.path()).is_empty());
}

#[test]
fn a_host_writes_beside_the_sources_unless_it_is_told_otherwise() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("written_by_a_host.py"), "value = 1").expect("a file");
    let elsewhere = tempfile::tempdir().expect("a directory");
    let builder = || {
        let path = directory.path().display().to_string();
        Host::builder().workers(1).import_path(path)
    };
    let run = |host: Host| {
        assert_eq!(host.eval::<i64>("__import__('written_by_a_host').value").expect("a value"), 1);
    };
    run(builder().write_bytecode(false).build().expect("a host"));
    assert!(caches(directory.path()).is_empty());
    let prefix = elsewhere.path().display().to_string();
    run(builder().pycache_prefix(prefix).build().expect("a host"));
    assert!(caches(directory.path()).is_empty());
    assert_eq!(caches(elsewhere.path()).len(), 1);
    run(builder().build().expect("a host"));
    let name = format!("__pycache__/written_by_a_host.{TAG}.pyc");
    assert_eq!(caches(directory.path()), [PathBuf::from(name)]);
}

#[test]
fn importlib_names_the_file_with_and_without_a_prefix() {
    prints(
        "
        import importlib.util as util
        tag = util.cache_from_source('b.py').split('.')[1]
        for path in ['/a/b.py', 'b.py', '/b.py', '/a//b.py', 'a/b', '/a/.py', '/a/b.c.py']:
            print(util.cache_from_source(path).replace(tag, 'TAG'))
        print(util.cache_from_source('/a/b.py', optimization=2).replace(tag, 'TAG'))
    ",
        "/a/__pycache__/b.TAG.pyc\n__pycache__/b.TAG.pyc\n__pycache__/b.TAG.pyc\n\
         /a/__pycache__/b.TAG.pyc\na/__pycache__/bTAG.pyc\n/a/__pycache__/py.TAG.pyc\n\
         /a/__pycache__/b.c.TAG.pyc\n/a/__pycache__/b.TAG.opt-2.pyc",
    );
    code("import sys; sys.pycache_prefix = '/x'; import importlib.util as u; print(u.cache_from_source('/a/b.py'), u.source_from_cache('/x/a/b.t.pyc'))")
        .output()
        .prints(&format!("/x/a/b.{TAG}.pyc /a/b.py"));
}
