//! `togil ab --criterion`: what the primitives cost, by `cargo bench` in both modes, side by side.

mod estimates;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde::Serialize;

use self::estimates::{Estimate, read};
use super::builds;
use super::interrupt::{self, Interrupt};
use super::machine::Machine;
use super::mode::{ByMode, Mode};
use super::report::grid::{Align, Cell, FAINT, Grid, HEADING, styled};
use super::report::units::{self, NONE};

/// A benchmark in both modes.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Row {
    /// As criterion has it: `group/function/parameter`.
    id: String,
    /// Nothing where it was not run.
    #[serde(flatten)]
    estimates: ByMode<Option<Estimate>>,
}

impl Row {
    /// The time with the GIL over the time without.
    fn ratio(&self) -> Option<f64> {
        Some(self.estimates.gil?.nanoseconds / self.estimates.free?.nanoseconds)
    }

    /// Whether the intervals do not overlap.
    fn differs(&self) -> bool {
        let ByMode { gil: Some(gil), free: Some(free) } = self.estimates else { return false };
        gil.low > free.high || free.low > gil.high
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: Schema,
    machine: &'a Machine,
    benchmarks: &'a [Row],
}

#[derive(Serialize)]
struct Schema {
    name: &'static str,
    version: u32,
}

/// Runs the benchmarks whose ids contain `filter`, and prints them.
///
/// # Errors
///
/// When this program does not run from its source tree, or cargo fails.
pub(super) fn run(
    filter: Option<&str>,
    as_json: bool,
    interrupt: &Interrupt,
) -> anyhow::Result<ExitCode> {
    let machine = Machine::now();
    let Some(workspace) = builds::workspace()? else {
        bail!("--criterion needs togil's source tree: run `cargo ab --criterion` there");
    };
    let home = tempfile::tempdir()
        .context("can't create a directory for criterion; name one in TMPDIR")?;
    // One mode after the other: criterion itself says how sure each figure is.
    for mode in Mode::TURNS {
        workspace.bench(mode, filter, home.path())?;
        if let Some(signal) = interrupt.signal() {
            return Ok(ExitCode::from(interrupt::exit_status(signal)));
        }
    }
    let estimates = ByMode::each(|mode| read(&home.path().join(mode.to_string()))).transpose()?;
    let rows = side_by_side(&estimates);
    if rows.is_empty() {
        let which =
            filter.map(|filter| format!(" whose id contains '{filter}'")).unwrap_or_default();
        bail!("there is no benchmark{which}; `cargo bench-free -- --list` names them");
    }
    let text = match as_json {
        true => {
            let schema = Schema { name: "togil-ab-criterion", version: 1 };
            let document = Document { schema, machine: &machine, benchmarks: &rows };
            serde_json::to_string_pretty(&document).context("can't write the report as JSON")?
                + "\n"
        }
        false => render(&rows),
    };
    match anstream::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// All benchmarks, in the order of their ids.
fn side_by_side(estimates: &ByMode<Vec<(String, Estimate)>>) -> Vec<Row> {
    let mut ids: Vec<&String> =
        Mode::TURNS.iter().flat_map(|mode| estimates.of(*mode)).map(|(id, _)| id).collect();
    ids.sort_unstable();
    ids.dedup();
    let find = |mode: Mode, id: &str| {
        estimates.of(mode).iter().find(|(other, _)| other == id).map(|(_, estimate)| *estimate)
    };
    let row = |id: &String| Row { id: id.clone(), estimates: ByMode::each(|mode| find(mode, id)) };
    ids.into_iter().map(row).collect()
}

fn render(rows: &[Row]) -> String {
    let mut grid = Grid::new(vec![
        Align::Left,
        Align::Right,
        Align::Left,
        Align::Right,
        Align::Left,
        Align::Right,
        Align::Left,
    ]);
    let headings = ["benchmark", "gil", "95 % interval", "free", "95 % interval", "gil/free", ""];
    grid.row(headings.map(|heading| Cell::styled(heading, HEADING)).into());
    for row in rows {
        let [gil, free] = Mode::TURNS.map(|mode| *row.estimates.of(mode));
        let or_none = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
        let time = |of: Option<Estimate>| or_none(of.map(|of| units::nanoseconds(of.nanoseconds)));
        let interval = |of: Option<Estimate>| {
            or_none(of.map(|of| {
                format!("{} to {}", units::nanoseconds(of.low), units::nanoseconds(of.high))
            }))
        };
        let overlap = !row.differs() && row.ratio().is_some();
        grid.row(vec![
            row.id.clone().into(),
            time(gil).into(),
            interval(gil).into(),
            time(free).into(),
            interval(free).into(),
            or_none(row.ratio().map(|ratio| format!("{ratio:.2}"))).into(),
            if overlap { "no difference".into() } else { "".into() },
        ]);
    }
    let legend = "Time of one operation; gil/free: above 1 free-threaded is faster. no difference: the intervals overlap.";
    format!("{}\n{}\n", grid.render(), styled(legend, FAINT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(nanoseconds: f64) -> Estimate {
        Estimate { nanoseconds, low: nanoseconds * 0.9, high: nanoseconds * 1.1 }
    }

    #[test]
    fn both_modes_are_in_one_line() {
        let of = |id: &str, ns: f64| (id.to_owned(), estimate(ns));
        let rows = side_by_side(&ByMode {
            gil: vec![of("b", 3000.0), of("a", 105.0)],
            free: vec![of("a", 100.0), of("b", 1500.0), of("c", 2e6)],
        });
        let text = anstream::adapter::strip_str(&render(&rows)).to_string();
        let expected = "
  benchmark      gil  95 % interval          free  95 % interval       gil/free
  a           105 ns  94.5 ns to 116 ns    100 ns  90.0 ns to 110 ns       1.05  no difference
  b          3.00 µs  2.70 µs to 3.30 µs  1.50 µs  1.35 µs to 1.65 µs      2.00
  c                -  -                   2.00 ms  1.80 ms to 2.20 ms         -
";
        assert!(format!("\n{text}").starts_with(expected), "{text}");
        let json = serde_json::to_value(&rows[1]).unwrap();
        assert_eq!(json["gil"]["nanoseconds"], 3000.0);
    }
}
