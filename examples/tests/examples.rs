//! Runs every example, in the mode of this build.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Where cargo puts the examples that it built for this test.
fn example(name: &str) -> Command {
    let mut path: PathBuf = std::env::current_exe().expect("this program");
    path.pop();
    path.pop();
    Command::new(path.join("examples").join(name))
}

fn output(name: &str) -> String {
    let output = example(name).output().expect("cargo test builds the examples");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {}\n{errors}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn ten_lines() {
    assert_eq!(output("ten_lines"), "[2, 3, 5, 7, 11, 13, 17, 19, 23, 29]\n");
}

#[test]
fn rules_engine() {
    let expected = "\
two rules: 15 % off 30.00
one of them does not compile any more: 15 % off 30.00
  bulk.py:1:";
    let output = output("rules_engine");
    assert!(output.starts_with(expected), "{output}");
    for line in [
        "now it compiles, and raises: 5 % off 30.00\n  bulk.py: KeyError: 'price'",
        "now it never ends: 5 % off 30.00\n  bulk.py: time-out of 500ms",
        "mended: 8 % off 30.00\n",
    ] {
        assert!(output.contains(line), "{line} is not in\n{output}");
    }
}

#[test]
fn parallel_map() {
    assert_eq!(output("parallel_map"), "1000000 records, sum of scores 49500000\n");
}

#[test]
fn detach() {
    assert_eq!(output("detach"), format!("two calls at once, {} build\n", togil::LOCK_MODE));
}

#[test]
fn agent_pipeline() {
    assert_eq!(output("agent_pipeline"), "40 answers, 160 calls of the model\n");
}

#[test]
fn plugin_host() {
    let output = output("plugin_host");
    let expected = "\
About togil
===========
caught: there is no line 99; the document has 2
";
    assert!(output.starts_with(expected), "{output}");
    assert!(
        output.contains("append(self, /, text)") || output.contains("append(self, text)"),
        "{output}"
    );
    assert!(output.contains("Adds a line."), "{output}");
}

#[test]
fn snippets() {
    let output = output("snippets");
    assert!(output.ends_with("all as expected\n"), "{output}");
}

struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        let mut child = example("web_server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo test builds the examples");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("it prints its address");
        Self { child, url: line.trim().to_owned() }
    }

    fn get(&self, path: &str) -> (i32, String) {
        let url = format!("{}{path}", self.url);
        let response = minreq::get(url).with_timeout(30).send().expect("an answer");
        (response.status_code, response.as_str().expect("text").to_owned())
    }

    fn stats(&self) -> Value {
        serde_json::from_str(&self.get("/stats").1).expect("JSON")
    }

    /// Waits until a counter says so.
    fn wait_for(&self, counter: &str, value: u64) {
        let start = Instant::now();
        while self.stats()[counter] != value {
            assert!(start.elapsed() < Duration::from_secs(30), "{counter}: {}", self.stats());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let status = self.child.wait().expect("it ends");
        if !std::thread::panicking() {
            assert!(status.success(), "{status}");
        }
    }
}

#[test]
fn web_server() {
    let server = Server::start();
    assert_eq!(server.get("/run/hello?name=ada"), (200, r#"{"greeting":"hello ada"}"#.into()));
    let (status, text) = server.get("/run/broken");
    assert_eq!((status, text.as_str()), (500, "ZeroDivisionError: division by zero"));
    assert_eq!(server.get("/run/nowhere").0, 404);
    for endless in ["slow", "endless"] {
        let (status, text) = server.get(&format!("/run/{endless}"));
        assert_eq!(status, 504, "{text}");
        assert!(text.starts_with("time-out of 500ms"), "{text}");
    }
    assert_eq!(server.stats()["stopped"], 2);

    // A client that goes away takes its job with it, long before the time-out.
    let address = server.url.strip_prefix("http://").expect("a URL");
    let mut client = TcpStream::connect(address).expect("it listens");
    client.write_all(b"GET /run/slow HTTP/1.1\r\nHost: x\r\n\r\n").expect("it reads");
    server.wait_for("running", 1);
    drop(client);
    server.wait_for("stopped", 3);
    server.wait_for("running", 0);

    // Many at once: each gets its own answer.
    std::thread::scope(|scope| {
        for n in 0..8 {
            let server = &server;
            scope.spawn(move || {
                for _ in 0..20 {
                    let (status, text) = server.get(&format!("/run/hello?name={n}"));
                    assert_eq!((status, text), (200, format!(r#"{{"greeting":"hello {n}"}}"#)));
                }
            });
        }
    });
}

/// The examples leave nothing on stderr that a newcomer would worry about.
#[test]
fn no_warnings() {
    let mut child =
        example("ten_lines").stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("built");
    let mut errors = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut errors).expect("text");
    assert!(child.wait().expect("it ends").success());
    assert_eq!(errors, "");
}
