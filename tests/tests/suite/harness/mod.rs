//! Runs the `togil` command that is under test: in a directory and an environment of its own,
//! and in a process group that a watchdog kills when the limit is over. What needs no command is in
//! [`in_process`].

mod alive;
mod hang;
pub(crate) mod in_process;
mod output;
mod stream;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) use alive::Alive;
pub(crate) use output::Output;
use output::dump;
use stream::Stream;

/// How long a script may take before it counts as hung. Generous: machines are noisy.
const LIMIT: Duration = Duration::from_secs(60);

/// A command line to be run. The working directory and `HOME` are a fresh directory.
pub(crate) struct Togil {
    directory: TempDir,
    before: Vec<OsString>,
    options: Vec<OsString>,
    after: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Option<Vec<u8>>,
}

/// `togil run script.py`; the source may be indented.
pub(crate) fn script(source: &str) -> Togil {
    togil(["run"]).file("script.py", source).args(["script.py"])
}

/// `togil run -c source`.
pub(crate) fn code(source: &str) -> Togil {
    togil(["run"]).args(["-c", source])
}

/// `togil ARGS`.
pub(crate) fn togil<I: IntoIterator<Item: AsRef<OsStr>>>(args: I) -> Togil {
    check_mode();
    Togil {
        directory: tempfile::tempdir().expect("a temporary directory"),
        before: args.into_iter().map(|arg| arg.as_ref().to_owned()).collect(),
        options: Vec::new(),
        after: Vec::new(),
        env: Vec::new(),
        stdin: None,
    }
}

/// Runs a script that must end well and print exactly this, and nothing on stderr.
#[track_caller]
pub(crate) fn prints(source: &str, expected: &str) {
    script(source).output().prints(expected);
}

/// Runs a test that is ignored otherwise, because it leaves its process unfit for others.
pub(crate) fn passes_in_a_process_of_its_own(test: &str) {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", test, "--ignored", "--nocapture"])
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("1 passed"), "{text}");
}

impl Togil {
    /// Options of Python: they stand before the script.
    pub(crate) fn options<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, options: I) -> Self {
        self.options.extend(options.into_iter().map(|option| option.as_ref().to_owned()));
        self
    }

    /// What stands after the options.
    pub(crate) fn args<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, args: I) -> Self {
        self.after.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.as_bytes().to_owned());
        self
    }

    /// Writes a file below the working directory; the text may be indented.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, dedent(text)).expect("a file");
        self
    }

    /// The working directory.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn start(self) -> Running {
        let home = self.directory.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_togil-under-test"));
        command
            .args(&self.before)
            .args(&self.options)
            .args(&self.after)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("TOGIL_STATS", home.join(output::STATS))
            .envs(self.env)
            .current_dir(home)
            .stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = command.spawn().expect("the command starts");
        if let (Some(text), Some(mut pipe)) = (self.stdin, child.stdin.take()) {
            // A program that does not read its input is none of our business.
            std::thread::spawn(move || pipe.write_all(&text));
        }
        Running {
            stdout: Stream::read(child.stdout.take().expect("a pipe")),
            stderr: Stream::read(child.stderr.take().expect("a pipe")),
            child,
            started: Instant::now(),
            directory: Some(self.directory),
        }
    }

    #[track_caller]
    pub(crate) fn output(self) -> Output {
        self.start().wait()
    }
}

/// A command that runs. Dropped, it is killed with all its children.
pub(crate) struct Running {
    child: Child,
    stdout: Stream,
    stderr: Stream,
    started: Instant,
    directory: Option<TempDir>,
}

impl Running {
    /// Waits until the program has printed this line.
    #[track_caller]
    pub(crate) fn wait_for_line(&self, line: &str) {
        if self.find(|printed| (printed == line).then_some(())).is_none() {
            self.fail(&format!("the line {line:?} was not printed"));
        }
    }

    /// Waits until the program has printed a line of which `read` makes something.
    #[track_caller]
    pub(crate) fn wait_for<T>(&self, read: impl Fn(&str) -> Option<T>) -> T {
        self.find(read).unwrap_or_else(|| self.fail("the expected line was not printed"))
    }

    fn find<T>(&self, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let mut found = None;
        self.stdout.wait_until(self.deadline(), |text| {
            // The last line may not be there in full yet.
            let whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
            found = whole.map(&read).find_map(|value| value);
            found.is_some()
        });
        found
    }

    /// Sends a signal to the process (and not to its group).
    pub(crate) fn signal(&self, signal: i32) {
        // SAFETY: no memory is involved, and the child is not reaped before `wait`.
        let sent = unsafe { libc::kill(self.pid(), signal) };
        assert_eq!(sent, 0, "the process is there to be signalled");
    }

    pub(crate) fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// Waits for the end of the program and of its output.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Output {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child to wait for") {
                break status;
            }
            if Instant::now() > self.deadline() {
                self.fail("it did not end in time");
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let elapsed = self.started.elapsed();
        for stream in [&self.stdout, &self.stderr] {
            if !stream.wait_for_end(self.deadline()) {
                self.fail("it ended, but a child of it keeps its output open");
            }
        }
        Output {
            status,
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
            elapsed,
            directory: self.directory.take().expect("waited for once"),
        }
    }

    fn deadline(&self) -> Instant {
        self.started + LIMIT
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        let threads = hang::report(self.pid());
        let (stdout, stderr) = (self.stdout.text(), self.stderr.text());
        panic!("{what}\n{}--- threads\n{threads}", dump(&stdout, &stderr));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SAFETY: no memory is involved. The group is ours: its leader is or was our child.
        unsafe { libc::kill(-self.pid(), libc::SIGKILL) };
        // Reaped already after a normal end.
        let _ = self.child.wait();
    }
}

/// A binary that was rebuilt in the other mode meanwhile would fail every test for no reason.
fn check_mode() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let output = Command::new(env!("CARGO_BIN_EXE_togil-under-test")).arg("mode").output();
        let text = String::from_utf8_lossy(&output.expect("the command runs").stdout).into_owned();
        let mode = togil::LOCK_MODE.as_str();
        assert!(text.trim_end().ends_with(mode), "tests built {mode}, but the command: {text}");
    });
}

/// Takes the common indent off a text, and the line break it starts with.
pub(crate) fn dedent(text: &str) -> String {
    let text = text.strip_prefix('\n').unwrap_or(text);
    let indents = text.lines().filter(|line| !line.trim().is_empty());
    let common = indents.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    text.lines().flat_map(|line| [line.get(common..).unwrap_or(""), "\n"]).collect()
}
