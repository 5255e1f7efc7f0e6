//! What `Job::call` calls.

use togil_interp::vm::{AsObject, PyObjectRef, PyResult};

use super::context::{Context, Failure, conversion};
use crate::value::{ConversionError, PyHandle};

/// A Python function that a job calls: by name, or as an object.
///
/// | text | means |
/// |---|---|
/// | `"package.module:name"` | `name` of a module, imported if need be; `Class.method` works, too |
/// | `"name"` | a global of the job's session, or a built-in function |
#[derive(Debug, Clone)]
pub struct Callable(Target);

#[derive(Debug, Clone)]
enum Target {
    Name { module: Option<String>, name: String },
    Object(PyHandle),
}

impl From<&str> for Callable {
    fn from(text: &str) -> Self {
        Self(match text.split_once(':') {
            Some((module, name)) => {
                Target::Name { module: Some(module.to_owned()), name: name.to_owned() }
            }
            None => Target::Name { module: None, name: text.to_owned() },
        })
    }
}

impl From<String> for Callable {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<PyHandle> for Callable {
    fn from(object: PyHandle) -> Self {
        Self(Target::Object(object))
    }
}

impl From<&PyHandle> for Callable {
    fn from(object: &PyHandle) -> Self {
        object.clone().into()
    }
}

impl Callable {
    /// For a job's name.
    pub(crate) fn describe(&self) -> String {
        match &self.0 {
            Target::Name { module: Some(module), name } => format!("{module}:{name}"),
            Target::Name { module: None, name } => name.clone(),
            Target::Object(object) => format!("{object:?}"),
        }
    }

    pub(crate) fn resolve(&self, context: &Context<'_>) -> Result<PyObjectRef, Failure> {
        let vm = context.py.vm();
        match &self.0 {
            Target::Object(object) => object.object_in(context.py).ok_or_else(|| {
                let error = ConversionError::new(
                    "it lives in another interpreter than the one of this worker, and objects \
                     cannot leave theirs",
                );
                conversion("the function", error).into()
            }),
            Target::Name { module, name } => {
                let mut parts = name.split('.');
                let first = parts.next().unwrap_or_default();
                let start = match module {
                    Some(module) => {
                        import(context, module)?.get_attr(&vm.ctx.new_str(first), vm)?
                    }
                    None => global(context, first)?,
                };
                let found: PyResult = parts
                    .try_fold(start, |object, part| object.get_attr(&vm.ctx.new_str(part), vm));
                Ok(found?)
            }
        }
    }
}

fn import(context: &Context<'_>, module: &str) -> PyResult {
    let vm = context.py.vm();
    vm.import(&vm.ctx.new_str(module), 0)?;
    // `import a.b` gives `a`; the module itself is here.
    vm.sys_module.get_attr("modules", vm)?.get_item(module, vm)
}

fn global(context: &Context<'_>, name: &str) -> PyResult {
    let vm = context.py.vm();
    if let Some(object) = context.globals.get_item_opt(name, vm)? {
        return Ok(object);
    }
    vm.builtins.as_object().get_attr(&vm.ctx.new_str(name), vm).map_err(|_| {
        vm.new_name_error(
            format!(
                "name '{name}' is not defined in the job's globals; \
                     give a session that defines it, or call 'module:{name}'"
            ),
            vm.ctx.new_str(name),
        )
    })
}
