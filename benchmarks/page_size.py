"""What a browser fetches before a page is there, compressed as web servers do it.

    python -m benchmarks.page_size

One JSON object. Every built file counts, also those that only one of the pages needs.
"""

import gzip
import json
from pathlib import Path

PAGES = Path(__file__).parent.parent / "ccd/web/pages"
COMPRESSION = 6
ASKED_KB_MAX = 150


def main() -> None:
    files = [file for file in PAGES.rglob("*") if file.is_file() and not file.name.startswith(".")]
    if not any(file.suffix == ".js" for file in files):
        raise SystemExit("the pages are not built: run make pages")
    sizes = {str(file.relative_to(PAGES)): len(gzip.compress(file.read_bytes(), COMPRESSION)) for file in files}
    said = {"name": "page_size", "kilobytes": round(sum(sizes.values()) / 1000, 1), "asked_max": ASKED_KB_MAX}
    print(json.dumps(said | {"bytes": dict(sorted(sizes.items()))}))


if __name__ == "__main__":
    main()
