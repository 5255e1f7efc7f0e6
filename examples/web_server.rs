//! A web server whose handlers are Python: each has a time-out, and is cancelled when its client
//! goes away. Prints its address, and serves until its standard input ends.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde_json::Value;
use togil::{Error, Host, Job, StopReason};

const HANDLERS: &str = r"
import time

def hello(query):
    return {'greeting': 'hello ' + query.get('name', 'world')}

def slow(query):
    time.sleep(float(query.get('seconds', 1000)))
    return {'slept': True}

def endless(query):
    while True:
        pass

def broken(query):
    return {'result': 1 / 0}
";

const TIME_OUT: Duration = Duration::from_millis(500);

async fn handle(
    State(host): State<Arc<Host>>,
    Path(handler): Path<String>,
    Query(query): Query<std::collections::HashMap<String, String>>,
) -> Response {
    let job = Job::<Value>::call(format!("handlers:{handler}"), (query,)).timeout(TIME_OUT);
    // A full queue is the client's to know, not this thread's to wait for.
    let job = match host.try_spawn(job) {
        Ok(job) => job,
        Err(full) => return (StatusCode::SERVICE_UNAVAILABLE, full.to_string()).into_response(),
    };
    // axum drops this future when the client goes away.
    match job.cancel_on_drop().await {
        Ok(value) => Json(value).into_response(),
        Err(Error::Stopped(report)) if matches!(report.reason, StopReason::TimedOut(_)) => {
            (StatusCode::GATEWAY_TIMEOUT, report.to_string()).into_response()
        }
        Err(Error::Python(error)) if error.type_name() == "AttributeError" => {
            (StatusCode::NOT_FOUND, error.to_string()).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn stats(State(host): State<Arc<Host>>) -> Json<togil::HostStats> {
    Json(host.stats())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = Arc::new(Host::builder().workers(2).prelude("handlers", HANDLERS).build()?);
    let app = Router::new()
        .route("/stats", get(stats))
        .route("/run/{handler}", get(handle))
        .with_state(host);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("http://{}", listener.local_addr()?);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        drop(stop);
    });
    axum::serve(listener, app)
        .with_graceful_shutdown(async {
            let _ = stopped.await;
        })
        .await?;
    Ok(())
}
