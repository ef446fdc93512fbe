"""Prints both answers and rates side by side."""

import json
import sys

peer, ours = (json.load(open(path)) for path in sys.argv[1:3])

print("A training step of GPT-3's shape (OPT-175B) on 1,024 A100-80G: TP 8, PP 16, DP 8, micro")
print("batch 1, 24 micro batches, sequence 2,048, ZeRO 1, selective recomputation; one thread each")
print()
print(f"{'':<34}{'llm-analysis 0.2.2':>20}{'narrows':>20}")
rows = [
    ("latency of an iteration, s", "latency_per_iteration_s", ".3f"),
    ("memory of a chip, GB", "memory_per_chip_gb", ".1f"),
    ("parameters, billion", "parameters", ".1f"),
    ("analyses a second", "steps_per_s", ",.0f"),
]
for title, key, form in rows:
    scale = 1e-9 if key == "parameters" else 1.0
    print(f"{title:<34}{peer[key] * scale:>20{form}}{ours[key] * scale:>20{form}}")
remembered = ours["steps_per_s_of_shapes_remembered"]
print(f"{'the same, shapes remembered':<34}{'':>20}{remembered:>20,.0f}")
print()
ratio, more = ours["steps_per_s"] / peer["steps_per_s"], remembered / peer["steps_per_s"]
print(f"narrows / llm-analysis: {ratio:.1f} times as many, {more:.0f} times with shapes remembered")
