"""Publishes a version of a model for each line that it reads, and withdraws the one before the last, as a training pipeline would, by rename.
Arguments: the model's folder, a file to publish, the number of the first version. Prints `half N` when N is half written and `published N`
when it is there."""

import shutil
import sys
from pathlib import Path


def main():
    folder, source, first = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    content = source.read_bytes()
    for version, _ in enumerate(sys.stdin, first):
        hidden = folder / f".{version}"
        shutil.rmtree(hidden, ignore_errors=True)
        hidden.mkdir()
        with open(hidden / source.name, "wb") as file:
            file.write(content[: len(content) // 2])
            file.flush()
            print("half", version, flush=True)
            file.write(content[len(content) // 2 :])
        hidden.rename(folder / str(version))
        print("published", version, flush=True)
        old = folder / str(version - 2)
        if old.exists():
            gone = folder / f".{version - 2}"
            old.rename(gone)
            shutil.rmtree(gone)


if __name__ == "__main__":
    main()
