//! Which argument of a call is which parameter. The errors have CPython's words (`missing_arguments`
//! and `too_many_positional` in Python/ceval.c).

use togil_interp::Python;
use togil_interp::vm::function::FuncArgs;
use togil_interp::vm::{PyObjectRef, PyResult};

use super::signature::{Kind, Signature};

/// Puts the arguments into the order of the parameters. `defaults` are the values of those
/// that a call may leave out.
pub(super) fn bind(
    py: Python<'_>,
    signature: &Signature,
    defaults: &[Option<PyObjectRef>],
    args: FuncArgs,
) -> PyResult<Vec<PyObjectRef>> {
    let count = signature.parameters.len();
    let simple = args.kwargs.is_empty() && args.args.len() == count;
    if simple && signature.parameters.iter().all(|parameter| parameter.is_positional()) {
        return Ok(args.args);
    }
    let mut slots: Vec<Option<PyObjectRef>> = vec![None; count];
    let rest = by_position(signature, &mut slots, args.args);
    let names: Vec<String> = args
        .kwargs
        .into_iter()
        .map(|(name, value)| by_name(py, signature, &mut slots, name.to_string(), value))
        .collect::<PyResult<Vec<Option<String>>>>()?
        .into_iter()
        .flatten()
        .collect();
    if !names.is_empty() {
        return Err(py.new_type_error(format!(
            "{}() got some positional-only arguments passed as keyword arguments: '{}'",
            signature.qualname,
            names.join(", ")
        )));
    }
    match signature.index_of(Kind::VarArgs) {
        Some(index) => slots[index] = Some(py.ctx.new_tuple(rest).into()),
        None if rest.is_empty() => {}
        None => return Err(py.new_type_error(too_many(signature, defaults, &slots, rest.len()))),
    }
    if let Some(index) = signature.index_of(Kind::VarKwargs)
        && slots[index].is_none()
    {
        slots[index] = Some(py.ctx.new_dict().into());
    }
    for (slot, default) in slots.iter_mut().zip(defaults) {
        if slot.is_none() {
            slot.clone_from(default);
        }
    }
    if let Some(text) = missing(signature, &slots) {
        return Err(py.new_type_error(text));
    }
    Ok(slots.into_iter().flatten().collect())
}

/// Returns the arguments for which there is no parameter.
fn by_position(
    signature: &Signature,
    slots: &mut [Option<PyObjectRef>],
    args: Vec<PyObjectRef>,
) -> Vec<PyObjectRef> {
    let mut args = args.into_iter();
    for (slot, _) in slots.iter_mut().zip(signature.positional()) {
        match args.next() {
            Some(value) => *slot = Some(value),
            None => break,
        }
    }
    args.collect()
}

/// Returns the name if it is that of a positional-only parameter, and nothing takes it.
fn by_name(
    py: Python<'_>,
    signature: &Signature,
    slots: &mut [Option<PyObjectRef>],
    name: String,
    value: PyObjectRef,
) -> PyResult<Option<String>> {
    let found = signature.parameters.iter().position(|parameter| {
        parameter.name == name && matches!(parameter.kind, Kind::Any | Kind::KeywordOnly)
    });
    if let Some(index) = found {
        if slots[index].is_some() {
            return Err(py.new_type_error(format!(
                "{}() got multiple values for argument '{name}'",
                signature.qualname
            )));
        }
        slots[index] = Some(value);
        return Ok(None);
    }
    if let Some(index) = signature.index_of(Kind::VarKwargs) {
        let dict = slots[index].get_or_insert_with(|| py.ctx.new_dict().into());
        dict.set_item(&*name, value, py.vm())?;
        return Ok(None);
    }
    if signature.parameters.iter().any(|parameter| parameter.name == name) {
        return Ok(Some(name));
    }
    Err(py.new_type_error(format!(
        "{}() got an unexpected keyword argument '{name}'",
        signature.qualname
    )))
}

fn too_many(
    signature: &Signature,
    defaults: &[Option<PyObjectRef>],
    slots: &[Option<PyObjectRef>],
    over: usize,
) -> String {
    let own = usize::from(signature.method);
    let most = signature.positional().count() + own;
    let optional = signature
        .parameters
        .iter()
        .zip(defaults)
        .filter(|(parameter, default)| parameter.is_positional() && default.is_some())
        .count();
    let takes = match optional {
        0 => most.to_string(),
        _ => format!("from {} to {most}", most - optional),
    };
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let given = most + over;
    let by_keyword = signature
        .parameters
        .iter()
        .zip(slots)
        .filter(|(parameter, slot)| parameter.kind == Kind::KeywordOnly && slot.is_some())
        .count();
    let were = match by_keyword {
        0 => format!("{given} {} given", if given == 1 { "was" } else { "were" }),
        _ => format!(
            "{given} positional argument{} (and {by_keyword} keyword-only argument{}) were given",
            plural(given),
            plural(by_keyword)
        ),
    };
    let arguments = plural(if optional > 0 { 2 } else { most });
    format!("{}() takes {takes} positional argument{arguments} but {were}", signature.qualname)
}

fn missing(signature: &Signature, slots: &[Option<PyObjectRef>]) -> Option<String> {
    let of = |keyword: bool| -> Vec<String> {
        let both = signature.parameters.iter().zip(slots);
        both.filter(|(parameter, slot)| {
            slot.is_none() && (parameter.kind == Kind::KeywordOnly) == keyword
        })
        .map(|(parameter, _)| format!("'{}'", parameter.name))
        .collect()
    };
    let (kind, names) = match (of(false), of(true)) {
        (names, _) if !names.is_empty() => ("positional", names),
        (_, names) if !names.is_empty() => ("keyword-only", names),
        _ => return None,
    };
    let list = match names.as_slice() {
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [many @ .., last] => format!("{}, and {last}", many.join(", ")),
        [] => return None,
    };
    let plural = if names.len() == 1 { "" } else { "s" };
    Some(format!(
        "{}() missing {} required {kind} argument{plural}: {list}",
        signature.qualname,
        names.len()
    ))
}
