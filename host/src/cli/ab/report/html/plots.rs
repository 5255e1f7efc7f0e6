//! The plots of the report.

use super::super::super::arm::Arm;
use super::super::super::explain::Timeline;
use super::super::super::mode::Mode;
use super::super::super::results::RowResult;
use super::super::super::sample::Sample;
use super::super::super::scaling::Sweep;
use super::super::units;
use super::svg::{Axis, Drawing};

const WIDTH: f64 = 860.0;
/// Room for the names of rows.
const NAMES: f64 = 230.0;
const MARGIN: f64 = 20.0;

/// A line for each row: the ratio with its interval, on the noise floor.
pub(super) fn ratios(rows: &[RowResult]) -> String {
    const LINE: f64 = 24.0;
    let top = 24.0;
    let height = top + LINE * rows.len() as f64 + 8.0;
    let ends = rows.iter().filter_map(|row| row.comparison).flat_map(|comparison| {
        let interval = comparison.interval;
        let floor = comparison.noise_floor.unwrap_or(1.0);
        let ends = [interval.map(|of| of.low), interval.map(|of| of.high)];
        [Some(comparison.ratio), Some(floor), Some(1.0 / floor)].into_iter().chain(ends)
    });
    let (least, most) = extremes(ends.flatten().chain([0.8, 1.2]));
    let axis = Axis { figures: (least, most), pixels: (NAMES, WIDTH - MARGIN) };
    let mut drawing = Drawing::new(WIDTH, height);
    for tick in axis.ticks() {
        let x = axis.at(tick);
        drawing.line("grid", (x, top), (x, height));
        drawing.text("middle", (x, top - 8.0), &format!("{}", round(tick)));
    }
    drawing.line("one", (axis.at(1.0), top), (axis.at(1.0), height));
    for (number, row) in rows.iter().enumerate() {
        let y = top + LINE * (number as f64 + 0.5);
        drawing.text("end", (NAMES - 10.0, y + 4.0), &row.title());
        let Some(comparison) = row.comparison else {
            drawing.text("start", (NAMES + 4.0, y + 4.0), &row.verdict.short());
            continue;
        };
        if let Some(floor) = comparison.noise_floor {
            let (from, to) = (axis.at(1.0 / floor), axis.at(floor));
            drawing.rectangle("floor", (from, y - 9.0), (to - from, 18.0));
        }
        if let Some(interval) = comparison.interval {
            drawing.line("interval", (axis.at(interval.low), y), (axis.at(interval.high), y));
        }
        let text = format!("{}: {:.2}, {}", row.title(), comparison.ratio, row.verdict);
        drawing.dot("ratio", (axis.at(comparison.ratio), y), &text);
    }
    drawing.finish("ratio of wall times with the GIL and without, for each row")
}

/// Speed-up over the number of threads, a line for each mode.
pub(super) fn speed_ups(sweep: &Sweep) -> String {
    const HEIGHT: f64 = 300.0;
    let curves: Vec<_> = Mode::TURNS
        .into_iter()
        .filter_map(|mode| Some((mode, sweep.curves.of(mode).as_ref()?)))
        .collect();
    let points = || curves.iter().flat_map(|(_, curve)| &curve.points);
    let (least, most) = extremes(points().map(|point| f64::from(point.threads)));
    let (_, fastest) = extremes(points().map(|point| point.speed_up).chain([1.0]));
    let x = Axis { figures: (least, most), pixels: (60.0, WIDTH - 250.0) };
    let y = Axis { figures: (0.0, fastest * 1.1), pixels: (HEIGHT - 40.0, 10.0) };
    let mut drawing = Drawing::new(WIDTH, HEIGHT);
    for tick in y.ticks() {
        drawing.line("grid", (60.0, y.at(tick)), (WIDTH - 250.0, y.at(tick)));
        drawing.text("end", (52.0, y.at(tick) + 4.0), &format!("{}x", round(tick)));
    }
    let mut threads: Vec<u32> = points().map(|point| point.threads).collect();
    threads.sort_unstable();
    threads.dedup();
    for threads in threads {
        let place = (x.at(f64::from(threads)), HEIGHT - 18.0);
        drawing.text("middle", place, &threads.to_string());
    }
    // Only as far as the plot reaches.
    let end = (least * fastest * 1.1).min(most);
    drawing.path("perfect", &[(x.at(least), y.at(1.0)), (x.at(end), y.at(end / least))]);
    for (number, (mode, curve)) in curves.iter().enumerate() {
        let place = |point: &super::super::super::scaling::Point| {
            (x.at(f64::from(point.threads)), y.at(point.speed_up))
        };
        let line: Vec<_> = curve.points.iter().map(place).collect();
        drawing.path(&format!("curve {}", mode.short()), &line);
        for point in &curve.points {
            let text = format!(
                "{mode}, {} threads: {:.2}x, {} of perfect",
                point.threads,
                point.speed_up,
                units::share(point.efficiency)
            );
            drawing.dot(mode.short(), place(point), &text);
        }
        let mut legend = vec![
            format!("{mode}: best with {}", curve.best_threads),
            format!("serial part {}", units::share(curve.serial_fraction)),
        ];
        legend.extend(curve.loses_at.map(|threads| format!("{threads} threads lose")));
        let top = 30.0 + 80.0 * number as f64;
        drawing.rectangle(mode.short(), (WIDTH - 235.0, top - 9.0), (10.0, 10.0));
        for (line, text) in legend.iter().enumerate() {
            drawing.text("start", (WIDTH - 218.0, top + 18.0 * line as f64), text);
        }
    }
    drawing.finish("speed-up over the number of threads, in both modes")
}

/// What each thread did when, a strip for each, one mode under the other.
pub(super) fn timelines(timelines: &[(Mode, Timeline)]) -> String {
    const STRIP: f64 = 16.0;
    const GAP: f64 = 4.0;
    const HEAD: f64 = 26.0;
    /// More threads would be hairs.
    const MOST: usize = 16;
    const PARTS: usize = 600;
    let shown = |timeline: &Timeline| timeline.tracks.len().min(MOST) as f64;
    let strips: f64 = timelines.iter().map(|(_, timeline)| shown(timeline)).sum();
    let height = 24.0 + HEAD * timelines.len() as f64 + strips * (STRIP + GAP);
    let length = timelines.iter().map(|(_, timeline)| timeline.length_s).fold(0.0, f64::max);
    let axis = Axis { figures: (0.0, PARTS as f64), pixels: (NAMES, WIDTH - MARGIN) };
    let mut drawing = Drawing::new(WIDTH, height);
    for (number, what) in
        ["running", "waiting for the GIL", "blocked", "collecting garbage"].iter().enumerate()
    {
        let x = NAMES + 150.0 * number as f64;
        drawing.rectangle(activity(what), (x, 4.0), (10.0, 10.0));
        drawing.text("start", (x + 15.0, 13.0), what);
    }
    let mut y = 24.0;
    for (mode, timeline) in timelines {
        let title = format!("{mode}, {}", units::time(timeline.length_s));
        drawing.text("start", (0.0, y + 14.0), &title);
        y += HEAD;
        for track in timeline.tracks.iter().take(MOST) {
            drawing.text("end", (NAMES - 10.0, y + 12.0), &track.name);
            // On one scale, so that the shorter run is seen to be.
            for (first, last, what) in track.runs(length, PARTS) {
                let (from, to) = (axis.at(first as f64), axis.at((last + 1) as f64));
                drawing.rectangle(activity(what), (from, y), (to - from, STRIP));
            }
            y += STRIP + GAP;
        }
    }
    drawing.finish("what each thread did when, in both modes")
}

/// The class of what a thread does.
fn activity(what: &str) -> &'static str {
    match what {
        "running" => "running",
        "waiting for the GIL" => "waiting",
        "collecting garbage" => "collecting",
        _ => "blocked",
    }
}

/// Every run that counts, a strip for each row and mode.
pub(super) fn runs(rows: &[RowResult]) -> String {
    const STRIP: f64 = 20.0;
    let height = rows.len() as f64 * (2.0 * STRIP + 12.0) + 10.0;
    let mut drawing = Drawing::new(WIDTH, height);
    for (number, row) in rows.iter().enumerate() {
        let top = 6.0 + number as f64 * (2.0 * STRIP + 12.0);
        let counted =
            |mode| row.samples.iter().filter(move |run| run.arm == Arm::Mode(mode) && run.counts());
        let walls = Mode::TURNS.into_iter().flat_map(counted).map(|run: &Sample| run.wall_s);
        let (_, longest) = extremes(walls);
        let axis = Axis { figures: (0.0, longest), pixels: (NAMES, WIDTH - 90.0) };
        drawing.text("end", (NAMES - 10.0, top + STRIP + 4.0), &row.title());
        for (strip, mode) in Mode::TURNS.into_iter().enumerate() {
            let y = top + STRIP * (strip as f64 + 0.5);
            drawing.line("grid", (NAMES, y), (WIDTH - 90.0, y));
            let Some(summary) = row.summaries.of(mode) else { continue };
            for run in counted(mode) {
                let outlier = summary.outliers.contains(&run.round.number);
                let class = format!("{}{}", if outlier { "outlier " } else { "" }, mode.short());
                let text = format!("{mode}, run {}: {}", run.round.number, units::time(run.wall_s));
                drawing.dot(&class, (axis.at(run.wall_s), y), &text);
            }
            let x = axis.at(summary.wall_s.median);
            drawing.line(&format!("median {}", mode.short()), (x, y - 8.0), (x, y + 8.0));
            let time = units::time(summary.wall_s.median);
            drawing.text("start", (WIDTH - 80.0, y + 4.0), &time);
        }
    }
    drawing.finish("wall time of every run, for each row and mode")
}

fn extremes(figures: impl Iterator<Item = f64>) -> (f64, f64) {
    let (least, most) = figures.fold((f64::INFINITY, 0.0_f64), |(least, most), figure| {
        (least.min(figure), most.max(figure))
    });
    if least.is_finite() { (least, most) } else { (0.0, 1.0) }
}

/// Without the digits that the computer adds.
fn round(figure: f64) -> f64 {
    (figure * 1e6).round() / 1e6
}
