//! The command line: a few options of its own among those of `togil run`.

use std::ffi::OsString;
use std::path::PathBuf;

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// `--json`
    pub(super) json: bool,
    /// `--tree`: the operands are a program, and not names.
    pub(super) tree: bool,
    /// `--script FILE`: names are looked for as that script would.
    pub(super) script: Option<PathBuf>,
    /// `-h`, `--help`
    pub(super) help: bool,
    /// The options of Python and the operands, in order.
    pub(super) python: Vec<OsString>,
}

pub(super) const HELP: &str = "\
Say how a module is imported, or why it is not

Usage: togil explain-import [OPTIONS] [PYTHON OPTIONS] NAME...
       togil explain-import --tree [OPTIONS] [PYTHON OPTIONS] (SCRIPT | -m MODULE | -c CODE) [ARGS]

Imports each NAME as a script in the current directory would, and prints the four steps: what sys.modules held,
who was asked and who won, which cache was used, how the code ran. The module's code does run; what it prints goes
to stderr.

Options:
      --script FILE  Import as this script would, which need not run: its directory is searched first
      --tree         Run a program and draw who imported whom, with times; the program's output goes to stderr
      --json         Print JSON; the README has its shape
  -h, --help         Print this help

PYTHON OPTIONS are those of `togil run`: -I, -P, -E, -s, -S, -B, -O, -X, -W, --check-hash-based-pycs MODE.

Exit status: 0 all names are importable (--tree: the program ended well); 1 one is not; 2 usage.
";

/// Takes out what is ours. Behind the program of `--tree` everything is the program's.
pub(super) fn read(args: impl IntoIterator<Item = OsString>) -> Result<Options, String> {
    let mut options = Options::default();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.to_str().unwrap_or_default() {
            "--json" => options.json = true,
            "--tree" => options.tree = true,
            "-h" | "--help" => options.help = true,
            "--script" => {
                let file = args.next().ok_or("--script needs a FILE")?;
                options.script = Some(file.into());
            }
            "-X" | "-W" | "--check-hash-based-pycs" => {
                options.python.push(arg);
                options.python.extend(args.next());
            }
            "-c" | "-m" if options.tree => {
                options.python.push(arg);
                options.python.extend(args.by_ref());
            }
            operand if options.tree && !operand.starts_with('-') => {
                options.python.push(arg);
                options.python.extend(args.by_ref());
            }
            _ => options.python.push(arg),
        }
    }
    if options.tree && options.script.is_some() {
        return Err("--tree takes the script as its operand: leave out --script".into());
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Options {
        read(line.split_whitespace().map(OsString::from)).unwrap()
    }

    fn python(line: &str) -> String {
        let python = parsed(line).python;
        python.iter().map(|arg| arg.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn options_may_stand_before_and_behind_names() {
        let options = parsed("-I json --json --script a/b.py re");
        assert!(options.json && !options.tree && options.script == Some("a/b.py".into()));
        assert_eq!(options.python, ["-I", "json", "re"]);
    }

    #[test]
    fn what_follows_a_program_is_the_programs() {
        assert_eq!(python("--tree -X gil=1 app.py --json -h"), "-X gil=1 app.py --json -h");
        assert_eq!(python("--tree -m app --tree"), "-m app --tree");
        assert!(!parsed("--tree app.py --json").json);
        assert!(parsed("--json --tree app.py").json);
    }

    #[test]
    fn a_script_that_is_not_named_is_an_error() {
        assert!(read(["--script".into()]).is_err());
        assert!(read(["--tree".into(), "--script".into(), "x".into()]).is_err());
    }
}
