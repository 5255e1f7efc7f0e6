//! The page of one finding.

use super::super::judge::Judged;
use super::super::source::Sources;
use super::super::text;
use super::lanes::{self, Last};
use super::{STYLE, badge};
use crate::cli::html::{document, escaped};
use crate::race::{End, Finding, GilVerdict, REPLAYS, Witness, line, place};

/// The document.
/// `target`: what names the models on the command line.
pub(super) fn render(
    target: &str,
    report: &Judged,
    finding: &Finding,
    sources: &mut Sources,
) -> String {
    let model = text::title(report);
    let said = text::told(&finding.end, &finding.witness);
    let said: String = said.iter().map(|said| format!("<p>{}</p>\n", escaped(said))).collect();
    let dismissed = text::dismissed(report);
    let dismissed =
        dismissed.map(|reason| format!("<p class=\"warning\">{}</p>\n", escaped(&reason)));
    let mut body = format!(
        "<a class=\"skip\" href=\"#steps\">To the steps</a>\n\
         <nav><a href=\"index.html\">All models of {}</a></nav>\n<main>\n\
         <h1>{} {}</h1>\n{}<div class=\"said\">\n{said}</div>\n{}",
        escaped(&report.target),
        badge(report),
        escaped(model),
        dismissed.unwrap_or_default(),
        facts(report, finding),
    );
    let drawing = lanes::Drawing {
        witness: &finding.witness,
        last: &last(&finding.end, &finding.witness),
        prefix: "s",
        label: &format!("The steps, {}", report.granularity()),
    };
    body += &format!(
        "<section id=\"steps\">\n<h2>What happens, {}</h2>\n{}{}</section>\n",
        report.granularity(),
        lanes::LEGEND,
        drawing.render(sources)
    );
    body += &with_gil(finding, sources);
    if let End::Failed(failure) = &finding.end {
        body += &format!(
            "<section>\n<h2>Traceback</h2>\n\
             <pre class=\"wide\" tabindex=\"0\" aria-label=\"Traceback\">{}</pre>\n</section>\n",
            escaped(failure.traceback.trim_end())
        );
    }
    let command = format!("togil race --replay {} {target}", finding.token);
    body += &format!(
        "<section>\n<h2>Run it again</h2>\n<p>The token has the order of the steps; after an edit it is \
         followed as long as it fits.</p>\n<pre class=\"command\" tabindex=\"0\" \
         aria-label=\"Command line\">{}</pre>\n</section>\n</main>\n",
        escaped(&command)
    );
    document(&format!("{} {model}", text::word(report.verdict)), STYLE, &body)
}

/// What the answer stands on.
fn facts(report: &Judged, finding: &Finding) -> String {
    let seconds = report.elapsed.as_secs_f64();
    let plural = if report.executions == 1 { "" } else { "s" };
    let found = format!("in {} execution{plural}, {seconds:.2} s", report.executions);
    let mut facts = vec![("found", found)];
    if let Some(gil) = &finding.gil {
        facts.push(("with the GIL", text::with_gil(gil)));
    }
    if let Some(preemptions) = finding.preemptions {
        let fewest = if finding.is_fewest { ", the fewest that show it" } else { "" };
        facts.push(("preemptions", format!("{preemptions}{fewest}")));
    }
    facts.push(("replayed", match finding.replayed {
        REPLAYS => format!("{REPLAYS} times, always the same"),
        exact => format!(
            "not exact: {exact} of {REPLAYS} came to the same; the model depends on something besides \
             its schedule"
        ),
    }));
    let fact =
        |(name, value): (&str, String)| format!("<dt>{name}</dt><dd>{}</dd>\n", escaped(&value));
    format!("<dl>\n{}</dl>\n", facts.into_iter().map(fact).collect::<String>())
}

/// How threads end, or do not: below the last step of each.
fn last(end: &End, witness: &Witness) -> Vec<Last> {
    match end {
        End::Failed(failure) => vec![Last {
            thread: failure.thread.0 as usize,
            text: failure.message.clone(),
            place: None,
        }],
        End::Deadlock(blocked) | End::Livelock(blocked) => {
            let last = blocked.iter().map(|blocked| Last {
                thread: blocked.thread.0 as usize,
                text: text::waits(witness, blocked),
                place: line(blocked.site)
                    .map(|(file, line)| (place(blocked.site).unwrap_or_default(), file, line)),
            });
            last.collect()
        }
        _ => Vec::new(),
    }
}

fn with_gil(finding: &Finding, sources: &mut Sources) -> String {
    let Some(GilVerdict::Possible { witness, end, .. }) = &finding.gil else {
        return String::new();
    };
    let label = "The steps with CPython 3.14's GIL";
    let drawing = lanes::Drawing { witness, last: &last(end, witness), prefix: "g", label };
    format!(
        "<section id=\"gil\">\n<h2>What happens with CPython 3.14's GIL</h2>\n\
         <p>It goes wrong there, too, with switches only where that GIL is given up.</p>\n{}</section>\n",
        drawing.render(sources)
    )
}
