//! Who did what when, from the trace of a run.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What the threads of a process did.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli::ab) struct Timeline {
    /// From the start of the trace to the end of the last thing, in seconds.
    pub(in crate::cli::ab) length_s: f64,
    /// Those of the threads that did something, in the order of their first.
    pub(in crate::cli::ab) tracks: Vec<Track>,
}

/// What one thread did.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli::ab) struct Track {
    /// Of the thread.
    pub(in crate::cli::ab) name: String,
    /// Start and end in seconds, and what it did, in words; one after the other.
    pub(in crate::cli::ab) spans: Vec<(f64, f64, String)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    trace_events: Vec<Event>,
}

/// Times are in microseconds.
#[derive(Deserialize)]
struct Event {
    name: String,
    ph: String,
    tid: i32,
    ts: Option<f64>,
    dur: Option<f64>,
    args: Option<Name>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

impl Timeline {
    /// Reads a trace that `togil run --trace` wrote; nothing if it is none, or empty.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let document: Document = serde_json::from_str(text).ok()?;
        let mut tracks: BTreeMap<i32, Track> = BTreeMap::new();
        for event in document.trace_events {
            let track = tracks
                .entry(event.tid)
                .or_insert_with(|| Track { name: String::new(), spans: Vec::new() });
            match (event.ph.as_str(), event.ts, event.dur) {
                ("X", Some(start), Some(length)) => {
                    track.spans.push((start / 1e6, (start + length) / 1e6, event.name));
                }
                _ => track.name = event.args.map(|name| name.name).unwrap_or_default(),
            }
        }
        let mut tracks: Vec<Track> =
            tracks.into_values().filter(|track| !track.spans.is_empty()).collect();
        tracks.sort_by(|a, b| a.spans[0].0.total_cmp(&b.spans[0].0));
        let ends = tracks.iter().flat_map(|track| track.spans.iter().map(|(_, end, _)| *end));
        let length_s = ends.fold(0.0, f64::max);
        (length_s > 0.0).then_some(Timeline { length_s, tracks })
    }
}

impl Track {
    /// What the thread mostly did in each of `count` equal parts of `length_s`, in runs: the first
    /// and the last part of each, and what. Parts in which it did nothing are left out.
    pub(in crate::cli::ab) fn runs(
        &self,
        length_s: f64,
        count: usize,
    ) -> Vec<(usize, usize, &str)> {
        let part = length_s / count as f64;
        let mut times: Vec<BTreeMap<&str, f64>> = vec![BTreeMap::new(); count];
        for (start, end, what) in &self.spans {
            let first = ((start / part) as usize).min(count - 1);
            let last = ((end / part) as usize).min(count - 1);
            for (number, of_part) in times.iter_mut().enumerate().take(last + 1).skip(first) {
                let from = start.max(number as f64 * part);
                let to = end.min((number + 1) as f64 * part);
                *of_part.entry(what).or_default() += (to - from).max(0.0);
            }
        }
        let mut runs: Vec<(usize, usize, &str)> = Vec::new();
        for (number, of_part) in times.iter().enumerate() {
            let most = of_part.iter().max_by(|a, b| a.1.total_cmp(b.1));
            let Some((what, _)) = most.filter(|(_, time)| **time > 0.0) else { continue };
            match runs.last_mut() {
                Some((_, last, before)) if *last + 1 == number && before == what => *last = number,
                _ => runs.push((number, number, what)),
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = r#"{"traceEvents":[
        {"name":"thread_name","ph":"M","pid":1,"tid":7,"args":{"name":"worker"}},
        {"name":"running","ph":"X","pid":1,"tid":7,"ts":1000000,"dur":2000000},
        {"name":"waiting for the GIL","ph":"X","pid":1,"tid":7,"ts":3000000,"dur":1000000},
        {"name":"thread_name","ph":"M","pid":1,"tid":8,"args":{"name":"idle"}},
        {"name":"running","ph":"X","pid":1,"tid":9,"ts":0,"dur":500000}]}"#;

    #[test]
    fn a_trace_is_read() {
        let timeline = Timeline::parse(TRACE).unwrap();
        assert_eq!(timeline.length_s, 4.0);
        let names: Vec<&str> = timeline.tracks.iter().map(|track| track.name.as_str()).collect();
        assert_eq!(names, ["", "worker"], "the idle one is left out");
        assert_eq!(timeline.tracks[1].spans[0], (1.0, 3.0, "running".to_owned()));
        assert_eq!(Timeline::parse("{}"), None);
        assert_eq!(Timeline::parse(r#"{"traceEvents":[]}"#), None);
    }

    #[test]
    fn parts_show_what_was_mostly_done() {
        let worker = &Timeline::parse(TRACE).unwrap().tracks[1];
        let expected = [(2, 5, "running"), (6, 7, "waiting for the GIL")];
        assert_eq!(worker.runs(4.0, 8), expected);
        // Half and more of the only part.
        assert_eq!(worker.runs(4.0, 1), [(0, 0, "running")]);
    }
}
