//! Figures as people read them.

use super::super::statistics::Spread;

/// Stands for a figure that there is none of.
pub(in super::super) const NONE: &str = "-";

/// A unit of time and how to write a figure in it.
struct Unit {
    name: &'static str,
    /// How many of it are in a second.
    per_second: f64,
    digits: usize,
}

/// The unit in which `seconds` has three digits or so.
fn unit(seconds: f64) -> Unit {
    let (name, per_second, digits) = match seconds {
        100.0.. => ("s", 1.0, 0),
        10.0.. => ("s", 1.0, 1),
        1.0.. => ("s", 1.0, 2),
        0.1.. => ("ms", 1e3, 0),
        0.01.. => ("ms", 1e3, 1),
        0.001.. => ("ms", 1e3, 2),
        _ => ("µs", 1e6, 0),
    };
    Unit { name, per_second, digits }
}

/// Such as `1.23 s` or `45.6 ms`.
pub(in super::super) fn time(seconds: f64) -> String {
    let Unit { name, per_second, digits } = unit(seconds);
    format!("{:.digits$} {name}", seconds * per_second)
}

/// Such as `12.3 ns` or `4.56 µs`, of something short.
pub(in super::super) fn nanoseconds(time: f64) -> String {
    let (name, of_it) = match time {
        1e9.. => ("s", 1e9),
        1e6.. => ("ms", 1e6),
        1e3.. => ("µs", 1e3),
        _ => ("ns", 1.0),
    };
    let figure = time / of_it;
    let digits = match figure {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{figure:.digits$} {name}")
}

/// Such as `1.23 s [1.20 to 1.30]`: the median, the least and the greatest time.
pub(in super::super) fn time_with_range(seconds: &Spread) -> String {
    let Unit { name, per_second, digits } = unit(seconds.median);
    let [median, min, max] =
        [seconds.median, seconds.min, seconds.max].map(|figure| figure * per_second);
    format!("{median:.digits$} {name} [{min:.digits$} to {max:.digits$}]")
}

/// Such as `12.3 MiB`.
pub(in super::super) fn memory(bytes: f64) -> String {
    format!("{:.1} MiB", bytes / f64::from(1 << 20))
}

/// A share of 1 in percent, such as `47 %`.
pub(in super::super) fn share(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A bar of at most `width` characters, full where `share` is 1.
pub(in super::super) fn bar(share: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    // So that a short time still shows.
    let eighths = eighths.max(1);
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_or_so() {
        let times = [123.4, 12.34, 1.234, 0.1234, 0.01234, 0.001_234, 0.000_123].map(time);
        assert_eq!(times, ["123 s", "12.3 s", "1.23 s", "123 ms", "12.3 ms", "1.23 ms", "123 µs"]);
        let spread = Spread { median: 1.0, min: 0.9, max: 10.0 };
        assert_eq!(time_with_range(&spread), "1.00 s [0.90 to 10.00]");
    }

    #[test]
    fn bars_are_drawn_in_eighths() {
        assert_eq!(bar(1.0, 2), "██");
        assert_eq!(bar(0.75, 2), "█▌");
        assert_eq!(bar(0.0, 2), "▏");
        assert_eq!(bar(7.0, 1), "█");
    }

    #[test]
    fn other_figures() {
        assert_eq!(memory(12.3 * 1024.0 * 1024.0), "12.3 MiB");
        assert_eq!(share(0.474), "47 %");
    }
}
