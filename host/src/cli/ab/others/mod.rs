//! What is run in turn with the two builds besides: other Pythons, the build with the GIL under other
//! rules of handing it on, and the VM without any threads.

mod peer;
mod result;
mod single;

use std::ffi::OsString;
use std::path::PathBuf;

use serde::Serialize;
use togil_interp::lock::Handoff;

use super::builds::Binary;
use super::interrupt::Interrupt;
use super::mode::ByMode;
use super::options::AbArgs;
use super::plan::Row;

pub(super) use self::result::{OtherResult, thread_safety_cost};

/// A program to compare with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Other {
    /// As in reports.
    pub(super) name: String,
    /// What it is.
    pub(super) kind: Kind,
    /// The file, with what comes before the script; or why there is none, in words.
    #[serde(flatten, serialize_with = "either")]
    pub(super) program: Result<Program, Missing>,
}

/// What another program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// Another Python interpreter.
    Peer,
    /// The build with the GIL, handed on by another rule.
    Handoff,
    /// The VM without thread support.
    Single,
}

/// How to run a script.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Program {
    /// The file.
    pub(super) path: PathBuf,
    /// What comes before the script.
    #[serde(serialize_with = "lossy")]
    pub(super) args: Vec<OsString>,
    /// What it says that it is.
    pub(super) version: String,
}

/// Why a program cannot be run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Missing {
    /// In words.
    pub(super) missing: String,
}

impl Other {
    /// Why this row is not for it, if it is not.
    pub(super) fn declines(&self, row: &Row) -> Option<String> {
        if let Err(Missing { missing }) = &self.program {
            return Some(missing.clone());
        }
        let many = row.threads.is_some_and(|threads| threads > 1);
        (self.kind == Kind::Single && many).then(|| "runs one thread only".to_owned())
    }
}

/// All that the user asks for, in the order of the report. What cannot be found is there, too, and
/// says why.
///
/// # Errors
///
/// When no directory for temporary files can be made, or the program was interrupted.
pub(super) fn find(
    options: &AbArgs,
    binaries: &ByMode<Binary>,
    interrupt: &Interrupt,
) -> anyhow::Result<Vec<Other>> {
    let mut others = Vec::new();
    if options.single {
        others.push(single::find(options, interrupt)?);
    }
    others.extend(options.handoff.iter().map(|handoff| under(*handoff, &binaries.gil)));
    for command in &options.peer {
        others.push(peer::find(command, interrupt)?);
    }
    Ok(others)
}

/// The build with the GIL, handed on by this rule.
fn under(handoff: Handoff, gil: &Binary) -> Other {
    let option = format!("gil_handoff={}", handoff.as_str());
    Other {
        name: format!("gil, handoff {}", handoff.as_str()),
        kind: Kind::Handoff,
        program: Ok(Program {
            path: gil.path.clone(),
            args: vec!["run".into(), "-X".into(), option.into()],
            version: format!("togil {}", gil.version),
        }),
    }
}

fn either<S: serde::Serializer>(
    program: &Result<Program, Missing>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match program {
        Ok(program) => program.serialize(serializer),
        Err(missing) => missing.serialize(serializer),
    }
}

fn lossy<S: serde::Serializer>(args: &[OsString], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(args.iter().map(|arg| arg.to_string_lossy()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A peer that was found.
    pub(in super::super) fn peer(name: &str) -> Other {
        Other {
            name: name.to_owned(),
            kind: Kind::Peer,
            program: Ok(Program {
                path: "/usr/bin/python3".into(),
                args: Vec::new(),
                version: "cpython 3.14.0, with the GIL".to_owned(),
            }),
        }
    }

    #[test]
    fn the_single_threaded_vm_declines_more_threads() {
        let mut other = peer("single");
        other.kind = Kind::Single;
        let row = |threads| super::super::results::tests::result("a", threads, &[]).row;
        assert_eq!(other.declines(&row(None)), None);
        assert_eq!(other.declines(&row(Some(1))), None);
        assert_eq!(other.declines(&row(Some(2))).as_deref(), Some("runs one thread only"));
        other.program = Err(Missing { missing: "gone".to_owned() });
        assert_eq!(other.declines(&row(None)).as_deref(), Some("gone"));
    }

    #[test]
    fn a_program_or_its_absence_is_part_of_the_document() {
        let text = |other: &Other| serde_json::to_value(other).unwrap();
        assert_eq!(text(&peer("python3"))["version"], "cpython 3.14.0, with the GIL");
        let gone = Other { program: Err(Missing { missing: "gone".into() }), ..peer("x") };
        assert_eq!(
            text(&gone),
            serde_json::json!({"name": "x", "kind": "peer", "missing": "gone"})
        );
    }
}
