//! JUnit XML, which every CI system reads: a test case for each model.

use std::fmt::Write;

use super::judge::Judged;
use crate::cli::html::escaped;

/// The whole document.
pub(super) fn document(file: &str, reports: &[Judged]) -> String {
    let failures = reports.iter().filter(|report| report.is_bad()).count();
    let skipped = reports.iter().filter(|report| !report.counts()).count();
    let seconds: f64 = reports.iter().map(|report| report.elapsed.as_secs_f64()).sum();
    let file = escaped(file);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuite name=\"togil race {file}\" tests=\"{}\" failures=\"{failures}\" \
         skipped=\"{skipped}\" time=\"{seconds:.3}\">\n",
        reports.len()
    );
    for report in reports {
        let (name, time) = (escaped(&report.model), report.elapsed.as_secs_f64());
        let target = escaped(&report.target);
        let _ =
            write!(text, "  <testcase classname=\"{target}\" name=\"{name}\" time=\"{time:.3}\">");
        if let Some(reason) = super::text::dismissed(report) {
            let _ = write!(text, "\n    <skipped message=\"{}\"/>\n  ", escaped(&reason));
        } else if report.is_bad() {
            let message = escaped(&super::text::summary(report));
            let whole = escaped(&super::text::plain(report));
            let kind = report.verdict.as_str();
            let _ = write!(
                text,
                "\n    <failure type=\"{kind}\" message=\"{message}\">{whole}</failure>\n  "
            );
        }
        text.push_str("</testcase>\n");
    }
    text.push_str("</testsuite>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_xml_forbids_is_replaced() {
        assert_eq!(escaped("a<b>&\"\u{1}\u{1b}\n"), "a&lt;b&gt;&amp;&quot;\u{fffd}\u{fffd}\n");
    }
}
