//! An agent pipeline: calls of a model over HTTP, with parsing and an embedding between them. The
//! calls wait, the rest computes, so this is where the two lock modes differ least.

use std::time::{Duration, Instant};

use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use togil::{Host, Job};

const AGENT: &str = r"
import json, math, urllib.request

def ask(url, prompt):
    body = json.dumps({'prompt': prompt}).encode()
    request = urllib.request.Request(url, body, {'Content-Type': 'application/json'})
    with urllib.request.urlopen(request) as response:
        return json.load(response)['text']

def embed(text, size=64):
    vector = [0.0] * size
    for position, letter in enumerate(text * 20):
        vector[(ord(letter) * 31 + position) % size] += math.sin(position)
    norm = math.sqrt(sum(x * x for x in vector)) or 1.0
    return [x / norm for x in vector]

def similarity(a, b):
    return sum(x * y for x, y in zip(a, b))

def answer(url, question):
    plan = ask(url, f'plan: {question}')
    steps = [ask(url, f'step {n}: {plan}') for n in range(3)]
    wanted = embed(question)
    best = max(steps, key=lambda step: similarity(embed(step), wanted))
    return {'question': question, 'answer': best, 'calls': 1 + len(steps)}
";

/// A model that thinks for five milliseconds.
async fn model(Json(request): Json<Value>) -> Json<Value> {
    tokio::time::sleep(Duration::from_millis(5)).await;
    let prompt = request["prompt"].as_str().unwrap_or_default();
    Json(json!({ "text": format!("{} ({} letters)", prompt, prompt.len()) }))
}

#[derive(serde::Deserialize)]
struct Answer {
    question: String,
    calls: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let server = axum::serve(listener, Router::new().route("/", post(model)));
    tokio::spawn(server.into_future());

    // More workers than processors: most of them wait.
    let host = Host::builder().workers(8).prelude("agent", AGENT).build()?;
    let start = Instant::now();
    let jobs: Vec<_> = (0..40)
        .map(|n| {
            let question = format!("what is the meaning of {n}?");
            host.spawn(Job::<Answer>::call("agent:answer", (url.clone(), question)))
        })
        .collect();
    let mut calls = 0;
    for (n, job) in jobs.into_iter().enumerate() {
        let answer = job.await?;
        assert_eq!(answer.question, format!("what is the meaning of {n}?"));
        calls += answer.calls;
    }
    println!("40 answers, {calls} calls of the model");
    eprintln!(
        "{:.0} answers a second, {} build",
        40.0 / start.elapsed().as_secs_f64(),
        togil::LOCK_MODE
    );
    Ok(())
}
