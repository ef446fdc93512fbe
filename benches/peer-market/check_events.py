"""The same study by numpy's least squares, each formula as it is printed: no speed is meant.

Singular values for the fit, the full matrix of prediction errors, the full table of
correlations, ranks by sorting twice.
"""

import json

import numpy as np

ESTIMATION, GAP, BEFORE, AFTER = 120, 10, 5, 5

with open("returns.csv") as table:
    header = table.readline().strip().split(",")
    rows = [line.strip().split(",") for line in table]
dates = [row[0] for row in rows]
values = np.array([[float(cell) for cell in row[1:]] for row in rows])
firms, market = values[:, :-1], values[:, -1]
with open("events.csv") as table:
    events = [dates.index(line.strip()) for line in list(table)[1:]]


def study(day):
    end = day - BEFORE - GAP
    fit, window = slice(end - ESTIMATION, end), slice(day - BEFORE, day + AFTER + 1)
    before = np.column_stack([np.ones(ESTIMATION), market[fit]])
    during = np.column_stack([np.ones(BEFORE + AFTER + 1), market[window]])
    coefficients = np.linalg.lstsq(before, firms[fit], rcond=None)[0]
    residuals = firms[fit] - before @ coefficients
    abnormal = firms[window] - during @ coefficients
    variance = (residuals**2).sum(axis=0) / (ESTIMATION - 2)
    errors = np.eye(len(during)) + during @ np.linalg.inv(before.T @ before) @ during.T
    car = abnormal.sum(axis=0)
    scaled = car / np.sqrt(variance * errors.sum())
    count = len(car)
    bmp = scaled.mean() / (scaled.std(ddof=1) / np.sqrt(count))
    table = np.corrcoef(residuals.T)
    r = (table.sum() - count) / (count * (count - 1))
    everything = np.vstack([residuals, abnormal])
    ranks = (everything.argsort(axis=0).argsort(axis=0) + 1.0) / (len(everything) + 1.0) - 0.5
    mean = ranks.mean(axis=1)
    rank = np.sqrt(len(abnormal)) * mean[-len(abnormal) :].mean() / np.sqrt((mean**2).mean())
    share = (residuals > 0).mean()
    sign = ((car > 0).sum() - count * share) / np.sqrt(count * share * (1 - share))
    kp = bmp * np.sqrt((1 - r) / (1 + (count - 1) * r))
    return [float(value) for value in (car.mean(), bmp, kp, rank, sign)]


print(json.dumps({"studies": [study(day) for day in events]}))
