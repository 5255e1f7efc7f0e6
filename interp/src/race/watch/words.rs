//! What reports call what is touched, and how. Runs no Python code.

use rustpython_vm::PyObject;
use rustpython_vm::builtins::{PyInt, PyStr, PyType};

use super::variable::Mode;
use crate::race::site::SiteKind;

/// What is done.
pub(super) fn operation(kind: Option<&SiteKind>, mode: Mode, what: &str) -> String {
    let verb = match kind {
        Some(
            SiteKind::DeleteAttr(_)
            | SiteKind::DeleteGlobal(_)
            | SiteKind::DeleteCell(_)
            | SiteKind::DeleteItem,
        ) => "deletion of",
        Some(SiteKind::Contains) => "look for",
        Some(SiteKind::GetIter | SiteKind::ForIter) => "iteration over",
        Some(SiteKind::Truth | SiteKind::TestedCall) => "test of",
        Some(SiteKind::Call) if mode.writes() => "call that changes",
        Some(SiteKind::Call) => "call that reads",
        _ if mode.writes() => "write of",
        _ => "read of",
    };
    format!("{verb} {what}")
}

/// What is touched of an object: a part of a container by its key, if it is one.
pub(super) fn what(kind: &SiteKind, object: &PyObject, key: Option<&PyObject>) -> String {
    let class = object.class().name().to_string();
    match kind {
        SiteKind::LoadAttr(name) | SiteKind::StoreAttr(name) | SiteKind::DeleteAttr(name) => {
            match object.downcast_ref::<PyType>() {
                Some(class) => format!("{}.{name}", &*class.name()),
                None if class == "dict" => format!("global {name}"),
                None => format!("{class}.{name}"),
            }
        }
        SiteKind::LoadGlobal(name) | SiteKind::StoreGlobal(name) | SiteKind::DeleteGlobal(name) => {
            format!("global {name}")
        }
        SiteKind::LoadCell(name) | SiteKind::StoreCell(name) | SiteKind::DeleteCell(name) => {
            format!("variable {name}")
        }
        _ => {
            let text = key.and_then(|key| key.downcast_ref::<PyStr>());
            let number = key.and_then(|key| key.downcast_ref::<PyInt>());
            match (text.and_then(|text| text.to_str()), number) {
                (Some(text), _) => format!("item {text:?} of a {class}"),
                (_, Some(number)) => format!("item {} of a {class}", number.as_bigint()),
                _ if key.is_some() => format!("an item of a {class}"),
                _ => format!("a {class}"),
            }
        }
    }
}
