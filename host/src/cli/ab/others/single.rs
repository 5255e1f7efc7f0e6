//! The VM without thread support: what being thread-safe costs at all.

use std::env;
use std::path::PathBuf;

use super::{Kind, Missing, Other, Program};
use crate::cli::ab::builds;
use crate::cli::ab::interrupt::Interrupt;
use crate::cli::ab::options::AbArgs;

/// Names the binary where the user does not.
const VARIABLE: &str = "TOGIL_SINGLE_BINARY";

/// The binary that the user names, or one that is built from the source tree if this program is, or
/// an installed one.
///
/// # Errors
///
/// When it cannot be looked for. That there is none is no error.
pub(super) fn find(options: &AbArgs, interrupt: &Interrupt) -> anyhow::Result<Other> {
    let named = env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    let named = options.single_binary.clone().or(named);
    let found = match named {
        Some(path) => Ok(path),
        None => builds::single(),
    };
    let program = found
        .and_then(|path| {
            let version = builds::ask_version(&path, "single", interrupt)?;
            Ok(Program { path, args: vec!["run".into()], version: format!("togil {version}") })
        })
        .map_err(|error| Missing { missing: format!("{error:#}") });
    Ok(Other { name: "single".to_owned(), kind: Kind::Single, program })
}
