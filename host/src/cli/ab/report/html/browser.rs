//! Looks at the page in a real browser, where there is one. Chromium is not something that a newcomer
//! has to have, so without it there is nothing to look with and the test says so.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::super::explain::{Explanation, Timeline, Track};
use super::super::super::mode::Mode;
use super::super::super::results::tests::{crashed, result};
use super::super::tests::report;

/// Without connections to anywhere, and without anybody at the screen.
const OPTIONS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

fn chromium() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    env::split_paths(&path)
        .flat_map(|directory| names.map(|name| directory.join(name)))
        .find(|candidate| candidate.is_file())
}

fn browse(chromium: &Path, directory: &Path, options: &[&str], page: &str) -> String {
    let file = directory.join("page.html");
    fs::write(&file, page).unwrap();
    let output = Command::new(chromium)
        .args(OPTIONS)
        .arg(format!("--user-data-dir={}", directory.join("profile").display()))
        .args(options)
        .arg(format!("file://{}", file.display()))
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The screenshot's size in pixels, and in bytes: an empty page compresses to next to nothing.
fn screenshot(chromium: &Path, directory: &Path, page: &str) -> ((u32, u32), usize) {
    browse(chromium, directory, &["--window-size=1000,1400", "--screenshot=shot.png"], page);
    let png = fs::read(directory.join("shot.png")).unwrap();
    assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    ((number(16), number(20)), png.len())
}

#[test]
fn the_page_is_seen_as_it_was_meant() {
    let Some(chromium) = chromium() else {
        eprintln!("no chromium on PATH: the page was not looked at");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let rows = vec![
        result("work.py", Some(1), &[(2.0, 2.1), (2.0, 2.0), (2.2, 2.0), (2.0, 2.0), (4.0, 2.0)]),
        result("work.py", Some(2), &[(2.0, 1.0); 5]),
        crashed("crash.py"),
    ];
    let page = super::render(&report(rows));

    // What the browser makes of it, after its own repairs, is what we wrote.
    let dom = browse(&chromium, directory.path(), &["--dump-dom"], &page);
    for (element, count) in [("<svg", 3), ("<circle", 35), ("<table", 1), ("<h2", 4)] {
        assert_eq!(page.matches(element).count(), count, "{element} in what we wrote");
        assert_eq!(dom.matches(element).count(), count, "{element} in what the browser read");
    }

    let (size, seen) = screenshot(&chromium, directory.path(), &page);
    assert_eq!(size, (1000, 1400));
    let hidden = page.replace("</style>", "svg * { visibility: hidden }</style>");
    let (_, without_plots) = screenshot(&chromium, directory.path(), &hidden);
    let hidden = page.replace("</style>", "body { visibility: hidden }</style>");
    let (_, empty) = screenshot(&chromium, directory.path(), &hidden);
    assert!(
        seen > without_plots + 5_000 && without_plots > empty + 5_000,
        "bytes with plots {seen}, without {without_plots}, of an empty page {empty}"
    );
}

/// Two threads that take turns for two seconds, and the same side by side in one.
fn timelines() -> Explanation {
    let track = |name: &str, spans: &[(f64, f64, &str)]| Track {
        name: name.to_owned(),
        spans: spans.iter().map(|&(start, end, what)| (start, end, what.to_owned())).collect(),
    };
    let wait = "waiting for the GIL";
    let first = [(0.0, 0.5, "running"), (0.5, 1.0, wait), (1.0, 1.5, "running")];
    let second = [(0.0, 0.5, wait), (0.5, 1.0, "running"), (1.5, 2.0, "running")];
    let gil = vec![track("<first>", &first), track("second", &second)];
    let whole = [(0.0, 1.0, "running")];
    let free = vec![track("<first>", &whole), track("second", &whole)];
    let timelines = vec![
        (Mode::Gil, Timeline { length_s: 2.0, tracks: gil }),
        (Mode::Free, Timeline { length_s: 1.0, tracks: free }),
    ];
    Explanation { timelines, ..Explanation::default() }
}

/// Leaves the strips as they are drawn where `--dump-dom` shows them: class, left and right in parts of the widest, row.
const MEASURE: &str = r##"<script>
addEventListener("load", () => {
  const title = [...document.querySelectorAll("h2")].find(h2 => h2.textContent.startsWith("Time-lines"));
  let plot = title;
  while (!plot.querySelector("rect")) plot = plot.nextElementSibling;
  const boxes = [...plot.querySelectorAll("rect")].map(rect => [rect, rect.getBoundingClientRect()]);
  const strips = boxes.filter(([, box]) => box.height > 12);
  const left = Math.min(...strips.map(([, box]) => box.left));
  const right = Math.max(...strips.map(([, box]) => box.right));
  const rows = [...new Set(strips.map(([, box]) => box.top))];
  const colours = new Set(strips.map(([rect]) => rect.getAttribute("class") + getComputedStyle(rect).fill));
  const place = x => Math.round(100 * (x - left) / (right - left));
  const seen = strips.map(([rect, box]) =>
    [rows.indexOf(box.top), rect.getAttribute("class"), place(box.left), place(box.right)].join(" "));
  document.body.dataset.seen = [colours.size, ...seen].join(";");
});
</script>"##;

#[test]
fn the_time_lines_are_seen_on_one_scale() {
    let Some(chromium) = chromium() else {
        eprintln!("no chromium on PATH: the page was not looked at");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let rows = vec![result("work.py", Some(2), &[(2.0, 1.0); 5])];
    let mut report = report(rows);
    report.explanations = vec![timelines()];
    let page = super::render(&report).replacen("<head>", &format!("<head>{MEASURE}"), 1);
    let dom =
        browse(&chromium, directory.path(), &["--window-size=1000,1400", "--dump-dom"], &page);
    let seen = dom.split("data-seen=\"").nth(1).and_then(|rest| rest.split_once('"'));
    let seen: Vec<&str> = seen.expect("it was measured").0.split(';').collect();
    let expected = [
        "2", // Colours: one for running, and one for waiting.
        "0 running 0 25",
        "0 waiting 25 50",
        "0 running 50 75",
        "1 waiting 0 25",
        "1 running 25 50",
        "1 running 75 100",
        "2 running 0 50",
        "3 running 0 50",
    ];
    assert_eq!(seen, expected);
    assert!(dom.contains("&lt;first&gt;") && !dom.contains("<first>"));
}
