//! A profile for <https://www.speedscope.app>, whose format is described in
//! <https://www.speedscope.app/file-format-schema.json>.

use std::collections::HashMap;
use std::io;

use serde::Serialize;

use super::folded::Stack;

const SCHEMA: &str = "https://www.speedscope.app/file-format-schema.json";

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    name: &'a str,
    exporter: &'static str,
    shared: Shared<'a>,
    profiles: Vec<Profile<'a>>,
}

#[derive(Serialize)]
struct Shared<'a> {
    frames: Vec<Frame<'a>>,
}

#[derive(Serialize)]
struct Frame<'a> {
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Profile<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    unit: &'static str,
    start_value: u64,
    end_value: u64,
    samples: Vec<Vec<usize>>,
    weights: Vec<u64>,
}

/// A profile for each activity, the one that took most time first.
///
/// # Errors
/// None that a string can cause.
pub(in crate::cli) fn render(name: &str, stacks: &[Stack]) -> io::Result<String> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut frames = Vec::new();
    let mut profiles: Vec<Profile<'_>> = Vec::new();
    for stack in stacks {
        let mut number = |frame| {
            *numbers.entry(frame).or_insert_with(|| {
                frames.push(Frame { name: frame });
                frames.len() - 1
            })
        };
        let sample = stack.frames.iter().map(|frame| number(frame.as_str())).collect();
        let place = profiles.iter().position(|profile| profile.name == stack.activity);
        let place = place.unwrap_or_else(|| {
            profiles.push(empty(&stack.activity));
            profiles.len() - 1
        });
        let profile = &mut profiles[place];
        profile.samples.push(sample);
        profile.weights.push(stack.milliseconds);
        profile.end_value += stack.milliseconds;
    }
    profiles.sort_by_key(|profile| std::cmp::Reverse(profile.end_value));
    let exporter = concat!("togil ", env!("CARGO_PKG_VERSION"));
    let document = Document { schema: SCHEMA, name, exporter, shared: Shared { frames }, profiles };
    Ok(serde_json::to_string(&document)? + "\n")
}

fn empty(activity: &str) -> Profile<'_> {
    Profile {
        kind: "sampled",
        name: activity,
        unit: "milliseconds",
        start_value: 0,
        end_value: 0,
        samples: Vec::new(),
        weights: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::folded::tests::stack;
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn each_activity_is_a_profile_over_shared_frames() {
        let stacks = [
            stack(&["m", "f"], "running", 5),
            stack(&["m", "g"], "blocked", 9),
            stack(&["m"], "running", 1),
        ];
        let text = render("a.py", &stacks).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["shared"]["frames"], json!([{"name":"m"}, {"name":"f"}, {"name":"g"}]));
        let [blocked, running] = [&document["profiles"][0], &document["profiles"][1]];
        assert_eq!(blocked["name"], "blocked");
        assert_eq!(running["samples"], json!([[0, 1], [0]]));
        assert_eq!((&running["weights"], &running["endValue"]), (&json!([5, 1]), &json!(6)));
        assert_eq!(running["type"], "sampled");
    }
}
