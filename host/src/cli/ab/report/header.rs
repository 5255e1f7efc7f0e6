//! The lines above the tables: what was measured, where, and how.

use super::super::arm::Arm;
use super::super::mode::Mode;
use super::super::plan::Runs;
use super::super::sample::Sample;
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
        line(&mode.to_string(), binary(report, mode));
    }
    for (name, what) in others(report) {
        line(&name, what);
    }
    line("runs", runs(report));
    text += &grid.render();
    if let Some(reason) = report.incomplete() {
        let notice = format!("INCOMPLETE ({reason}): only what was measured until then is shown.");
        text += &(styled(&notice, WRONG) + "\n");
    }
    text
}

/// The other programs, by their names: what they are, or why they cannot be run.
pub(super) fn others(report: &Report) -> impl Iterator<Item = (String, String)> {
    report.others.iter().map(|other| {
        let what = match &other.program {
            Ok(program) => format!("{}, {}", program.version, program.path.display()),
            Err(missing) => missing.missing.clone(),
        };
        (other.name.clone(), what)
    })
}

/// Version and place of a binary.
pub(super) fn binary(report: &Report, mode: Mode) -> String {
    let binary = report.binaries.of(mode);
    format!("togil {}, {}", binary.version, binary.path.display())
}

/// What was measured.
pub(super) fn title(report: &Report) -> String {
    match &report.subject {
        Subject::Workload { path, .. } => path.display().to_string(),
        Subject::Script { path, args, .. } => {
            let args = args.iter().map(|arg| arg.to_string_lossy());
            std::iter::once(path.to_string_lossy()).chain(args).collect::<Vec<_>>().join(" ")
        }
        Subject::Bundled { scale, groups, .. } if groups.is_empty() => {
            format!("bundled workloads, scale {scale}")
        }
        Subject::Bundled { scale, groups, .. } => {
            format!("bundled workloads ({}), scale {scale}", groups.join(", "))
        }
    }
}

/// Where it was measured.
pub(super) fn machine(report: &Report) -> String {
    let machine = &report.machine;
    let cores = format!("{} {}", machine.cores, if machine.cores == 1 { "core" } else { "cores" });
    let load = machine.load_average.map(|load| format!("load {load:.2}"));
    let governor = machine.governor.as_ref().map(|governor| format!("governor {governor}"));
    let rustc = Some(machine.rustc.to_owned());
    let parts = [machine.cpu.clone(), Some(cores), governor, load, machine.kernel.clone(), rustc];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How it was measured.
pub(super) fn runs(report: &Report) -> String {
    let Report { runs, warmup, limit, .. } = report;
    let runs = match runs {
        Runs::Count(runs) => format!("{runs} of each mode"),
        Runs::Budget(seconds) => {
            let of_gil = |run: &&Sample| run.arm == Arm::Mode(Mode::Gil);
            let counts = report.rows.iter().map(|row| row.samples.iter().filter(of_gil).count());
            let counts = counts.map(|count| count.saturating_sub(*warmup as usize));
            let (least, most) = (counts.clone().min().unwrap_or(0), counts.max().unwrap_or(0));
            let range = if least == most { most.to_string() } else { format!("{least} to {most}") };
            format!("{range} of each mode ({seconds} s for all rows)")
        }
    };
    let [first, second] = Mode::TURNS;
    format!(
        "{runs} after {warmup} to warm up, in turn ({first}, {second}, {second}, {first}, ...), at most {} s each",
        limit.as_secs_f64()
    )
}
