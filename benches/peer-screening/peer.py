"""RapidFuzz on the workload that `screening_rate FOLDER` writes, beside this engine's own figures."""

import json
import sys
import time
from pathlib import Path

from rapidfuzz import fuzz, process, utils
from rapidfuzz.distance import JaroWinkler

# Name, scorer, threshold, and scale of its scores.
MATCHERS = [
    ("ratio", fuzz.ratio, 85.0),
    ("token_sort_ratio", fuzz.token_sort_ratio, 85.0),
    ("token_set_ratio", fuzz.token_set_ratio, 85.0),
    ("WRatio", fuzz.WRatio, 90.0),
    ("jaro_winkler", JaroWinkler.normalized_similarity, 0.85),
]


def main() -> None:
    folder, ours = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())
    names = (folder / "names.txt").read_text().split("\n")
    queries = [line.split("\t", 1) for line in (folder / "queries.tsv").read_text().splitlines()]
    folded = [utils.default_process(name) for name in names]
    print(f"{'':24}{'queries/s':>10}{'ratio':>8}{'recall':>8}{'false alarms':>14}")
    rate = ours["per_second"]
    print(f"{'narrows, explained':24}{rate:>10,.0f}{1:>8}{ours['recall']:>8.3f}{ours['false_alarms']:>14.3f}")
    for title, scorer, threshold in MATCHERS:
        found = listed = flagged = innocent = 0
        start = time.process_time()
        answers = [
            process.extractOne(utils.default_process(query), folded, scorer=scorer, score_cutoff=threshold)
            for _, query in queries
        ]
        taken = time.process_time() - start
        for (right, _), answer in zip(queries, answers):
            if right:
                listed += 1
                found += answer is not None and folded[int(right)] == answer[0]
            else:
                innocent += 1
                flagged += answer is not None
        peer = len(queries) / taken
        print(f"{'RapidFuzz ' + title:24}{peer:>10,.0f}{rate / peer:>8,.0f}{found / listed:>8.3f}{flagged / innocent:>14.3f}")
    print(f"names {ours['names']:,}; ours: median {ours['median_us']:.0f} us, p99 {ours['p99_us']:.0f} us, index in {ours['build_s']:.2f} s")


main()
