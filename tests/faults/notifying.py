"""Runs that tell incidents, each in a process of its own to be killed; they are forked from one that has loaded all.

Usage: notifying.py STATE MESSAGE_URL TRIGGER_URL; each line on stdin is the number of a run: so many hours have
passed, and in each an incident began. Answers the process's id, and ``done`` when it has ended, however.
"""

import os
import sys
from pathlib import Path

from driftlog_analyzers._notify._deliver import deliver
from driftlog_analyzers._notify._file_home import NotificationFile
from driftlog_analyzers._notify._notify import notify
from driftlog_analyzers._notify._senders import senders
from tests.analyzers.notify.incidents import CHURN, at, incident, route, trigger


def routes(message_url, trigger_url):
    """Where it is told; nothing is given up for want of time."""
    give_up = "52w"
    return (
        route("ops", url=message_url, remind="never", give_up=give_up),
        trigger("retrain", trigger_url, give_up=give_up),
    )


def run(state, ways, receivers, number):
    """One run."""
    with NotificationFile(state) as home:
        found = [incident(hour, number, f"f{hour}") for hour in range(number + 1)]
        notify(found, home, ways, place=CHURN, now=at(number))
        deliver(home, receivers, at(number))


def main(state, message_url, trigger_url):
    """Fork runs as they are asked for."""
    ways = routes(message_url, trigger_url)
    receivers = senders(ways, {})
    dead = []
    for line in sys.stdin:
        while dead:
            os.waitpid(dead.pop(), 0)
        child = os.fork()
        if not child:
            run(Path(state), ways, receivers, int(line))
            os._exit(0)
        print(child, flush=True)
        # It is left as it died until the next line, so that its id is nobody else's when it is killed too late.
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        print("done", flush=True)
        dead.append(child)


if __name__ == "__main__":
    main(*sys.argv[1:])
