"""Writes the two workloads that all programs are given, from seeded draws (numpy's PCG64).

    workload.py FOLDER

`returns.csv`   2,000 days, 500 firms F0000 ... and the market MKT. The market is normal with mean
                0.0004 and spread 0.010; a firm is alpha + beta x market + a Student variable of five
                degrees of freedom scaled to a spread of 0.015, with beta even in 0.5 .. 1.8 and
                alpha normal with spread 0.0002. On each of the days of `events.csv` every other
                firm falls by another 0.03.
`events.csv`    20 days, evenly spaced.
`sectors.csv`   50 sectors of one region: technical coefficients of a gamma variable of shape 0.6,
                columns scaled to sums even in 0.3 .. 0.6, final demand log-normal (3, 1).

The order of the draws is part of the workload: another order gives other figures.
"""

import datetime
import pathlib
import sys

import numpy as np

FIRMS, DAYS, EVENTS = 500, 2_000, 20
SECTORS = 50


def weekdays(first, count):
    """As many days as are asked for, none of a weekend."""
    day = first
    while count > 0:
        if day.weekday() < 5:
            yield day.isoformat()
            count -= 1
        day += datetime.timedelta(days=1)


def returns(folder):
    draw = np.random.default_rng(1)
    market = draw.normal(0.0004, 0.010, DAYS)
    beta = draw.uniform(0.5, 1.8, FIRMS)
    alpha = draw.normal(0.0, 0.0002, FIRMS)
    own = draw.standard_t(5, (DAYS, FIRMS)) * 0.015 * np.sqrt(3 / 5)
    firms = alpha + np.outer(market, beta) + own
    hit = np.linspace(200, DAYS - 40, EVENTS).astype(int)
    firms[np.ix_(hit, np.arange(0, FIRMS, 2))] -= 0.03
    days = list(weekdays(datetime.date(2015, 1, 2), DAYS))
    with open(folder / "returns.csv", "w") as table:
        names = ",".join(f"F{firm:04d}" for firm in range(FIRMS))
        table.write(f"date,{names},MKT\n")
        for day, row, index in zip(days, firms, market):
            cells = ",".join(repr(float(value)) for value in row)
            table.write(f"{day},{cells},{float(index)!r}\n")
    with open(folder / "events.csv", "w") as table:
        table.write("date\n")
        table.writelines(f"{days[at]}\n" for at in hit)


def sectors(folder):
    draw = np.random.default_rng(7)
    coefficients = draw.gamma(0.6, 1.0, (SECTORS, SECTORS))
    coefficients *= draw.uniform(0.3, 0.6, SECTORS) / coefficients.sum(axis=0)
    demand = draw.lognormal(3.0, 1.0, (SECTORS, 1))[:, 0]
    output = np.linalg.solve(np.eye(SECTORS) - coefficients, demand)
    purchases = coefficients * output
    names = [f"s{sector:03d}" for sector in range(SECTORS)]
    with open(folder / "sectors.csv", "w") as table:
        buyers = ",".join(f"r0:{name}" for name in names)
        table.write(f"region,sector,{buyers},final:all,output\n")
        for name, row, last, total in zip(names, purchases, demand, output):
            cells = ",".join(repr(float(value)) for value in (*row, last, total))
            table.write(f"r0,{name},{cells}\n")


if __name__ == "__main__":
    place = pathlib.Path(sys.argv[1])
    returns(place)
    sectors(place)
