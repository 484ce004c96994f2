"""python -m tests.supply lock | sbom: write the lock files, or the bill of materials and the licences."""

import argparse

from tests.supply import inventory, lock_files


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.supply", description=__doc__)
    parser.add_argument("what", choices=("lock", "sbom"))
    if parser.parse_args().what == "lock":
        lock_files.write_locks()
    else:
        inventory.write_inventory()


if __name__ == "__main__":
    main()
