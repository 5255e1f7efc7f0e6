mod announces;
mod behaves;
mod cost;
mod library;

use std::sync::{Arc, Mutex};

use rustpython_vm::builtins::PyCode;
use rustpython_vm::compiler::Mode;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyRef, VirtualMachine};

use super::{Sites, What, instrument};
use crate::Interpreter;
use crate::race::SiteId;

fn attached(run: impl FnOnce(&VirtualMachine)) {
    let interpreter = Interpreter::builder().build().expect("an interpreter");
    interpreter.attach(|py| run(py.vm()));
    assert_eq!(interpreter.finalize(None), 0);
}

fn compile(source: &str, vm: &VirtualMachine) -> PyRef<PyCode> {
    match vm.compile(source, Mode::Exec, "<test>") {
        Ok(code) => code,
        Err(error) => panic!("{error}: {source}"),
    }
}

/// A hook that does nothing.
fn nothing(vm: &VirtualMachine) -> PyObjectRef {
    vm.new_function("nothing", |_: FuncArgs| {}).into()
}

/// Runs a module. Gives what it passed to `show`, and the traceback that it ended with.
fn run(code: PyRef<PyCode>, vm: &VirtualMachine) -> Vec<String> {
    let shown = Arc::new(Mutex::new(Vec::new()));
    let collected = Arc::clone(&shown);
    let show = vm.new_function("show", move |args: FuncArgs, vm: &VirtualMachine| {
        let texts = args.args.iter().map(|object| Ok(object.repr(vm)?.to_string()));
        let texts = texts.collect::<rustpython_vm::PyResult<Vec<_>>>()?;
        collected.lock().unwrap().push(texts.join(" "));
        Ok::<(), rustpython_vm::builtins::PyBaseExceptionRef>(())
    });
    let scope = vm.new_scope_with_builtins();
    let set = |name: &str, object: PyObjectRef| scope.globals.set_item(name, object, vm).unwrap();
    set("__name__", vm.ctx.new_str("__main__").into());
    set("show", show.into());
    if let Err(error) = vm.run_code_obj(code, scope) {
        let mut text = String::new();
        vm.write_exception(&mut text, &error).unwrap();
        shown.lock().unwrap().push(text);
    }
    let shown = shown.lock().unwrap();
    shown.clone()
}

/// What a module announces in the function `f`: sites' kinds, and what the hook was given. Without the
/// ends of functions.
fn announced(source: &str, what: &What) -> Vec<String> {
    let all = announced_with_ends(source, what);
    all.into_iter().filter(|line| line != "Leave").collect()
}

fn announced_with_ends(source: &str, what: &What) -> Vec<String> {
    let mut announced = Vec::new();
    attached(|vm| {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let collected = Arc::clone(&calls);
        let hook = vm.new_function("hook", move |args: FuncArgs, vm: &VirtualMachine| {
            let [site, given @ ..] = &args.args[..] else { panic!("a call without a site") };
            let site: u32 = site.clone().try_into_value(vm).unwrap();
            let given = given.iter().map(|object| describe(object, vm)).collect::<Vec<_>>();
            collected.lock().unwrap().push((SiteId(site), given));
        });
        let mut sites = Sites::default();
        let code = instrument(&compile(source, vm), &hook.into(), &mut sites, what, vm);
        let shown = run(code, vm);
        assert_eq!(shown, [""; 0], "{source}");
        for (id, given) in &*calls.lock().unwrap() {
            let site = sites.get(*id).expect("a site that was added");
            if site.function == "f" {
                let kind = format!("{:?}", site.kind);
                announced.push([&[kind], &given[..]].concat().join(" "));
            }
        }
    });
    announced
}

/// Plain values as they are written, others by their types.
fn describe(object: &PyObjectRef, vm: &VirtualMachine) -> String {
    let name = object.class().name().to_string();
    match name.as_str() {
        "int" | "str" | "bool" | "NoneType" | "list" | "dict" | "tuple" | "set" => {
            object.repr(vm).unwrap().to_string()
        }
        "builtin_function_or_method" | "function" | "type" => {
            let name = object.get_attr("__name__", vm).unwrap();
            name.str(vm).unwrap().to_string()
        }
        _ => name,
    }
}
