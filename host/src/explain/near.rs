//! What may have been meant by a name that nobody knows.

/// The names that are like `wanted`, the closest first, at most three. Case, `-` and `_` count less than
/// other letters.
pub(super) fn close_to<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let allowed = match wanted.chars().count() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    let plain = plain(wanted);
    let mut close: Vec<(usize, &str)> = known
        .into_iter()
        .filter(|name| *name != wanted)
        .filter_map(|name| {
            let far = distance(&plain, &self::plain(name));
            (far <= allowed).then_some((far, name))
        })
        .collect();
    close.sort_unstable();
    close.dedup();
    close.into_iter().map(|(_, name)| name).take(3).collect()
}

fn plain(name: &str) -> Vec<char> {
    name.to_lowercase().replace('-', "_").chars().collect()
}

/// How many letters must be put in, left out, replaced, or swapped with the next one: the optimal string
/// alignment distance (F. J. Damerau, CACM 7(3), 1964).
fn distance(a: &[char], b: &[char]) -> usize {
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let width = b.len() + 1;
    let mut rows = vec![0; (a.len() + 1) * width];
    for i in 0..=a.len() {
        for j in 0..width {
            rows[i * width + j] = if i == 0 || j == 0 {
                i + j
            } else {
                let changed = usize::from(a[i - 1] != b[j - 1]);
                let at = |i: usize, j: usize| rows[i * width + j];
                let mut least =
                    (at(i - 1, j) + 1).min(at(i, j - 1) + 1).min(at(i - 1, j - 1) + changed);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(at(i - 2, j - 2) + 1);
                }
                least
            };
        }
    }
    rows[a.len() * width + b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_more_less_other_or_swapped_is_close() {
        let known = ["requests", "request", "json", "re"];
        assert_eq!(close_to("reqeusts", known), ["requests", "request"]);
        assert_eq!(close_to("jsn", known), ["json"]);
        assert_eq!(close_to("JSON", known), ["json"]);
        assert_eq!(close_to("my-module", ["my_module"]), ["my_module"]);
    }

    #[test]
    fn short_names_are_like_nothing_but_themselves() {
        assert!(close_to("os", ["io", "re", "so"]).is_empty());
        assert!(close_to("numpy", ["json", "typing"]).is_empty());
    }
}
