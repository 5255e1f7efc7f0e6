//! Rust futures that Python awaits.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use togil::{ExceptionClass, Function, Module, ModuleBuilder, Spawner};

use crate::harness::{Alive, in_process};

#[track_caller]
fn run(module: ModuleBuilder, source: &str) {
    in_process::run(module, &format!("import asyncio, time\n{source}"));
}

/// A timer of our own: what the built-in executor drives needs no runtime.
async fn sleep(duration: Duration) {
    let mut started = false;
    std::future::poll_fn(move |context| {
        if started {
            return std::task::Poll::Ready(());
        }
        started = true;
        let waker = context.waker().clone();
        std::thread::spawn(move || {
            std::thread::sleep(duration);
            waker.wake();
        });
        std::task::Poll::Pending
    })
    .await;
}

fn nap() -> Function {
    Function::builder("nap").doc("Sleep.").arg("ms").build_async(|(ms,): (u64,)| async move {
        sleep(Duration::from_millis(ms)).await;
        ms
    })
}

#[test]
fn futures_are_awaited_beside_other_tasks() {
    run(
        Module::builder("app").function(nap()),
        "
import inspect
same(str(inspect.signature(app.nap)), '(ms)')
async def ticker():
    n = 0
    while True:
        n += 1
        ticks.append(n)
        await asyncio.sleep(0.005)
async def main():
    task = asyncio.create_task(ticker())
    start = time.monotonic()
    results = await asyncio.gather(*[app.nap(ms) for ms in (200, 100, 150, 0)])
    took = time.monotonic() - start
    task.cancel()
    same(results, [200, 100, 150, 0])
    assert 0.2 <= took, took
    assert len(ticks) > 5, ticks
    same(await app.nap(ms=1), 1)
    assert inspect.isawaitable(app.nap(1))
ticks = []
asyncio.run(main())
asyncio.run(main())
",
    );
}

#[test]
fn errors_and_panics_arrive_where_it_is_awaited() {
    let fail = Function::builder("fail").arg("how").raises(ExceptionClass::ValueError).build_async(
        |(how,): (i64,)| async move {
            sleep(Duration::from_millis(1)).await;
            match how {
                0 => panic!("in the future"),
                1 => "x".parse::<i64>(),
                _ => Ok(how),
            }
        },
    );
    run(
        Module::builder("app").function(fail),
        "
async def outcome(how):
    return await app.fail(how)
same(error(asyncio.run, outcome(1)), 'ValueError: invalid digit found in string')
same(error(asyncio.run, outcome(0)), 'PanicException: in the future')
same(asyncio.run(outcome(5)), 5)
same(error(app.fail), \"TypeError: fail() missing 1 required positional argument: 'how'\")
same(error(app.fail(1).result), 'ValueError: invalid digit found in string')
",
    );
}

#[test]
fn cancelling_the_task_drops_the_future() {
    let alive = Arc::new(AtomicUsize::new(0));
    let (inside, count) = (alive.clone(), alive.clone());
    let forever = Function::new("alive", move |(): ()| count.load(Ordering::SeqCst));
    let hang = Function::builder("hang").build_async(move |(): ()| {
        let guard = Alive::new(&inside);
        async move {
            let _guard = guard;
            pending::<()>().await;
        }
    });
    run(
        Module::builder("app").function(hang).function(forever),
        "
async def main():
    task = asyncio.create_task(waiter())
    await asyncio.sleep(0.05)
    same(app.alive(), 1)
    task.cancel()
    try: await task
    except asyncio.CancelledError: pass
    else: assert False
    same(app.alive(), 0)
    try: await asyncio.wait_for(app.hang(), 0.02)
    except TimeoutError: pass
    else: assert False
    same(app.alive(), 0)
async def waiter():
    await app.hang()
asyncio.run(main())
same(error(app.hang().result, timeout=0.02), 'TimeoutError: ')
same(app.alive(), 0)
unused = app.hang()
same(app.alive(), 1)
del unused
same(app.alive(), 0)
",
    );
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}

#[test]
fn code_that_is_not_async_waits_for_the_result() {
    run(
        Module::builder("app").function(nap()),
        "
import threading
same(app.nap(5).result(), 5)
same(app.nap(5).result(timeout=20), 5)
same(error(app.nap(1).result, timeout=-1).split(':')[0], 'ValueError')
# Other threads run meanwhile.
n = 0
def work():
    global n
    while not stop:
        n += 1
        time.sleep(0.001)
stop = False
thread = threading.Thread(target=work); thread.start()
app.nap(200).result()
stop = True
thread.join()
assert n > 5, n
once = app.nap(1)
same(once.result(), 1)
same(error(once.result), 'RuntimeError: cannot reuse an awaitable that was awaited')
",
    );
}

#[test]
fn a_runtime_of_the_embedder_drives_the_future() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a runtime");
    let handle = runtime.handle().clone();
    let spawner = Spawner::new(move |future| drop(handle.spawn(future)));
    let nap = Function::builder("nap").arg("ms").spawner(spawner.clone()).build_async(
        |(ms,): (u64,)| async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            ms
        },
    );
    let runtime = std::sync::Mutex::new(Some(runtime));
    let stop = Function::new("stop", move |(): ()| {
        let runtime = runtime.lock().expect("no panic").take();
        runtime.expect("stopped once").shutdown_background();
    });
    run(
        Module::builder("app").function(nap).function(stop),
        "
async def main():
    same(await asyncio.gather(app.nap(20), app.nap(10)), [20, 10])
    task = asyncio.create_task(waiter())
    await asyncio.sleep(0.02)
    app.stop()
    try: await task
    except asyncio.CancelledError: return
    assert False
async def waiter():
    await app.nap(100_000)
asyncio.run(main())
",
    );
}

#[test]
fn many_futures_at_once() {
    run(
        Module::builder("app").function(nap()),
        "
async def main():
    results = await asyncio.gather(*[app.nap(i % 7) for i in range(200)])
    same(results, [i % 7 for i in range(200)])
for _ in range(2): asyncio.run(main())
",
    );
}
