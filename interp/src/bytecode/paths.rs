//! `cache_from_source`, which every import calls twice.

use rustpython_vm::builtins::PyStr;
use rustpython_vm::function::{Callee, FuncArgs};
use rustpython_vm::{AsObject, PyObject, PyResult, VirtualMachine};

use super::importlib::MODULE;

/// What the standard library's own function is kept as, in its module.
pub(super) const ORIGINAL: &str = "_cache_from_source";

/// `cache_from_source(path, debug_override=None, *, optimization=None)`. Computes the usual case, and
/// leaves the others to the original.
pub(super) fn cache_from_source(vm: &VirtualMachine, args: FuncArgs, _: Callee) -> PyResult {
    if let Some(path) = usual(vm, &args)? {
        return Ok(vm.ctx.new_str(path).into());
    }
    let modules = vm.sys_module.get_attr("modules", vm)?;
    modules.get_item(MODULE, vm)?.get_attr(ORIGINAL, vm)?.call(args, vm)
}

/// Of one argument that is text, without a prefix and without optimization.
fn usual(vm: &VirtualMachine, args: &FuncArgs) -> PyResult<Option<String>> {
    fn text(object: &PyObject) -> Option<&str> {
        object.downcast_ref::<PyStr>()?.as_wtf8().as_str().ok()
    }
    let [path] = args.args.as_slice() else { return Ok(None) };
    if !args.kwargs.is_empty() || vm.state.config.settings.optimize > 0 {
        return Ok(None);
    }
    // Scripts may change both.
    let sys = &vm.sys_module;
    let tag = sys.get_attr("implementation", vm)?.get_attr("cache_tag", vm)?;
    let prefix = sys.get_attr("pycache_prefix", vm)?;
    let known = text(path).zip(text(tag.as_object())).filter(|_| vm.is_none(&prefix));
    Ok(known.and_then(|(path, tag)| beside(path, tag)))
}

/// `head/name.py` -> `head/__pycache__/name.tag.pyc`
fn beside(path: &str, tag: &str) -> Option<String> {
    let (head, tail) = path.rsplit_once('/')?;
    let (name, _) = tail.rsplit_once('.')?;
    let plain = !name.is_empty() && !head.is_empty() && !head.ends_with('/');
    plain.then(|| format!("{head}/__pycache__/{name}.{tag}.pyc"))
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn the_cache_is_beside_the_source() {
        let beside = |path| beside(path, "tag");
        assert_eq!(beside("/a/b.c/d.e.py").as_deref(), Some("/a/b.c/__pycache__/d.e.tag.pyc"));
        for special in ["d.py", "/d.py", "/a//d.py", "/a/d", "/a.b/d", "/a/.py"] {
            assert_eq!(beside(special), None, "{special}: the standard library has a rule for it");
        }
    }
}
