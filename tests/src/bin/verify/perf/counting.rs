//! Counts instructions with valgrind.

use std::process::Command;

use super::build::Program;

/// What valgrind says it is; `None` if there is none.
pub(super) fn valgrind_version() -> Option<String> {
    let output = Command::new("valgrind").arg("--version").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// How many instructions one operation of a path takes.
///
/// # Errors
/// That a run failed.
pub(super) fn instructions_each(program: &Program, path: &str, times: u64) -> Result<f64, String> {
    let once = instructions(program, path, times)?;
    let twice = instructions(program, path, 2 * times)?;
    let difference = twice.checked_sub(once).ok_or_else(|| {
        format!("'{path}' took {once} instructions {times} times, and {twice} twice as often")
    })?;
    Ok(difference as f64 / times as f64)
}

/// How many instructions a run takes, all threads together.
fn instructions(program: &Program, path: &str, times: u64) -> Result<u64, String> {
    let mut valgrind = Command::new("valgrind");
    // The lightest tool that counts. It runs one thread at a time. Without the environment, which an
    // interpreter reads at its start.
    valgrind
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(&program.path)
        .args([path, &times.to_string()]);
    let output = valgrind.output().map_err(|error| format!("valgrind cannot be run: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("'{path}' failed under valgrind ({}):\n{said}", output.status));
    }
    said.lines().find_map(refs).ok_or_else(|| format!("valgrind told no count:\n{said}"))
}

/// The count in a line such as `==1== I   refs:      1,234`.
fn refs(line: &str) -> Option<u64> {
    let (before, count) = line.split_once("refs:")?;
    if before.split_whitespace().last() != Some("I") {
        return None;
    }
    count.trim().replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_the_one_of_instructions() {
        assert_eq!(refs("==17== I   refs:      1,234,567"), Some(1_234_567));
        assert_eq!(refs("==17== I refs:        89"), Some(89));
        assert_eq!(refs("==17== D   refs:      12"), None);
        assert_eq!(refs("==17== Command: counts refs: 1"), None);
    }
}
