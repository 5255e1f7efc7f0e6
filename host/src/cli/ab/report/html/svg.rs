//! A drawing: a few shapes on a plane, with axes.

use std::fmt::Write as _;

use super::escaped;

/// Writes SVG. Coordinates are pixels, from the upper left corner.
#[derive(Debug)]
pub(super) struct Drawing {
    width: f64,
    height: f64,
    shapes: String,
}

impl Drawing {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Drawing { width, height, shapes: String::new() }
    }

    fn add(&mut self, shape: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.shapes.write_fmt(shape);
        self.shapes.push('\n');
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.add(format_args!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    pub(super) fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        self.add(format_args!("<polyline class=\"{class}\" points=\"{}\"/>", points.join(" ")));
    }

    pub(super) fn rectangle(&mut self, class: &str, at: (f64, f64), size: (f64, f64)) {
        let ((x, y), (width, height)) = (at, size);
        self.add(format_args!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            width.max(0.0),
            height.max(0.0)
        ));
    }

    /// A dot, with a text that is shown when one points at it.
    pub(super) fn dot(&mut self, class: &str, at: (f64, f64), text: &str) {
        let (x, y) = at;
        self.add(format_args!(
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"><title>{}</title></circle>",
            escaped(text)
        ));
    }

    /// Text whose `class` says on which side of the place it is: `start`, `middle`, `end`.
    pub(super) fn text(&mut self, class: &str, at: (f64, f64), text: &str) {
        let (x, y) = at;
        self.add(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
            escaped(text)
        ));
    }

    /// The element. `description` is for those who cannot see it.
    pub(super) fn finish(self, description: &str) -> String {
        let Drawing { width, height, shapes } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n<title>{}</title>\n{shapes}</svg>",
            escaped(description)
        )
    }
}

/// Where figures are on an axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    /// The figures at both ends.
    pub(super) figures: (f64, f64),
    /// The pixels at both ends.
    pub(super) pixels: (f64, f64),
}

impl Axis {
    pub(super) fn at(&self, figure: f64) -> f64 {
        let (from, to) = self.figures;
        let (start, end) = self.pixels;
        let share = if to > from { (figure - from) / (to - from) } else { 0.0 };
        start + share.clamp(0.0, 1.0) * (end - start)
    }

    /// Round figures on it, 4 to 10 of them.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let (from, to) = self.figures;
        if to <= from {
            return vec![from];
        }
        let rough = (to - from) / 5.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|factor| factor * power)
            .into_iter()
            .find(|step| *step >= rough)
            .unwrap_or(rough);
        let first = (from / step).ceil() as i64;
        let last = (to / step + 1e-9).floor() as i64;
        (first..=last).map(|tick| tick as f64 * step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let ticks = |from, to| {
            let ticks = Axis { figures: (from, to), pixels: (0.0, 1.0) }.ticks();
            ticks.into_iter().map(|tick| (tick * 1e6).round() / 1e6).collect::<Vec<_>>()
        };
        assert_eq!(ticks(0.0, 2.0), [0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(ticks(0.7, 1.3), [0.8, 1.0, 1.2]);
        assert_eq!(ticks(1.0, 1.0), [1.0]);
    }

    #[test]
    fn figures_have_their_place() {
        let axis = Axis { figures: (0.0, 4.0), pixels: (100.0, 300.0) };
        assert_eq!(
            [0.0, 1.0, 4.0, 9.0].map(|figure| axis.at(figure)),
            [100.0, 150.0, 300.0, 300.0]
        );
    }
}
