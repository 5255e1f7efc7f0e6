use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustpython_vm::builtins::PyCode;
use rustpython_vm::bytecode::{Opcode, decode_exception_table};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObjectRef, PyRef, VirtualMachine};

use super::{attached, compile, nothing, run};
use crate::frozen;
use crate::race::instrument::assembly::{Instruction, Listing};
use crate::race::instrument::linetable::{self, Location};
use crate::race::instrument::stack::handler_of;
use crate::race::instrument::{Body, Sites, What, instrument};

/// What is left of instrumented code without the announcements, by the numbers of its instructions.
fn left(code: &Listing, hook: u32) -> Vec<usize> {
    let (mut left, mut inside) = (Vec::new(), false);
    for (number, instruction) in code.instructions.iter().enumerate() {
        let Instruction { op, arg, .. } = *instruction;
        inside |= op == Opcode::LoadConst && arg == hook;
        if !inside {
            left.push(number);
        }
        inside &= op != Opcode::PopTop;
    }
    left
}

fn is_method(instruction: &Instruction) -> bool {
    matches!(instruction.op, Opcode::LoadAttr | Opcode::LoadSuperAttr) && instruction.arg & 1 == 1
}

/// The instructions of the code, and those of the instrumented code that stand for them; the
/// `PushNull` of a method is left out.
fn check(old: &Py<PyCode>, new: &Py<PyCode>) {
    let name = || format!("{} in {}", old.qualname, old.source_path());
    let before = Body::read(old).unwrap_or_else(|| panic!("not understood: {}", name()));
    let after = Body::read(new).unwrap_or_else(|| panic!("not understood after: {}", name()));
    let hook = u32::try_from(old.constants.len()).unwrap();
    let mut left = left(&after.listing, hook).into_iter();
    let mut pairs = Vec::new();
    for (number, instruction) in before.listing.instructions.iter().enumerate() {
        let new = left.next().unwrap_or_else(|| panic!("too short: {}", name()));
        pairs.push((number, new));
        if is_method(instruction) {
            let null = after.listing.instructions[left.next().unwrap()];
            assert_eq!(null.op, Opcode::PushNull, "{}", name());
        }
    }
    assert_eq!(left.next(), None, "{}", name());

    let places = |code: &Py<PyCode>| {
        let first = code.first_line_number.map_or(0, |line| line.get() as i32);
        linetable::read(&code.linetable, first, code.instructions.len())
    };
    let (places_before, places_after) = (places(old), places(new));
    // The table itself is as the compiler would have written it.
    let first = old.first_line_number.map_or(0, |line| line.get() as i32);
    let again = linetable::write(&places_before, first);
    assert_eq!(linetable::read(&again, first, old.instructions.len()), places_before);
    let line = |location: Location| match location {
        Location::Nowhere => -1,
        Location::Lines { line, .. } => line,
    };
    let number_after = |number: usize| pairs.binary_search_by_key(&number, |(old, _)| *old);
    for (old_number, new_number) in &pairs {
        let a = before.listing.instructions[*old_number];
        let b = after.listing.instructions[*new_number];
        assert_eq!(a.op, b.op, "{}", name());
        let method = is_method(&a);
        match (a.target, b.target) {
            (None, None) => assert_eq!(a.arg - u32::from(method), b.arg, "{}", name()),
            (Some(a), Some(b)) => {
                let expected = pairs[number_after(a).unwrap()].1;
                // It leads to what was put before the target, and no further back.
                let previous = pairs.get(number_after(a).unwrap().wrapping_sub(1));
                assert!(b <= expected, "{}", name());
                assert!(previous.is_none_or(|(_, previous)| *previous < b), "{}", name());
            }
            _ => panic!("one jumps, the other does not: {}", name()),
        }
        assert_eq!(places_before[a.unit], places_after[b.unit], "{}", name());
        assert_eq!(old.locations[a.unit], new.locations[b.unit], "{}", name());
        let expected = line(places_before[a.unit]);
        assert_eq!(old.addr2line(a.unit as i32 * 2), expected, "{}", name());
        assert_eq!(new.addr2line(b.unit as i32 * 2), expected, "{}", name());
        let goes = |body: &Body, number| {
            handler_of(&body.handlers, number).map(|handler| {
                (
                    body.listing.instructions[handler.target].op,
                    handler.entry.depth,
                    handler.entry.push_lasti,
                )
            })
        };
        assert_eq!(goes(&before, *old_number), goes(&after, *new_number), "{}", name());
    }
    assert_eq!(
        decode_exception_table(&old.exceptiontable).len(),
        decode_exception_table(&new.exceptiontable).len()
    );
    let deepest = after.stacks.iter().flatten().map(Vec::len).max().unwrap_or_default();
    assert!(deepest <= new.max_stackdepth as usize, "{}", name());
    for (old, new) in old.constants.iter().zip(new.constants.iter()) {
        let (old, new) = (PyObjectRef::from(old.clone()), PyObjectRef::from(new.clone()));
        if let (Some(old), Some(new)) = (old.downcast_ref::<PyCode>(), new.downcast_ref::<PyCode>())
        {
            check(old, new);
        }
    }
}

#[test]
fn the_library_is_understood_and_keeps_its_instructions_and_lines() {
    attached(|vm| {
        let hook = nothing(vm);
        let what = What { values: true, ..What::default() };
        let mut sites = Sites::default();
        let mut took = Duration::ZERO;
        for (_, module) in frozen::modules() {
            let code = PyCode::new_ref_from_frozen(vm, module.code);
            let start = Instant::now();
            let new = instrument(&code, &hook, &mut sites, &what, vm);
            took += start.elapsed();
            check(&code, &new);
        }
        println!("instrumented the library in {took:?}");
        assert!(sites.get(crate::race::SiteId(100_000)).is_some());
    });
}

/// Has every import of the standard library after this instrument what it imports.
const FINDER: &str = "
import sys, _imp
from importlib.machinery import FrozenImporter, ModuleSpec
class Loader:
    def create_module(self, spec): return None
    def exec_module(self, module):
        exec(instrument(_imp.get_frozen_object(module.__name__)), module.__dict__)
class Finder:
    def find_spec(self, name, path=None, target=None):
        spec = FrozenImporter.find_spec(name, path, target)
        if spec is None: return None
        new = ModuleSpec(name, Loader(), origin='frozen', is_package=spec.submodule_search_locations is not None)
        return new
sys.meta_path.insert(0, Finder())
";

const USES: &str = r#"
import threading, queue, collections, dataclasses, functools, json, argparse, concurrent.futures, re, enum
import contextlib, logging, io, asyncio, heapq, itertools, textwrap, datetime, decimal, fractions, random
import string, types, typing, unittest, inspect, ast, tokenize, copy, pickle, pprint, statistics, tempfile
import csv, configparser, html.parser, urllib.parse, xml.etree.ElementTree as ET, email.message, shlex, difflib

q = queue.Queue()
def worker():
    while (item := q.get()) is not None: out.append(item * 2); q.task_done()
    q.task_done()
out = []; ts = [threading.Thread(target=worker) for _ in range(3)]
for t in ts: t.start()
for i in range(20): q.put(i)
for _ in ts: q.put(None)
q.join()
for t in ts: t.join()
show(sorted(out))
with concurrent.futures.ThreadPoolExecutor(3) as pool:
    show(list(pool.map(lambda x: x ** 2, range(10))), pool.submit(pow, 2, 5).result())
    bad = pool.submit(lambda: 1 / 0); show(repr(bad.exception()))
@dataclasses.dataclass(order=True, frozen=True)
class P:
    x: int
    y: list = dataclasses.field(default_factory=list, compare=False)
show(P(1), P(1) < P(2), dataclasses.asdict(P(3, [4])), dataclasses.replace(P(1), x=5))
show(collections.Counter("abracadabra").most_common(2), collections.OrderedDict(a=1), collections.namedtuple("N", "a b")(1, 2))
show(collections.ChainMap({1: 2}, {3: 4})[3], collections.UserList([1]) + [2])
@functools.lru_cache
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
show(fib(30), fib.cache_info(), functools.reduce(lambda a, b: a + b, [1, 2]), functools.partial(pow, 2)(3))
@functools.singledispatch
def kind(x): return "any"
@kind.register
def _(x: int): return "int"
show(kind(1), kind(""), functools.cmp_to_key(lambda a, b: b - a)(1) < functools.cmp_to_key(lambda a, b: b - a)(0))
show(json.dumps({"a": [1, None, 2.5, "é"]}, indent=1, sort_keys=True), json.loads('{"x": [1, {"y": null}]}'))
try: json.loads("{bad")
except ValueError as e: show(str(e))
p = argparse.ArgumentParser(prog="p", description="d"); p.add_argument("-n", type=int, default=3, help="the n"); p.add_argument("files", nargs="*")
s = p.add_mutually_exclusive_group(); s.add_argument("--yes", action="store_true"); s.add_argument("--no", action="store_false")
show(p.parse_args(["-n", "5", "a", "b"]), p.format_help())
show(re.sub(r"(\w+) (\w+)", r"\2 \1", "hello world"), re.findall(r"(?P<d>\d+)", "a1b22"), re.compile(r"(?i)^x+$").match("XxX").span())
class Color(enum.Flag): R = 1; G = 2; B = 4
show(Color.R | Color.B, list(Color), Color(3), enum.IntEnum("E", "a b").b)
@contextlib.contextmanager
def cm():
    show("in")
    try: yield 5
    except KeyError: show("key")
    finally: show("out")
with cm() as v: show(v); raise KeyError
with contextlib.ExitStack() as st, contextlib.suppress(ZeroDivisionError): st.callback(show, "callback"); 1 / 0
stream = io.StringIO(); logging.basicConfig(stream=stream, level=10, format="%(levelname)s:%(message)s", force=True); logging.info("x %d", 5); logging.error("no"); show(stream.getvalue())
async def main():
    lock, ev, aq = asyncio.Lock(), asyncio.Event(), asyncio.Queue(2)
    async def put():
        for i in range(5): await aq.put(i)
        ev.set()
    async def get():
        got = []
        while len(got) < 5:
            async with lock: got.append(await aq.get())
        await ev.wait(); return got
    try: await asyncio.wait_for(asyncio.sleep(5), 0.01)
    except TimeoutError: show("timeout")
    return await asyncio.gather(put(), get())
show(asyncio.run(main()))
show(heapq.nsmallest(2, [3, 1, 2]), list(itertools.pairwise("abc")), textwrap.fill("word " * 20, 30), textwrap.dedent("  a\n  b"))
show(datetime.datetime(2020, 1, 31, 12) + datetime.timedelta(days=1), datetime.date.fromisoformat("2020-02-29").strftime("%d"), decimal.Decimal("1.1") + 2, fractions.Fraction(3, 6))
r = random.Random(5); show(r.random(), r.sample(range(100), 5), r.choice("abc"), r.gauss(0, 1))
show(string.Template("$a b").substitute(a=1), types.SimpleNamespace(a=1), typing.get_type_hints(P), inspect.signature(p.parse_args), inspect.getmro(P))
class T(unittest.TestCase):
    def test_a(self): self.assertEqual(1, 1)
    def test_b(self): self.assertEqual([1, 2], [1, 3])
    def test_c(self):
        with self.assertRaises(ValueError): int("x")
        with self.subTest(i=1): self.fail("sub")
res = unittest.TextTestRunner(stream=io.StringIO()).run(unittest.defaultTestLoader.loadTestsFromTestCase(T)); show(res, [f[1].splitlines()[-1] for f in res.failures])
show(ast.dump(ast.parse("x = [1, *y]")), ast.unparse(ast.parse("def f(a, *b):\n  return a if b else (yield)")), ast.literal_eval("{'a': (1, 2)}"))
show([t.string for t in tokenize.generate_tokens(io.StringIO("a = 1 # c\n").readline)])
show(copy.deepcopy({1: [P(1)]}), pickle.loads(pickle.dumps([1, {"a": (2,)}])), pprint.pformat({"k" * 30: list(range(20)), "j": {"l": "m" * 60}}))
show(statistics.mean([1, 2, 4]), statistics.stdev([1, 2, 4]), list(csv.DictReader(io.StringIO("a,b\n1,2\n"))))
cp = configparser.ConfigParser(); cp.read_string("[s]\na = 1\nb = %(a)s2\n"); show(cp["s"]["b"], dict(cp["s"]))
class H(html.parser.HTMLParser):
    def handle_starttag(self, tag, attrs): show(tag, attrs)
H().feed("<a href='x'>t<br/></a>")
show(urllib.parse.urlparse("http://u@h:1/p;x?q=1#f"), urllib.parse.urlencode({"a": "b c"}), urllib.parse.urljoin("http://a/b/c", "../d"))
m = email.message.EmailMessage(); m["Subject"] = "s"; m.set_content("body"); show(m.as_string())
show(shlex.split("a 'b c' d"), "".join(difflib.unified_diff(["a\n"], ["b\n"])))
with tempfile.TemporaryDirectory() as d:
    import os, shutil, pathlib
    f = pathlib.Path(d) / "x"; f.write_text("hi"); shutil.copy(f, f.with_suffix(".y")); show(sorted(os.listdir(d)), f.stat().st_size)
show(sorted(n for n in ("threading", "json", "asyncio.tasks") if n in __import__("sys").modules))
"#;

/// Runs [`USES`] with the modules that it imports, all of them as `change` makes them.
fn uses(
    change: impl Fn(&Py<PyCode>, &VirtualMachine) -> PyRef<PyCode> + Send + Sync + 'static,
) -> Vec<String> {
    let mut shown = Vec::new();
    attached(|vm| {
        let main = change(&compile(USES, vm), vm);
        let change = vm.new_function("instrument", move |args: FuncArgs, vm: &VirtualMachine| {
            let code: PyRef<PyCode> = args.args[0].clone().downcast().expect("code");
            change(&code, vm)
        });
        vm.builtins.set_attr("instrument", change, vm).unwrap();
        assert_eq!(run(compile(FINDER, vm), vm), [""; 0]);
        shown = run(main, vm);
    });
    shown
}

#[test]
fn a_program_and_its_library_show_the_same() {
    let plain = uses(|code, _| code.to_owned());
    let sites = Mutex::new(Sites::default());
    let files = Arc::new(Mutex::new(HashSet::new()));
    let imported = Arc::clone(&files);
    let with = uses(move |code, vm| {
        imported.lock().unwrap().insert(code.source_path().as_str());
        let what = What { values: true, drops: true, ..What::default() };
        instrument(code, &nothing(vm), &mut sites.lock().unwrap(), &what, vm)
    });
    for (plain, with) in plain.iter().zip(&with) {
        assert_eq!(with, plain);
    }
    assert_eq!(with.len(), plain.len());
    assert_eq!(plain.last().unwrap(), "['asyncio.tasks', 'json', 'threading']");
    let files = files.lock().unwrap();
    assert!(files.len() > 100 && files.contains("threading"), "{files:?}");
}
