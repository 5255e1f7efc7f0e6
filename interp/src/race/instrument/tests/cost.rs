use rustpython_vm::function::{Callee, FuncArgs, ItemDoc, OptionalArg, PyMethodDef, PyMethodFlags};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

use super::{attached, compile, run};
use crate::race::instrument::{Sites, What, instrument};

const TURNS: u32 = 200_000;
/// Four attributes in each turn, and its `ForIter` and `BackEdge`.
const SITES: u32 = 6;

/// Seconds of processor time.
fn time(hook: Option<&PyObjectRef>, vm: &VirtualMachine) -> f64 {
    let source = format!(
        "import time\nclass C: n = 1\nc = C()\n\
         def f(c):\n    for i in range({TURNS}): c.n; c.n; c.n; c.n\n\
         start = time.thread_time()\nf(c)\nshow(time.thread_time() - start)"
    );
    let once = || {
        let code = compile(&source, vm);
        let code = match hook {
            Some(hook) => instrument(&code, hook, &mut Sites::default(), &What::default(), vm),
            None => code,
        };
        run(code, vm)[0].parse::<f64>().expect("seconds")
    };
    (0..5).map(|_| once()).fold(f64::INFINITY, f64::min)
}

static RAW: PyMethodDef =
    PyMethodDef::new_raw_const("raw", raw, PyMethodFlags::empty(), ItemDoc::NONE);
static FASTCALL: PyMethodDef =
    PyMethodDef::new_raw_const("fastcall", raw, PyMethodFlags::FASTCALL, ItemDoc::NONE);

fn raw(vm: &VirtualMachine, _: FuncArgs, _: Callee) -> PyResult {
    Ok(vm.ctx.none())
}

/// Prints what a call of a hook that does nothing costs (`--nocapture`).
#[test]
fn a_call_of_the_hook_takes_less_than_two_microseconds() {
    attached(|vm| {
        let plain = time(None, vm);
        let optional = vm.new_function(
            "optional",
            |_: PyObjectRef, _: OptionalArg<PyObjectRef>, _: OptionalArg<PyObjectRef>| {},
        );
        let hooks = [
            ("FuncArgs", vm.new_function("any", |_: FuncArgs| {})),
            ("optional arguments", optional),
            ("raw", RAW.build_function(&vm.ctx)),
            ("raw, FASTCALL", FASTCALL.build_function(&vm.ctx)),
        ];
        for (name, hook) in hooks {
            let each = (time(Some(&hook.into()), vm) - plain) / f64::from(TURNS * SITES) * 1e9;
            println!("{name}: {each:.0} ns a call; {plain:.3} s without");
            assert!(each < 2000.0, "{name}: {each}");
        }
    });
}
