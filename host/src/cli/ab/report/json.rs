//! The report as a JSON document.
//!
//! ```text
//! schema       {name, version, fields}: this list, so that the document explains itself
//! incomplete   null, or why rows or runs are missing
//! machine      {cpu, cores, governor, load_average, kernel, rustc}; load before anything was built or run
//! binaries     {gil: {path, version}, free: {path, version}}
//! others[]     what took turns with them: {name, kind: peer | handoff | single, path, args, version}, or
//!              {name, kind, missing} with the reason in words
//! plan         {bundled, runs, budget_s, warmup, order, timeout_s, scale}; scale is null for a script
//! rows[]       a script with a number of threads:
//!   name, script, args, threads
//!   samples[]    every run, warm-ups too, in the order in which they ran:
//!     mode         gil | free-threaded | the number of another program, from 0
//!     run, warmup, wall_s, user_s, sys_s, process_s, max_rss_bytes,
//!     kernel_voluntary_switches, kernel_involuntary_switches, minor_page_faults, major_page_faults,
//!     ending       {kind: exited, status} | {kind: signal, signal} | {kind: timed_out, after_s}
//!     stdout       {bytes, digest, cut}; the digest covers all of it, cut: above 1 MiB
//!     stderr_last_line
//!     locks        what the binary wrote about its locks; null if it wrote nothing
//!   summaries    {gil, free}: medians over the measured runs that ended well, or null
//!   comparison   {pairs, ratio, interval: {low, high}, noise_floor, median_of_pair_ratios} or null
//!   findings[]   {kind: failed | output_differs | not_deterministic, text, ...}
//!   verdict      {kind, text, ...}
//!   work         cpu_bound | io_bound | mixed
//!   cause        what costs most: {kind, text, ...} or null
//!   forecast     {ratio, measured_over_foretold} or null
//!   drift        {ratio} or null
//!   others[]     {other, kind: measured, summary, against: {gil, free}, same_output} or
//!                {other, kind: not_measured, why}; against: a comparison whose ratio is its wall
//!                time over that of the build
//!   lines[]      with --explain, where the time went: {text, spent: {gil, free}}, each
//!                {running_ms, waiting_ms, blocked_ms}
//! thread_safety_cost  {gil, free}: wall time over that of the VM without thread support, or null
//! sweeps[]     scripts with several numbers of threads: {name, curves: {gil, free}}, each
//!              {points[], serial_fraction, best_threads, loses_at} or null
//! forecasts    {rows, median_error, greatest_error}: how far they can be trusted, or null
//! warnings[]   reasons to take the figures with care, in words
//! outputs      directory with the outputs of rows with findings, or null
//! ```
//!
//! A field may be added without a new version, but none changes its meaning.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use super::super::builds::Binary;
use super::super::cause::{Cause, Kind};
use super::super::explain::Line;
use super::super::findings::Finding;
use super::super::forecast::{Forecast, Trust};
use super::super::machine::Machine;
use super::super::mode::{ByMode, Mode};
use super::super::noise::Drift;
use super::super::others::{Other, OtherResult, thread_safety_cost};
use super::super::plan::Runs;
use super::super::results::RowResult;
use super::super::sample::Sample;
use super::super::scaling::{self, Sweep};
use super::super::statistics::Comparison;
use super::super::subject::Subject;
use super::super::summary::Summary;
use super::super::verdict::Verdict;
use super::Report;

/// What `schema.name` is.
pub(in super::super) const NAME: &str = "togil-ab";
/// What `schema.version` is: it changes with the meaning of any field.
pub(in super::super) const VERSION: u32 = 2;

/// What the `schema` field says about the others: units, and what a name leaves open.
const FIELDS: [(&str, &str); 23] = [
    ("incomplete", "null, or why rows or runs are missing"),
    ("machine.load_average", "of the last minute, before anything was built or run"),
    (
        "plan.order",
        "the modes in the order in which they take turns; every other round is the other way round",
    ),
    (
        "plan.runs",
        "measured runs of each mode; null with a budget, which gives each row its own number",
    ),
    (
        "rows[].samples[].wall_s",
        "of the process; for a workload with setup, work and check only of the work of its threads, and so are user_s and sys_s",
    ),
    ("rows[].samples[].process_s", "wall time of the whole process"),
    ("rows[].samples[].run", "counts from 1, warm-ups and measured runs each on their own"),
    ("*_s", "seconds"),
    ("*_ns", "nanoseconds"),
    ("*_bytes", "bytes"),
    ("*.user_s, *.sys_s, *.kernel_*", "of the process and the children it has waited for"),
    ("*.cores_used", "(user_s + sys_s) / wall_s"),
    ("rows[].samples[].stdout.digest", "checksum of the whole standard output"),
    (
        "rows[].samples[].stdout.cut",
        "longer than 1 MiB; differences after that are found, but not quoted",
    ),
    (
        "rows[].samples[].locks",
        "the binary's own figures; null if it died before it could write them",
    ),
    ("rows[].summaries", "medians over the measured runs with status 0"),
    (
        "*.wait_share",
        "wait_ns / (wait_ns + hold_ns): of the time for which threads wanted to run Python, the share for which they waited for the GIL",
    ),
    (
        "rows[].comparison.ratio",
        "median wall time with the GIL / median without; null if a run failed or the outputs differ",
    ),
    (
        "rows[].comparison.noise_floor",
        "by what factor a build differs from itself: 95 % quantile of the ratio of the medians of two random halves of its own runs, its logarithm times the square root of n / 2 / (n - 2); smaller differences are called none",
    ),
    (
        "rows[].forecast.ratio",
        "foretold from the runs with the GIL alone: the time for which it is held shrinks by (held + waited) / held, or by the cores if they are fewer",
    ),
    (
        "rows[].drift.ratio",
        "time of the second half of the runs over that of the first, each relative to its mode; null if it could well be chance",
    ),
    (
        "sweeps[].curves.*.serial_fraction",
        "s in Amdahl's law, T(n) = T(1) * (s + (1 - s) / n), by least squares over the wall times",
    ),
    (
        "rows[].comparison.interval",
        "95 % percentile bootstrap interval of the ratio, 10000 resamples of pairs, constant seed",
    ),
];

#[derive(Serialize)]
struct Document<'a> {
    schema: Schema,
    incomplete: Option<String>,
    machine: &'a Machine,
    binaries: &'a ByMode<Binary>,
    others: &'a [Other],
    plan: PlanPart,
    rows: Vec<RowPart<'a>>,
    sweeps: Vec<Sweep>,
    thread_safety_cost: ByMode<Option<f64>>,
    forecasts: Option<Trust>,
    warnings: Vec<String>,
    outputs: Option<&'a Path>,
}

#[derive(Serialize)]
struct Schema {
    name: &'static str,
    version: u32,
    fields: BTreeMap<&'static str, &'static str>,
}

#[derive(Serialize)]
struct PlanPart {
    bundled: bool,
    runs: Option<u32>,
    budget_s: Option<f64>,
    warmup: u32,
    order: [Mode; 2],
    timeout_s: f64,
    scale: Option<f64>,
}

#[derive(Serialize)]
struct RowPart<'a> {
    name: &'a str,
    script: String,
    args: Vec<String>,
    threads: Option<u32>,
    samples: &'a [Sample],
    summaries: &'a ByMode<Option<Summary>>,
    comparison: Option<&'a Comparison>,
    findings: Vec<WithText<&'a Finding>>,
    verdict: WithText<&'a Verdict>,
    work: Option<Kind>,
    cause: Option<WithText<&'a Cause>>,
    forecast: Option<Forecast>,
    drift: Option<Drift>,
    others: &'a [OtherResult],
    lines: &'a [Line],
}

/// The fields of a thing, and the thing in words.
#[derive(Serialize)]
struct WithText<T> {
    text: String,
    #[serde(flatten)]
    value: T,
}

impl<T: ToString> WithText<T> {
    fn new(value: T) -> Self {
        WithText { text: value.to_string(), value }
    }
}

/// The document, with a line end at its end.
///
/// # Errors
///
/// When a path is not UTF-8, which JSON cannot hold.
pub(super) fn render(report: &Report) -> anyhow::Result<String> {
    let document = Document {
        schema: Schema { name: NAME, version: VERSION, fields: BTreeMap::from(FIELDS) },
        incomplete: report.incomplete(),
        machine: &report.machine,
        binaries: &report.binaries,
        others: &report.others,
        plan: plan(report),
        rows: report.rows.iter().enumerate().map(|(number, of)| row(report, number, of)).collect(),
        sweeps: scaling::sweeps(&report.rows),
        thread_safety_cost: thread_safety_cost(
            &report.others,
            report.rows.iter().map(|row| row.others.as_slice()),
        ),
        forecasts: Trust::of(report.rows.iter().filter_map(|row| row.forecast)),
        warnings: report.warnings.iter().map(ToString::to_string).collect(),
        outputs: report.kept.as_deref(),
    };
    let text = serde_json::to_string_pretty(&document).context("can't write the report as JSON")?;
    Ok(text + "\n")
}

fn plan(report: &Report) -> PlanPart {
    let scale = match report.subject {
        Subject::Bundled { scale, .. } => Some(scale),
        Subject::Script { .. } | Subject::Workload { .. } => None,
    };
    let (runs, budget_s) = match report.runs {
        Runs::Count(runs) => (Some(runs), None),
        Runs::Budget(seconds) => (None, Some(seconds)),
    };
    PlanPart {
        bundled: scale.is_some(),
        runs,
        budget_s,
        warmup: report.warmup,
        order: Mode::TURNS,
        timeout_s: report.limit.as_secs_f64(),
        scale,
    }
}

fn row<'a>(report: &'a Report, number: usize, result: &'a RowResult) -> RowPart<'a> {
    let row = &result.row;
    RowPart {
        name: &row.name,
        script: row.script.to_string_lossy().into_owned(),
        args: row.args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect(),
        threads: row.threads,
        samples: &result.samples,
        summaries: &result.summaries,
        comparison: result.comparison.as_ref(),
        findings: result.findings.iter().map(WithText::new).collect(),
        verdict: WithText::new(&result.verdict),
        work: result.kind,
        cause: result.cause.as_ref().map(WithText::new),
        forecast: result.forecast,
        drift: result.drift,
        others: &result.others,
        lines: report.explanations.get(number).map_or(&[], |of| of.lines.as_slice()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::measure::Stopped;
    use super::super::super::results::tests::{crashed, result};
    use super::super::tests::report;
    use super::*;
    use serde_json::{Value, json};

    fn parsed(report: &Report) -> Value {
        serde_json::from_str(&render(report).unwrap()).unwrap()
    }

    #[test]
    fn the_document_holds_everything() {
        let mut report = report(vec![result("a", Some(2), &[(2.0, 1.0); 5]), crashed("b")]);
        report.kept = Some("/tmp/kept".into());
        let document = parsed(&report);
        assert_eq!(document["schema"]["name"], "togil-ab");
        assert_eq!(document["schema"]["version"], VERSION);
        assert_eq!(document["incomplete"], Value::Null);
        assert_eq!(document["plan"]["order"], json!(["gil", "free-threaded"]));
        assert_eq!(document["outputs"], "/tmp/kept");
        let good = &document["rows"][0];
        assert_eq!(good["samples"].as_array().map(Vec::len), Some(10));
        assert_eq!(good["samples"][1]["mode"], "free-threaded");
        assert_eq!(good["samples"][0]["run"], 1);
        assert_eq!(good["samples"][0]["ending"], json!({"kind": "exited", "status": 0}));
        assert_eq!(good["samples"][0]["locks"]["gil"]["forced_switches"], 321);
        assert_eq!(good["comparison"]["ratio"], 2.0);
        assert_eq!(good["verdict"]["kind"], "faster");
        assert_eq!(good["summaries"]["gil"]["gil"]["wait_share"], 0.47);
        let bad = &document["rows"][1];
        assert_eq!(bad["comparison"], Value::Null);
        assert_eq!(bad["findings"][0]["kind"], "failed");
        assert!(bad["findings"][0]["text"].as_str().is_some_and(|text| text.contains("SIGSEGV")));
        assert_eq!(bad["verdict"]["text"], "not compared: failed");
    }

    #[test]
    fn an_interrupted_document_is_whole_and_says_so() {
        let mut report = report(Vec::new());
        report.stopped = Some(Stopped::Signal(2));
        assert_eq!(parsed(&report)["incomplete"], "interrupted");
    }
}
