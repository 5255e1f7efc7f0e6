//! The list of models.

use super::super::judge::Judged;
use super::super::text;
use super::{STYLE, badge};
use crate::cli::html::{document, escaped};
use crate::race::GilVerdict;

/// The document. `names`: the files of the models' pages.
pub(super) fn render(file: &str, reports: &[Judged], names: &[Option<String>]) -> String {
    let title = format!("togil race: {file}");
    let bad = reports.iter().filter(|report| report.is_bad()).count();
    let left = reports.iter().filter(|report| !report.counts()).count();
    let mut said = match (bad, reports.len()) {
        (0, count) => format!("{} explored, nothing found", models(count)),
        (bad, count) => format!("{bad} of {} can go wrong", models(count)),
    };
    if left > 0 {
        said += &format!("; {left} known or suppressed");
    }
    let rows: String = reports.iter().zip(names).map(|(report, name)| row(report, name)).collect();
    let body = format!(
        "<main>\n<h1>{}</h1>\n<p>{said}. {}</p>\n\
         <div class=\"wide\" role=\"region\" aria-label=\"Models\" tabindex=\"0\"><table class=\"models\">\n\
         <thead><tr><th scope=\"col\">verdict</th><th scope=\"col\">model</th>\
         <th scope=\"col\" class=\"figure\">executions</th><th scope=\"col\" class=\"figure\">time</th>\
         <th scope=\"col\">with the GIL</th><th scope=\"col\">what was found</th></tr></thead>\n\
         <tbody>\n{rows}</tbody></table></div>\n<footer>togil {}</footer>\n</main>\n",
        escaped(&title),
        searched(reports),
        env!("CARGO_PKG_VERSION"),
    );
    document(&title, STYLE, &body)
}

fn models(count: usize) -> String {
    if count == 1 { "1 model".to_owned() } else { format!("{count} models") }
}

fn searched(reports: &[Judged]) -> String {
    let granularity = reports.first().map_or("", |report| report.granularity());
    format!(
        "Threads were switched {}.",
        match granularity {
            "free-threaded" => "between any two steps, as free-threaded Python may do",
            _ => "where CPython 3.14 with its GIL may do so",
        }
    )
}

fn row(report: &Judged, name: &Option<String>) -> String {
    let title = escaped(text::title(report));
    let model = match name {
        Some(name) => format!("<a href=\"{}\">{title}</a>", escaped(name)),
        None => title,
    };
    let gil = report.finding.as_ref().and_then(|finding| finding.gil.as_ref());
    let gil = match gil {
        Some(GilVerdict::Hidden { .. }) => "hidden",
        Some(GilVerdict::Possible { .. }) => "possible, too",
        Some(GilVerdict::NotFound { .. }) => "not found",
        None => "",
    };
    let found = text::dismissed(report).unwrap_or_else(|| match &report.finding {
        Some(finding) => text::told(&finding.end, &finding.witness).join("; "),
        None => outcomes(report),
    });
    format!(
        "<tr><td>{}</td><th scope=\"row\">{model}</th><td class=\"figure\">{}</td>\
         <td class=\"figure\">{:.2} s</td><td>{gil}</td><td class=\"long\">{}</td></tr>\n",
        badge(report),
        report.executions,
        report.elapsed.as_secs_f64(),
        escaped(&found),
    )
}

/// What the model returned, where it returned something.
fn outcomes(report: &Judged) -> String {
    if report.outcomes.keys().all(|outcome| outcome == "None") {
        return String::new();
    }
    let all = report.outcomes.keys().map(String::as_str);
    format!("comes to {}", all.collect::<Vec<_>>().join(" or "))
}
