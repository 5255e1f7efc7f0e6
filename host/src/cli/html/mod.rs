//! What the reports have in common that are HTML files: each stands alone, without network and script.

/// Colours in light and dark, and how text and tables look.
const BASE: &str = include_str!("base.css");

/// A whole document. `title` is text, `style` and `body` are markup.
pub(super) fn document(title: &str, style: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>\n{BASE}{style}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

/// Text that is no markup, also between quotation marks; for XML 1.0, too.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(character),
            // Neither HTML nor XML lets them stand.
            control if control.is_control() => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}
