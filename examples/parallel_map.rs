//! A Python function over a million records, in parallel, with the results in order.

use std::time::Instant;

use togil::{Host, Job, Session};

const RECORDS: u64 = 1_000_000;
/// Records per job: large enough that the way to a worker costs nothing beside the work.
const CHUNK: u64 = 20_000;

const MAPPER: &str = "
def score(record):
    return (record * 2654435761 % 1000) // 10

def score_all(records):
    return [score(record) for record in records]
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = Host::builder().prelude("mapper", MAPPER).build()?;
    let start = Instant::now();
    let jobs: Vec<_> = (0..RECORDS)
        .step_by(CHUNK as usize)
        .map(|first| {
            let records: Vec<u64> = (first..RECORDS.min(first + CHUNK)).collect();
            // Waits while the queue is full, so no more than that is in memory at once.
            host.spawn(Job::<Vec<u64>>::call("mapper:score_all", (records,)))
        })
        .collect();
    let mut scores = Vec::with_capacity(RECORDS as usize);
    for job in jobs {
        scores.extend(job.join()?);
    }
    let time = start.elapsed();

    let session = Session::new();
    for record in [0, 1, 77_777, 999_999] {
        let job = Job::<u64>::call("mapper:score", (record,)).session(&session);
        assert_eq!(scores[record], host.run(job)?, "out of order");
    }
    println!("{} records, sum of scores {}", scores.len(), scores.iter().sum::<u64>());
    eprintln!(
        "{:.2} s on {} workers, {} build",
        time.as_secs_f64(),
        host.workers(),
        togil::LOCK_MODE
    );
    Ok(())
}
