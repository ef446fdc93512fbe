"""How many full training analyses a second llm-analysis answers on one thread, and its answer."""

import json
import logging
import time

logging.disable(logging.CRITICAL)  # It logs every analysis; that would be most of the time.

from llm_analysis.analysis import ActivationRecomputation, DSZeRO, LLMAnalysis
from llm_analysis.config import (
    ParallelismConfig,
    get_dtype_config_by_name,
    get_gpu_config_by_name,
    get_model_config_by_name,
)

SECONDS = 5.0

analysis = LLMAnalysis(
    get_model_config_by_name("facebook_opt-175b"),
    get_gpu_config_by_name("a100-sxm-80gb"),
    get_dtype_config_by_name("w16a16e16"),
    ParallelismConfig(tp_size=8, pp_size=16, dp_size=8, sp_size=8),
    flops_efficiency=0.5,
    hbm_memory_efficiency=0.9,
)


def one():
    return analysis.training(
        batch_size_per_gpu=1,
        gradient_accumulation_steps=24,
        seq_len=2048,
        activation_recomputation=ActivationRecomputation.SELECTIVE,
        ds_zero=DSZeRO.STAGE_1,
        total_num_tokens=300e9,
    )


answer = one()
calls = 0
start = time.perf_counter()
while time.perf_counter() - start < SECONDS:
    for _ in range(100):
        one()
    calls += 100
elapsed = time.perf_counter() - start
memory = answer["(weight+op_state+grad+act)_memory_per_gpu"]
print(
    json.dumps(
        {
            "latency_per_iteration_s": answer["latency_per_iter"],
            "memory_per_chip_gb": memory / 1e9,
            "parameters": answer["num_params_total"],
            "steps_per_s": calls / elapsed,
        }
    )
)
