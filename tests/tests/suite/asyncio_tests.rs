//! `asyncio` beside threads.

use crate::harness::prints;

#[test]
fn blocking_work_goes_to_a_thread_pool() {
    prints(
        "
        import asyncio, time
        def block(i):
            time.sleep(0.1)
            return i * i
        async def main():
            loop = asyncio.get_running_loop()
            start = time.monotonic()
            calls = [loop.run_in_executor(None, block, i) for i in range(4)]
            print(await asyncio.gather(*calls), time.monotonic() - start < 10)
        asyncio.run(main())
        ",
        "[0, 1, 4, 9] True",
    );
}

#[test]
fn to_thread_brings_results_exceptions_and_context() {
    prints(
        "
        import asyncio, contextvars
        variable = contextvars.ContextVar('variable')
        def work():
            return variable.get()
        def fail():
            raise KeyError('thread')
        async def main():
            variable.set('mine')
            print(await asyncio.to_thread(work))
            try:
                await asyncio.to_thread(fail)
            except KeyError as error:
                print(error)
        asyncio.run(main())
        ",
        "mine\n'thread'",
    );
}

#[test]
fn the_loop_goes_on_beside_busy_threads() {
    prints(
        "
        import asyncio
        def compute(n):
            total = 0
            for i in range(n):
                total += i
            return total
        async def main():
            ticks = 0
            async def tick():
                nonlocal ticks
                while True:
                    await asyncio.sleep(0.001)
                    ticks += 1
            ticker = asyncio.create_task(tick())
            sums = await asyncio.gather(*(asyncio.to_thread(compute, 1_000_000) for _ in range(3)))
            ticker.cancel()
            print(set(sums), ticks > 10 or ticks)
        asyncio.run(main())
        ",
        "{499999500000} True",
    );
}

#[test]
fn timeouts_end_what_takes_too_long() {
    prints(
        "
        import asyncio
        async def main():
            try:
                async with asyncio.timeout(0.05):
                    await asyncio.sleep(60)
            except TimeoutError:
                print('timeout')
            try:
                await asyncio.wait_for(asyncio.Event().wait(), 0.05)
            except TimeoutError:
                print('timeout')
            print(await asyncio.wait_for(asyncio.sleep(0.01, 'in time'), 60))
        asyncio.run(main())
        ",
        "timeout\ntimeout\nin time",
    );
}

#[test]
fn other_threads_can_call_into_the_loop() {
    prints(
        "
        import asyncio, threading
        async def answer(i):
            await asyncio.sleep(0.001)
            return i * 2
        async def main():
            loop, got, done = asyncio.get_running_loop(), [], asyncio.Event()
            def work(me):
                future = asyncio.run_coroutine_threadsafe(answer(me), loop)
                got.append(future.result(timeout=60))
                if len(got) == 5:
                    loop.call_soon_threadsafe(done.set)
            threads = [threading.Thread(target=work, args=(i,)) for i in range(5)]
            for thread in threads: thread.start()
            await done.wait()
            print(sorted(got))
        asyncio.run(main())
        ",
        "[0, 2, 4, 6, 8]",
    );
}

#[test]
fn streams_serve_clients_in_threads() {
    prints(
        "
        import asyncio, socket
        async def echo(reader, writer):
            while data := await reader.readline():
                writer.write(data.upper())
                await writer.drain()
            writer.close()
        def client(port, me):
            with socket.create_connection(('127.0.0.1', port)) as sock:
                with sock.makefile('rw') as file:
                    for i in range(20):
                        print('hello', me, i, file=file, flush=True)
                        if file.readline() != f'HELLO {me} {i}\\n':
                            return False
            return True
        async def main():
            server = await asyncio.start_server(echo, '127.0.0.1', 0)
            port = server.sockets[0].getsockname()[1]
            calls = [asyncio.to_thread(client, port, me) for me in range(5)]
            print(await asyncio.gather(*calls))
            server.close()
        asyncio.run(main())
        ",
        "[True, True, True, True, True]",
    );
}

#[test]
fn streams_talk_to_streams() {
    prints(
        "
        import asyncio
        async def echo(reader, writer):
            writer.write(await reader.read(100))
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        async def ask(port, text):
            reader, writer = await asyncio.open_connection('127.0.0.1', port)
            writer.write(text)
            writer.write_eof()
            answer = await reader.read()
            writer.close()
            return answer
        async def main():
            async with await asyncio.start_server(echo, '127.0.0.1', 0) as server:
                port = server.sockets[0].getsockname()[1]
                print(await asyncio.gather(ask(port, b'one'), ask(port, b'two')))
        asyncio.run(main())
        ",
        "[b'one', b'two']",
    );
}

#[test]
fn subprocesses_are_awaited() {
    prints(
        "
        import asyncio, sys
        async def main():
            process = await asyncio.create_subprocess_exec(
                'cat', stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
            print(await process.communicate(b'through a pipe'), process.returncode)
            process = await asyncio.create_subprocess_shell('exit 3')
            print(await process.wait())
        asyncio.run(main())
        ",
        "(b'through a pipe', None) 0\n3",
    );
}

#[test]
fn an_idle_loop_is_not_woken_by_the_traffic_of_busy_threads() {
    // The two threads pass the GIL to and fro some two hundred times a second.
    prints(
        "
        import asyncio, selectors, threading, time
        class Counting(selectors.DefaultSelector):
            wakeups = 0
            def select(self, timeout=None):
                self.wakeups += 1
                return super().select(timeout)
        selector = Counting()
        stop = False
        def busy():
            while not stop:
                pass
        async def main():
            await asyncio.sleep(0.1)
            before = selector.wakeups
            await asyncio.sleep(1)
            return selector.wakeups - before
        threads = [threading.Thread(target=busy) for _ in range(2)]
        for thread in threads: thread.start()
        with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
            wakeups = runner.run(main())
        stop = True
        for thread in threads: thread.join()
        print(1 <= wakeups < 20 or wakeups)
        ",
        "True",
    );
}

#[test]
fn a_signal_wakes_the_loop_beside_busy_threads() {
    prints(
        "
        import asyncio, os, signal, threading, time
        stop = False
        def busy():
            while not stop:
                pass
        async def main():
            got = asyncio.Event()
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, got.set)
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            start = time.monotonic()
            await asyncio.wait_for(got.wait(), 60)
            print('woken', time.monotonic() - start < 5)
        threads = [threading.Thread(target=busy) for _ in range(4)]
        for thread in threads: thread.start()
        asyncio.run(main())
        stop = True
        ",
        "woken True",
    );
}
