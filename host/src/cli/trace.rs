//! `togil run --trace FILE`: what each thread did when, in the trace-event format that Perfetto and
//! Chrome's `about:tracing` read.
//! <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use togil_interp::timeline;

use crate::{LOCK_MODE, Python};

/// A trace that is being taken. The file exists from the start, so a path that cannot be written to
/// is found before the script runs.
pub(super) struct Trace {
    path: PathBuf,
    file: File,
    /// A child of a fork has the file, too, but nothing to write to it.
    process: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    trace_events: Vec<Event>,
    display_time_unit: &'static str,
    other_data: OtherData,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OtherData {
    mode: &'static str,
    gil_enabled: bool,
}

/// One event. Times are in microseconds.
#[derive(Serialize)]
struct Event {
    name: &'static str,
    ph: &'static str,
    pid: u32,
    tid: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Name>,
}

#[derive(Serialize)]
struct Name {
    name: String,
}

impl Trace {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: File::create(path)?, process: std::process::id() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn start(py: Python<'_>) -> crate::vm::PyResult<()> {
        timeline::start(py)
    }

    /// Writes what has been seen.
    pub(super) fn finish(self) -> io::Result<()> {
        if std::process::id() != self.process {
            return Ok(());
        }
        let mut file = BufWriter::new(self.file);
        serde_json::to_writer(&mut file, &document())?;
        writeln!(file)?;
        file.flush()
    }
}

fn document() -> Document {
    let pid = std::process::id();
    let mut trace_events = Vec::new();
    for thread in timeline::finish() {
        let event =
            |name, ph, ts, dur, args| Event { name, ph, pid, tid: thread.id, ts, dur, args };
        let name = Name { name: thread.name.clone() };
        trace_events.push(event("thread_name", "M", None, None, Some(name)));
        trace_events.extend(thread.spans.iter().map(|span| {
            let (start, length) = (span.start, span.end.saturating_sub(span.start));
            event(span.activity.as_str(), "X", Some(micros(start)), Some(micros(length)), None)
        }));
    }
    Document {
        trace_events,
        display_time_unit: "ms",
        other_data: OtherData { mode: LOCK_MODE.as_str(), gil_enabled: crate::gil_enabled() },
    }
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1000.0
}
