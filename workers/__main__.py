"""`python -m workers worker QUEUE` and `python -m workers schedule`: intake never imports workers, so its commands run these."""

import sys

from config.collector import resting
from config.settings import SettingsError
from intake.ports import JOBS

QUEUES = tuple(sorted({queue for queue, _ in JOBS.values()}))


def main(arguments: list[str]) -> int:
    """Run one process until told to stop; 0 when it was, 2 when it was asked for something it can't do."""
    try:
        match arguments:
            case ["worker", queue] if queue in QUEUES:
                with resting():
                    from workers.worker import work

                return work(queue)
            case ["schedule"]:
                with resting():
                    from workers.schedule import keep_time

                return keep_time()
            case _:
                print(f"usage: python -m workers worker ({'|'.join(QUEUES)}) | python -m workers schedule", file=sys.stderr)
    except SettingsError as error:
        print(error, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
