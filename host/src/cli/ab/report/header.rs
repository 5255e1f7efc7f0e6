//! The lines above the tables: what was measured, where, and how.

use super::super::mode::Mode;
use super::super::subject::Subject;
use super::Report;
use super::grid::{Align, Grid, HEADING, WRONG, styled};

/// Title, machine, binaries, and order of the runs.
pub(super) fn render(report: &Report) -> String {
    let mut text = styled(&format!("togil ab: {}", title(report)), HEADING) + "\n";
    let mut grid = Grid::new(vec![Align::Left, Align::Left]);
    let mut line = |name: &str, value: String| grid.row(vec![name.into(), value.into()]);
    line("machine", machine(report));
    for mode in Mode::TURNS {
        let binary = report.binaries.of(mode);
        line(&mode.to_string(), format!("togil {}, {}", binary.version, binary.path.display()));
    }
    line("runs", runs(report));
    text += &grid.render();
    if let Some(reason) = report.incomplete() {
        let notice = format!("INCOMPLETE ({reason}): only what was measured until then is shown.");
        text += &(styled(&notice, WRONG) + "\n");
    }
    text
}

fn title(report: &Report) -> String {
    match &report.subject {
        Subject::Script { path, args, .. } => {
            let args = args.iter().map(|arg| arg.to_string_lossy());
            std::iter::once(path.to_string_lossy()).chain(args).collect::<Vec<_>>().join(" ")
        }
        Subject::Bundled { scale, .. } => format!("bundled workloads, scale {scale}"),
    }
}

fn machine(report: &Report) -> String {
    let machine = &report.machine;
    let cores = format!("{} {}", machine.cores, if machine.cores == 1 { "core" } else { "cores" });
    let load = machine.load_average.map(|load| format!("load {load:.2}"));
    let parts = [machine.cpu.clone(), Some(cores), load, machine.kernel.clone()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn runs(report: &Report) -> String {
    let Report { runs, warmup, limit, .. } = report;
    let [first, second] = Mode::TURNS;
    format!(
        "{runs} of each mode after {warmup} to warm up, in turn ({first}, {second}, {first}, ...), at most {} s each",
        limit.as_secs_f64()
    )
}
