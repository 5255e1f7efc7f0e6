"""fasteners 0.17.2, https://github.com/harlowja/fasteners/issues/86: a writer that reads waits for itself."""

from threading import Thread

from fasteners import ReaderWriterLock


def race_writer_that_reads():
    lock = ReaderWriterLock()

    def write_and_read():
        with lock.write_lock(), lock.read_lock():
            pass

    def write():
        with lock.write_lock():
            pass

    threads = [Thread(target=write_and_read), Thread(target=write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
