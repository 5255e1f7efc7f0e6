//! A plug-in host: Rust types that plug-ins written in Python use as classes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use togil::{Class, ExceptionClass, Function, Host, Job, Module, Output, Session};

/// What the app owns and the plug-ins work on.
#[derive(Default)]
struct Document {
    title: String,
    lines: Vec<String>,
    undo: Vec<Vec<String>>,
}

impl Document {
    fn edit(&mut self, change: impl FnOnce(&mut Vec<String>)) {
        self.undo.push(self.lines.clone());
        change(&mut self.lines);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("there is no line {number}; the document has {lines}")]
struct NoSuchLine {
    number: usize,
    lines: usize,
}

fn document_class() -> Class<Document> {
    Class::<Document>::builder("Document")
        .doc("A text that plug-ins may edit.")
        .init(Function::builder("__init__").arg("title"), |(title,): (String,)| Document {
            title,
            ..Document::default()
        })
        .property_mut("title", |this| this.title.clone(), |this, title: String| this.title = title)
        .method_mut(
            Function::builder("append").doc("Adds a line.").arg("text"),
            |this, (text,): (String,)| {
                this.edit(|lines| lines.push(text));
            },
        )
        .method_mut(Function::builder("undo").doc("Takes the last edit back."), |this, ()| {
            this.undo.pop().map(|lines| this.lines = lines).is_some()
        })
        .method(
            Function::builder("line").arg("number").raises(ExceptionClass::IndexError),
            |this, (number,): (usize,)| {
                let line = this.lines.get(number).cloned();
                line.ok_or(NoSuchLine { number, lines: this.lines.len() })
            },
        )
        .len(|this| this.lines.len())
        .iter(|this| this.lines.clone().into_iter())
        .repr(|this| format!("<Document {:?}, {} lines>", this.title, this.lines.len()))
        .build()
}

const PLUGIN: &str = "
import editor

class Report(editor.Document):
    def heading(self, text):
        self.append(text)
        self.append('=' * len(text))

@editor.command('report')
def make_report(name):
    report = Report(f'About {name}')
    report.heading(report.title)
    report.append('to be undone')
    report.undo()
    try:
        report.line(99)
    except IndexError as error:
        report.append(f'caught: {error}')
    return list(report)
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let commands = Arc::new(Mutex::new(BTreeMap::new()));
    let registry = commands.clone();
    // A decorator: gets the function, keeps it, gives it back.
    let register = Function::builder("register").arg("name").arg("function").build(
        move |(name, function): (String, togil::PyHandle)| {
            registry.lock().unwrap_or_else(PoisonError::into_inner).insert(name, function.clone());
            function
        },
    );
    let module = Module::builder("editor")
        .doc("What the editor lends to its plug-ins.")
        .class(document_class())
        .function(register)
        .value("VERSION", "1.0")
        .build()?;
    let host = Host::builder().workers(1).module(module).build()?;
    let session = Session::new();
    host.exec(
        "import editor, functools\n\
         editor.command = lambda name: functools.partial(editor.register, name)",
    )?;
    host.run(Job::exec(PLUGIN).session(&session).name("report plug-in"))?;

    let command = commands.lock().unwrap_or_else(PoisonError::into_inner).get("report").cloned();
    let command = command.ok_or("the plug-in did not register its command")?;
    let lines: Vec<String> = host.run(Job::call(command, ("togil",)))?;
    lines.iter().for_each(|line| println!("{line}"));
    let job = Job::exec("import editor, pydoc; pydoc.help(editor.Document.append)")
        .output(Output::Capture);
    let (result, output) = host.spawn(job).join_with_output();
    result?;
    print!("{}", output.stdout);
    // The classes must not outlive the interpreter they belong to.
    commands.lock().unwrap_or_else(PoisonError::into_inner).clear();
    Ok(())
}
