//! The pages of `togil race --html`, as a real browser shows them. Chromium is not something that a
//! newcomer has to have, so without it there is nothing to look with and the tests say so.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::togil;

/// Names and values that would be markup, locks held together, and a text that has to be wrapped.
const MODELS: &str = r#"
import threading
class Box: pass
def together(*functions):
    threads = [threading.Thread(target=f, name=f"<b>worker & \"{i}\"</b>") for i, f in enumerate(functions)]
    for t in threads: t.start()
    for t in threads: t.join()
def race_markup():
    first, second, box = threading.Lock(), threading.RLock(), Box()
    box.n, box.text = 0, '<script>document.title = "owned"</script>'
    def one():
        with first:
            with second: box.n = box.n + 1  # <i>
        box.text = box.text
    def two():
        with second: box.n = box.n + 1
        box.text = box.text + 'a_text_without_a_space_that_is_longer_than_the_column_in_which_it_stands_and_so_on_and_on'
        box.n = box.n + 1
    together(one, two)
    assert box.n == 3, "</pre><script>document.title = 'owned'</script>"
def race_deadlock():
    first, second = threading.Lock(), threading.Lock()
    def one(a, b):
        with a:
            with b: pass
    together(lambda: one(first, second), lambda: one(second, first))
def race_fine():
    return 1
"#;

/// Without connections to anywhere, and without anybody at the screen.
const OPTIONS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
];

/// Measures the page, and leaves what it has seen where `--dump-dom` shows it.
const LOOK: &str = r##"<script>
const seen = { errors: [], clipped: [], small: [], apart: [] };
addEventListener("error", event => seen.errors.push(String(event.message)));
addEventListener("load", () => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const drawings = all(".steps");
  seen.title = document.title;
  seen.width = [document.documentElement.scrollWidth, document.documentElement.clientWidth];
  seen.regions = all(".wide").map(wide => [wide.scrollWidth, wide.clientWidth]);
  seen.lanes = drawings.map(drawing => all(".head.lane", drawing).length);
  seen.rows = drawings.map(drawing => all(".row", drawing).length - 1);
  seen.dots = drawings.map(drawing => all("i.dot", drawing).length);
  seen.lines = drawings.map(drawing => all("i.conflict", drawing).length);
  seen.held = drawings.map(drawing => all("i.held", drawing).length);
  seen.text = drawings.map(drawing => drawing.innerText);
  for (const cell of all(".step, .source, .head, .number, td, th, h1, dd, .command")) {
    const box = cell.getBoundingClientRect();
    if (cell.scrollWidth > cell.clientWidth + 1 || cell.scrollHeight > cell.clientHeight + 1)
      if (!cell.querySelector(".unseen")) seen.clipped.push(cell.innerText);
    if (box.width < 20 || box.height < 15) seen.small.push(cell.innerText);
  }
  // A line ends at the dots that it joins, and a dot is in the row of its step.
  const middle = element => {
    const box = element.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  };
  for (const drawing of drawings) {
    const dots = all("i.dot", drawing).map(middle);
    for (const line of all("i.conflict", drawing)) {
      const box = line.getBoundingClientRect();
      const ends = [line.classList.contains("right") ? [box.right, box.bottom] : [box.right, box.top]];
      for (const [x, y] of ends)
        if (!dots.some(dot => Math.hypot(dot[0] - x, dot[1] - y) < 3)) seen.apart.push([x, y]);
    }
    all(".row .step:not(.last)", drawing).forEach((step, row) => {
      const box = step.getBoundingClientRect();
      if (dots[row][1] < box.top || dots[row][1] > box.bottom) seen.apart.push(step.innerText);
      if (dots[row][0] < box.left || dots[row][0] > box.right) seen.apart.push(step.innerText);
    });
  }
  const missing = all("a[href^='#']").filter(a => !document.querySelector(a.getAttribute("href")));
  seen.missing = missing.map(a => a.getAttribute("href"));
  seen.focus = all(".wide, pre").filter(element => element.tabIndex < 0).length;
  document.body.dataset.seen = JSON.stringify(seen);
});
</script>"##;

fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path)
        .flat_map(|directory| names.map(|name| directory.join(name)))
        .find(|candidate| candidate.is_file())
}

/// What the browser has seen of a page.
fn look(chromium: &Path, directory: &Path, page: &str, width: u32) -> Value {
    let text = std::fs::read_to_string(directory.join(page)).expect("a page");
    let file = directory.join(format!("look-{page}"));
    std::fs::write(&file, text.replacen("<head>", &format!("<head>{LOOK}"), 1)).expect("a file");
    let output = Command::new(chromium)
        .args(OPTIONS)
        .arg(format!("--window-size={width},1000"))
        .arg(format!("--user-data-dir={}", directory.join("profile").display()))
        .arg("--dump-dom")
        .arg(format!("file://{}", file.display()))
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    assert!(!log.contains(":CONSOLE"), "{page}: {log}");
    let dom = String::from_utf8_lossy(&output.stdout);
    let seen = dom.split("data-seen=\"").nth(1).and_then(|rest| rest.split_once('"'));
    let seen = seen.unwrap_or_else(|| panic!("{page}: nothing was measured: {log}")).0;
    let seen = seen.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">");
    serde_json::from_str(&seen.replace("&nbsp;", " ").replace("&amp;", "&")).expect("JSON")
}

/// That nothing is wrong which can be wrong with any page.
#[track_caller]
fn is_sound(page: &str, seen: &Value) {
    for nothing in ["errors", "clipped", "small", "apart", "missing"] {
        assert_eq!(seen[nothing], serde_json::json!([]), "{page}: {nothing} of {seen:#}");
    }
    assert_eq!(seen["focus"], 0, "{page}: what scrolls can be reached by keys");
    assert_ne!(seen["title"], "owned", "{page}");
    assert_eq!(seen["width"][0], seen["width"][1], "{page}: too wide");
    for region in seen["regions"].as_array().expect("regions") {
        assert_eq!(region[0], region[1], "{page}: a drawing of three threads fits 1280 pixels");
    }
}

#[test]
fn a_browser_shows_the_steps_in_lanes() {
    let Some(chromium) = chromium() else {
        eprintln!("no chromium on PATH: the pages were not looked at");
        return;
    };
    let run =
        togil(["race"]).file("models.py", MODELS).args(["models.py", "--html", "pages", "--json"]);
    let output = run.output().exits(1);
    let document: Value = serde_json::from_str(&output.stdout).expect("JSON");
    let directory = tempfile::tempdir().expect("a directory");
    for page in ["index.html", "race_markup.html", "race_deadlock.html"] {
        std::fs::write(directory.path().join(page), output.read(&format!("pages/{page}")))
            .expect("a copy");
    }
    let look = |page: &str, width: u32| {
        let seen = look(&chromium, directory.path(), page, width);
        is_sound(page, &seen);
        seen
    };
    look("index.html", 1280);

    let seen = look("race_markup.html", 1280);
    let witness = &document["models"][0]["finding"]["witness"];
    let steps = witness["steps"].as_array().expect("steps");
    assert_eq!(seen["lanes"][0], 3);
    assert_eq!(seen["dots"][0], steps.len());
    assert_eq!(seen["rows"][0], steps.len() + 1, "and the exception");
    let lines: usize =
        steps.iter().map(|step| step["conflicts_with"].as_array().expect("rows").len()).sum();
    assert!(lines > 0 && seen["lines"][0] == lines, "{lines}: {seen:#}");
    let taken =
        |step: &&Value| step["operation"].as_str().is_some_and(|what| what.starts_with("acquire"));
    assert_eq!(seen["held"][0], steps.iter().filter(taken).count());
    let text = seen["text"][0].as_str().expect("text");
    for said in [
        "<b>worker & \"0\"</b>",
        "with second: box.n = box.n + 1  # <i>",
        "= 0",
        "= '<script>document.title",
        "AssertionError",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }

    // A4 in landscape, in the browser's pixels.
    let printed = output.read("pages/race_markup.html").replace("@media print", "@media screen");
    std::fs::write(directory.path().join("printed.html"), printed).expect("a copy");
    assert_eq!(look("printed.html", 1030)["dots"], seen["dots"]);

    let seen = look("race_deadlock.html", 1280);
    assert_eq!(seen["lanes"], serde_json::json!([3, 3]), "free-threaded, and with the GIL");
    let text = seen["text"][0].as_str().expect("text");
    assert!(text.contains("waits for a lock that <b>worker & \"1\"</b> has"), "{text}");
}
