//! `togil explain-import`: somebody with an import that fails, or an edit that does nothing, finds the cause
//! from what it prints.

mod bytecode;
mod missing;
mod raised;
mod report;
mod shadows;

use crate::harness::{Output, Togil, script, togil};

/// `togil explain-import ARGS` beside these files.
fn explain(files: &[(&str, &str)], args: &[&str]) -> Output {
    with(files, togil(["explain-import"])).args(args).output()
}

/// The same after a script has run there.
fn explain_after(files: &[(&str, &str)], source: &str, args: &[&str]) -> Output {
    let source = format!(
        "{source}
import subprocess, sys
done = subprocess.run([sys.executable, 'explain-import', *{args:?}], capture_output=True, text=True)
print(done.stdout, end='')
print(done.stderr, end='', file=sys.stderr)
sys.exit(done.returncode)
"
    );
    with(files, script(&source)).output()
}

fn with(files: &[(&str, &str)], togil: Togil) -> Togil {
    files.iter().fold(togil, |togil, (name, text)| togil.file(name, text))
}

/// These sentences are in the report. `{}` is the working directory.
#[track_caller]
fn says(output: Output, status: i32, sentences: &[&str]) -> Output {
    let output = output.exits(status);
    let here = output.path().canonicalize().expect("the directory").display().to_string();
    for sentence in sentences {
        let sentence = sentence.replace("{}", &here);
        assert!(output.stdout.contains(&sentence), "no {sentence:?}\n{}", output.dump());
    }
    output
}

#[track_caller]
fn does_not_say(output: &Output, text: &str) {
    assert!(!output.stdout.contains(text), "{text:?}\n{}", output.dump());
}
