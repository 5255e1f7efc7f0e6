//! The table of scripts that were run with several numbers of threads.

use super::super::mode::Mode;
use super::super::scaling::Sweep;
use super::grid::{Align, Cell, FAINT, Grid, HEADING, styled};
use super::units::{self, NONE};

/// Nothing without such scripts.
pub(super) fn render(sweeps: &[Sweep]) -> Option<String> {
    if sweeps.is_empty() {
        return None;
    }
    let mut grid = Grid::new(vec![
        Align::Left,
        Align::Left,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Left,
    ]);
    let headings =
        ["scaling", "mode", "speed-up", "efficiency", "best with", "serial part", "more threads"];
    grid.row(headings.iter().map(|heading| Cell::styled(*heading, HEADING)).collect());
    for sweep in sweeps {
        for mode in Mode::TURNS {
            let Some(curve) = sweep.curves.of(mode) else { continue };
            let best = curve.points.iter().find(|point| point.threads == curve.best_threads);
            grid.row(vec![
                sweep.name.clone().into(),
                mode.to_string().into(),
                best.map_or(NONE.to_owned(), |point| format!("{:.2}x", point.speed_up)).into(),
                best.map_or(NONE.to_owned(), |point| units::share(point.efficiency)).into(),
                curve.best_threads.to_string().into(),
                units::share(curve.serial_fraction).into(),
                match curve.loses_at {
                    Some(threads) => format!("lose, from {threads} on").into(),
                    None => NONE.into(),
                },
            ]);
        }
    }
    let legend = [
        "speed-up and efficiency: with the best number of threads, against the least number.",
        "serial part: what more threads do not make shorter, by Amdahl's law fitted to all of them.",
    ];
    let legend: String = legend.iter().map(|line| styled(line, FAINT) + "\n").collect();
    Some(format!("{}\n{legend}", grid.render()))
}

#[cfg(test)]
mod tests {
    use super::super::super::results::tests::result;
    use super::super::super::scaling::sweeps;
    use super::*;

    #[test]
    fn a_line_for_each_mode() {
        let walls = [(1.0, 1.0), (1.0, 0.5), (1.2, 0.6)];
        let rows: Vec<_> = [1, 2, 4]
            .iter()
            .zip(walls)
            .map(|(threads, walls)| result("a", Some(*threads), &[walls; 5]))
            .collect();
        let text = render(&sweeps(&rows)).unwrap();
        let text = anstream::adapter::strip_str(&text).to_string();
        let expected = "
  scaling  mode           speed-up  efficiency  best with  serial part  more threads
  a        gil               1.00x       100 %          1        100 %  lose, from 4 on
  a        free-threaded     2.00x       100 %          2         37 %  lose, from 4 on
";
        assert_eq!(format!("\n{}", text.split("\n\n").next().unwrap()) + "\n", expected);
        assert_eq!(render(&sweeps(&rows[..1])), None);
    }
}
