"""Models for `togil race`: each is run under every schedule that can be told from the others."""

import threading


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.Lock()


def together(*functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def race_deposits():
    """Two deposits at once: one may be lost."""
    account = Account(0)

    def deposit():
        account.balance += 50

    together(deposit, deposit)
    assert account.balance == 100, account.balance


def race_deposits_with_a_lock():
    account = Account(0)

    def deposit():
        with account.lock:
            account.balance += 50

    together(deposit, deposit)
    assert account.balance == 100, account.balance


def race_transfers():
    """Each takes the lock of its own account first."""
    mine, yours = Account(100), Account(100)

    def transfer(source, target):
        with source.lock:
            with target.lock:
                source.balance -= 10
                target.balance += 10

    together(lambda: transfer(mine, yours), lambda: transfer(yours, mine))
    assert mine.balance + yours.balance == 200
