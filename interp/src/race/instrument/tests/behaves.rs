use std::fmt::Write;

use rustpython_vm::VirtualMachine;
use rustpython_vm::builtins::PyCode;
use rustpython_vm::{Py, PyRef};

use super::{attached, compile, nothing, run};
use crate::race::instrument::{Sites, What, instrument};

/// A module that is announced in every way that there is: with values and given up references and without, and with the
/// announcements themselves announced.
fn variants(code: &Py<PyCode>, vm: &VirtualMachine) -> Vec<PyRef<PyCode>> {
    let hook = nothing(vm);
    let names =
        |code: &Py<PyCode>| code.names.iter().map(|name| name.as_str().to_owned()).collect();
    let few = What::default();
    let all = What { values: true, globals: names(code), drops: true, ..What::default() };
    let once = instrument(code, &hook, &mut Sites::default(), &few, vm);
    let twice = instrument(&once, &hook, &mut Sites::default(), &all, vm);
    vec![instrument(code, &hook, &mut Sites::default(), &all, vm), once, twice]
}

fn same(source: &str) {
    attached(|vm| {
        // What it imports is then there for all.
        run(compile(source, vm), vm);
        let plain = run(compile(source, vm), vm);
        for (number, code) in variants(&compile(source, vm), vm).into_iter().enumerate() {
            let shown = run(code, vm);
            for (expected, shown) in plain.iter().zip(&shown) {
                assert_eq!(shown, expected, "variant {number}");
            }
            assert_eq!(shown.len(), plain.len(), "{shown:?}");
        }
    });
}

#[test]
fn a_program_of_all_statements_shows_the_same() {
    same(include_str!("corpus.py"));
}

#[test]
fn the_program_of_all_statements_comes_to_its_end() {
    attached(|vm| {
        let shown = run(compile(include_str!("corpus.py"), vm), vm);
        let last = shown.last().expect("a traceback");
        assert!(last.ends_with("LookupError: the end\n"), "{last}");
        assert!(shown.len() > 100, "{}", shown.len());
    });
}

#[test]
fn long_functions_show_the_same() {
    let mut source = String::from("class C: pass\nc = C()\ndef f(n):\n    total = 0\n");
    source.push_str("    while n:\n        n -= 1\n        try:\n");
    for number in 0..400 {
        // More than 255 constants, names and variables, and jumps over all of them.
        let _ = write!(
            source,
            "            c.a{number} = v{number} = {number}.5\n            \
             if n == {number}: total += c.a{number} + v{number}; continue\n            \
             def g(): return v{}\n",
            number % 3
        );
    }
    source.push_str("            total += g()\n        finally:\n            total += 1\n");
    source.push_str("    for i in range(3):\n        with_else = [x for x in range(i)]\n");
    for number in 0..400 {
        let _ = writeln!(source, "        if i == {}: total += c.a{number} - {number}", number + 3);
    }
    source.push_str("    return total, with_else\nshow(f(450))\n1 / c.a0 / 0\n");
    same(&source);
}

#[test]
fn deep_nesting_shows_the_same() {
    let depth = 18;
    let mut source = String::new();
    for level in 0..depth {
        let indent = "    ".repeat(level);
        let _ = write!(
            source,
            "{indent}def f{level}(x{level}=[{level}]):\n{indent}    for i{level} in x{level}:\n\
             {indent}     try:\n{indent}      with open('/dev/null'): y{level} = i{level} + 1\n\
             {indent}     finally: show(y{level})\n"
        );
    }
    let indent = "    ".repeat(depth);
    let names: Vec<_> = (0..depth).map(|level| format!("x{level}[0]")).collect();
    let _ = writeln!(source, "{indent}return {}", names.join(" + "));
    for level in (1..depth).rev() {
        let _ = writeln!(source, "{}return f{level}()", "    ".repeat(level));
    }
    source.push_str("show(f0())\n");
    same(&source);
}

#[test]
fn an_error_of_the_hook_is_as_one_of_the_instruction() {
    attached(|vm| {
        let source = "
import traceback
class C: pass
c = C()
def f():
    try:
        c.n = 1
    except ValueError as e:
        show(repr(e), [frame.lineno for frame in traceback.extract_tb(e.__traceback__)])
    finally:
        show('finally')
f()
";
        let mut sites = Sites::default();
        let code = compile(source, vm);
        let once = |site: u32| {
            let hook = vm.new_function(
                "hook",
                move |args: rustpython_vm::function::FuncArgs, vm: &VirtualMachine| {
                    let at: u32 = args.args[0].clone().try_into_value(vm)?;
                    if at == site { Err(vm.new_value_error("hook")) } else { Ok(()) }
                },
            );
            let mut sites = Sites::default();
            run(instrument(&code, &hook.into(), &mut sites, &What::default(), vm), vm)
        };
        instrument(&code, &nothing(vm), &mut sites, &What::default(), vm);
        let store = (1..).find(|id| {
            let site = sites.get(crate::race::SiteId(*id)).expect("a store");
            matches!(site.kind, crate::race::site::SiteKind::StoreAttr(_))
        });
        assert_eq!(once(store.unwrap()), ["\"ValueError('hook')\" [7]", "'finally'"]);
    });
}
