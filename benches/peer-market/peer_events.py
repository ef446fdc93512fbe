"""What eventstudy answers on the returns, and the seconds of the processor it takes."""

import json
import time
import warnings

warnings.filterwarnings("ignore")

import numpy as np
from eventstudy import Multiple, Single

with open("returns.csv") as table:
    firms = [name for name in table.readline().strip().split(",") if name.startswith("F")]
with open("events.csv") as table:
    days = [line.strip() for line in table][1:]
Single.import_returns("returns.csv")

means, studies = [], 0
start = time.process_time()
for day in days:
    asked = [{"event_date": np.datetime64(day), "security_ticker": firm, "market_ticker": "MKT"} for firm in firms]
    found = Multiple.from_list(
        asked, Single.market_model, event_window=(-5, 5), estimation_size=120, buffer_size=10
    )
    means.append(float(found.CAAR[-1]))
    studies += len(found.sample)
seconds = time.process_time() - start
print(json.dumps({"means": means, "studies": studies, "seconds": seconds}))
