//! `togil run --sample`: on which lines the threads' time went.

use serde_json::Value;

use crate::GIL;
use crate::harness::togil;

const SCRIPT: &str = "\
import threading, time
def compute():
    end = time.monotonic() + 0.3
    while time.monotonic() < end: sum(range(50))
def work():
    compute()
    time.sleep(0.1)
threads = [threading.Thread(target=work) for n in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
";

/// Runs the script, and returns its profile.
fn profile(name: &str) -> String {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join(name);
    let script = folder.path().join("work.py");
    std::fs::write(&script, SCRIPT).expect("a file");
    let (file_name, script) = (file.to_str().expect("text"), script.to_str().expect("text"));
    togil(["run", "--sample", file_name, script]).output().success();
    std::fs::read_to_string(&file).expect("the profile")
}

#[test]
fn time_is_booked_on_the_lines_where_it_is_spent() {
    let text = profile("profile.folded");
    let spent = |function: &str, activity: &str| -> u64 {
        let mine = |line: &&str| {
            line.contains(&format!(";{function} (")) && line.contains(&format!(";[{activity}] "))
        };
        let count =
            |line: &str| line.rsplit(' ').next().and_then(|count| count.parse::<u64>().ok());
        text.lines().filter(mine).filter_map(count).sum::<u64>()
    };
    // Two threads compute for 0.3 s each, in turn or at once, and sleep for 0.1 s.
    let (running, waiting) = (spent("compute", "running"), spent("compute", "waiting for the GIL"));
    assert!(running + waiting >= 400, "{running} + {waiting} ms in {text}");
    assert_eq!(waiting > 50, GIL, "{waiting} ms in {text}");
    assert!(spent("work", "blocked") >= 150, "{text}");
    let line = |line: &str| line.contains("work (") && line.contains("work.py:7)");
    assert!(text.lines().any(line), "the sleep is in line 7: {text}");
}

#[test]
fn a_profile_for_speedscope_has_its_form() {
    let document: Value = serde_json::from_str(&profile("profile.json")).expect("JSON");
    assert_eq!(document["$schema"], "https://www.speedscope.app/file-format-schema.json");
    let frames = document["shared"]["frames"].as_array().expect("frames").len() as u64;
    let profiles = document["profiles"].as_array().expect("profiles");
    let names: Vec<&str> = profiles.iter().filter_map(|of| of["name"].as_str()).collect();
    assert_eq!(names.contains(&"waiting for the GIL"), GIL, "{names:?}");
    for profile in profiles {
        let (samples, weights) = (&profile["samples"], &profile["weights"]);
        assert_eq!(samples.as_array().map(Vec::len), weights.as_array().map(Vec::len));
        let numbers = samples.as_array().into_iter().flatten().flat_map(|sample| sample.as_array());
        assert!(numbers.flatten().all(|number| number.as_u64().is_some_and(|n| n < frames)));
    }
}

#[test]
fn a_profile_that_cannot_be_written_is_found_before_the_script_runs() {
    let output = togil(["run", "--sample", "/nowhere/profile", "-c", "print('ran')"]).output();
    let output = output.exits(1).complains("cannot write to '/nowhere/profile'");
    assert_eq!(output.stdout, "");
    togil(["run", "--sample"]).output().exits(2).complains("Argument expected for the --sample");
}

#[test]
fn a_child_of_a_fork_leaves_the_profile_alone() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("profile.folded");
    let source = "import os, sys\nif os.fork() == 0:\n    sys.exit()\nprint(os.wait()[1])";
    let file = file.to_str().expect("text");
    // The clock is a thread, at which the VM warns of forks.
    togil(["run", "-W", "ignore", "--sample", file, "-c", source]).output().prints("0");
}
