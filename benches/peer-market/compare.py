"""Prints answers, times and ratios side by side."""

import json


def read(name):
    with open(f"{name}.json") as file:
        return json.load(file)


check, peer, ours = (read(f"{name}_events") for name in ("check", "peer", "our"))
print("500 firms on 20 common days, 10,000 firm-events: market model on 120 days, window -5 to +5;")
print("one thread each")
print()
print(f"{'':<34}{'eventstudy 0.1a12':>20}{'numpy, formulas':>20}{'narrows':>16}")
first, last = check["studies"][0], check["studies"][-1]
our_first, our_last = ours["studies"][0], ours["studies"][-1]
print(f"{'CAAR, first day':<34}{peer['means'][0]:>20.6f}{first[0]:>20.6f}{our_first[0]:>16.6f}")
print(f"{'CAAR, last day':<34}{peer['means'][-1]:>20.6f}{last[0]:>20.6f}{our_last[0]:>16.6f}")
titles = ("BMP", "Kolari-Pynnonen", "Corrado rank", "generalized sign")
for at, title in enumerate(titles, start=1):
    print(f"{title + ', first day':<34}{'not computed':>20}{first[at]:>20.3f}{our_first[at]:>16.3f}")
print(f"{'seconds of the processor':<34}{peer['seconds']:>20.3f}{'':>20}{ours['seconds']:>16.4f}")
pairs = [pair for study, other in zip(check["studies"], ours["studies"]) for pair in zip(study, other)]
worst = max(abs(one - other) for one, other in pairs)
worst_mean = max(abs(one - other[0]) for one, other in zip(peer["means"], ours["studies"]))
print(f"largest difference on the 20 days: {worst:.1e} from numpy in any statistic, {worst_mean:.1e} from")
print(f"eventstudy in the mean; narrows is {peer['seconds'] / ours['seconds']:,.0f} times as fast")
print(f"10,000 permutations of days of 50 firms: {ours['permutation_seconds']:.3f} s (p {ours['permutation_p']:.4f})")
print()

peer, ours = (read(f"{name}_sectors") for name in ("peer", "our"))
print("50 sectors, 365 days: a tenth of the output of two sectors lost as capital")
print()
print(f"{'':<34}{'BoARIO 0.7.2':>20}{'narrows':>16}")
print(f"{'lowest output over the first':<34}{peer['lowest']:>20.5f}{ours['lowest']:>16.5f}")
print(f"{'seconds of the processor':<34}{peer['seconds']:>20.3f}{ours['seconds']:>16.4f}")
worst = max(abs(one - other) for one, other in zip(peer["ratios"], ours["ratios"]))
print(f"largest difference of total output on a day: {worst:.1e} of the first day's;")
print(f"narrows is {peer['seconds'] / ours['seconds']:,.0f} times as fast")
