//! What a function takes: the names, the kinds and the defaults of its parameters.

use std::fmt::Write;
use std::sync::Arc;

use serde::Serialize;
use togil_interp::Python;
use togil_interp::vm::PyObjectRef;

use crate::value::{ConversionError, to_python};

/// How an argument may be passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `a` in `def f(a, /)`.
    PositionalOnly,
    /// `a` in `def f(a)`.
    Any,
    /// `*a`.
    VarArgs,
    /// `a` in `def f(*, a)`.
    KeywordOnly,
    /// `**a`.
    VarKwargs,
}

/// Makes a default value; once for every Python object that is made of a function.
type MakeDefault = Arc<dyn Fn(Python<'_>) -> Result<PyObjectRef, ConversionError> + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) default: Option<MakeDefault>,
}

impl Parameter {
    pub(crate) fn required(name: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), kind, default: None }
    }

    pub(crate) fn optional<D>(name: impl Into<String>, kind: Kind, default: D) -> Self
    where
        D: Serialize + Send + Sync + 'static,
    {
        let default: MakeDefault = Arc::new(move |py| to_python(py, &default));
        Self { name: name.into(), kind, default: Some(default) }
    }

    pub(crate) fn is_positional(&self) -> bool {
        matches!(self.kind, Kind::PositionalOnly | Kind::Any)
    }
}

/// A function as a call sees it.
#[derive(Clone)]
pub(crate) struct Signature {
    /// As error messages name it: `resize`, `Image.crop`.
    pub(crate) qualname: String,
    pub(crate) parameters: Vec<Parameter>,
    /// Whether the object that the method belongs to comes first, not counted in `parameters`.
    pub(crate) method: bool,
}

impl Signature {
    /// How many arguments a call may give by position; `None` with `*args`.
    pub(crate) fn positional(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|parameter| parameter.is_positional())
    }

    pub(crate) fn index_of(&self, kind: Kind) -> Option<usize> {
        self.parameters.iter().position(|parameter| parameter.kind == kind)
    }

    /// Whether Python would accept `def name(...)` with these parameters, and a closure of
    /// `count` arguments could take them; otherwise what is wrong.
    pub(crate) fn check(&self, count: usize) -> Result<(), String> {
        if self.parameters.len() != count {
            return Err(format!(
                "{} parameters are declared, but the closure takes {count} arguments",
                self.parameters.len()
            ));
        }
        let mut seen_default = false;
        for (index, parameter) in self.parameters.iter().enumerate() {
            let name = &parameter.name;
            if !is_identifier(name) {
                return Err(format!("`{name}` is no name for a parameter"));
            }
            let before = &self.parameters[..index];
            if before.iter().any(|other| other.name == *name) {
                return Err(format!("two parameters are called `{name}`"));
            }
            if let Some(last) = before.last()
                && (last.kind as u8 > parameter.kind as u8
                    || last.kind == parameter.kind
                        && matches!(last.kind, Kind::VarArgs | Kind::VarKwargs))
            {
                return Err(format!(
                    "`{name}` comes too late: the order is positional-only, plain, *args, \
                     keyword-only, **kwargs"
                ));
            }
            if parameter.is_positional() {
                if seen_default && parameter.default.is_none() {
                    return Err(format!("`{name}` has no default, but one before it has"));
                }
                seen_default |= parameter.default.is_some();
            }
        }
        Ok(())
    }

    /// The signature as Python writes it, with the defaults' `repr`: `($module, a, b=1)`.
    pub(crate) fn text(&self, first: &str, defaults: &[Option<String>]) -> String {
        let mut parts: Vec<String> = Vec::new();
        if !first.is_empty() {
            parts.push(first.to_owned());
        }
        let mut previous = None;
        for (parameter, default) in self.parameters.iter().zip(defaults) {
            if previous == Some(Kind::PositionalOnly) && parameter.kind != Kind::PositionalOnly {
                parts.push("/".into());
            }
            if parameter.kind == Kind::KeywordOnly
                && !matches!(previous, Some(Kind::KeywordOnly | Kind::VarArgs))
            {
                parts.push("*".into());
            }
            let stars = match parameter.kind {
                Kind::VarArgs => "*",
                Kind::VarKwargs => "**",
                _ => "",
            };
            let mut part = format!("{stars}{}", parameter.name);
            if let Some(default) = default {
                let _ = write!(part, "={default}");
            }
            parts.push(part);
            previous = Some(parameter.kind);
        }
        if previous == Some(Kind::PositionalOnly) {
            parts.push("/".into());
        }
        format!("({})", parts.join(", "))
    }
}

/// Close enough to Python's rule: what it lets through by mistake, `help` shows all the same.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}
