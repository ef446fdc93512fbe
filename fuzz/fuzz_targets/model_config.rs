//! Any text as a model's `config.json`.
//!
//! Nothing may panic. What is refused is refused in words that name the file; what is read is
//! a model with sane counts, which can be trained and served, or is refused with a reason.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use narrows::operations::{
    GivenParallelism, Layout, PerfServe, PerfServeRequest, PerfTrain, PerfTrainRequest,
};
use narrows::performance::chip_choice::ChipChoice;
use narrows::performance::setting::ModelChoice;
use narrows::{Operation, Workbench};
use narrows_perf::hugging_face;
use narrows_perf::model::Model;

const FILE: &str = "model/config.json";

fn check_counts(model: &Model) {
    let (all, active) = (model.total_parameters(), model.active_parameters());
    assert!(all.is_finite() && all > 0.0, "{all} parameters");
    assert!(active > 0.0 && active <= all * (1.0 + 1e-9), "{active} of {all} parameters are active");
    assert!(model.layer_count() >= 1 && model.hidden >= 1 && model.vocabulary >= 1);
    let layers: usize = model.layer_kinds().iter().map(|kind| kind.count).sum();
    assert_eq!(layers, model.layer_count(), "every layer is of one kind");
}

/// A model that was read is trained and served, each in one fixed way.
fn use_it(text: &str) {
    let workbench = workbench();
    let model = ModelChoice::Config { shown: FILE.to_owned(), text: text.to_owned() };
    let chip = ChipChoice::named("H20");
    let request = PerfTrainRequest {
        model: model.clone(),
        chip: chip.clone(),
        count: 64,
        tokens: Some(1e12),
        precision: None,
        sequence: None,
        global_batch: None,
        layout: Layout { zero: Some(3), recompute: Some("full".to_owned()), ..Layout::default() },
        network: None,
        price_per_chip_hour: None,
        failures_per_chip_day: None,
        strict: false,
    };
    match PerfTrain::run(workbench, &request) {
        Ok(answer) => {
            assert!(answer.step.seconds.is_finite() && answer.step.seconds > 0.0);
            let parts = answer.step.time.by_cause().seconds() + answer.step.time.bubble_s;
            assert!((parts / answer.step.seconds - 1.0).abs() < 1e-6, "the parts are not the whole");
        }
        Err(failure) => assert!(!failure.message.is_empty()),
    }
    let request = PerfServeRequest {
        model,
        chip,
        count: 8,
        input: 1024.0,
        output: 256.0,
        cached: 0.0,
        first_token_s: None,
        output_token_s: None,
        concurrency: Some(16.0),
        parallelism: Some(GivenParallelism::default()),
        precision: None,
        expert_precision: None,
        cache_precision: None,
        disaggregate: false,
        software: None,
        network: None,
        price_per_chip_hour: None,
        simulate: false,
        strict: false,
    };
    match PerfServe::run(workbench, &request) {
        Ok(answer) => {
            let times = [answer.first_token_s.value, answer.output_token_s.value, answer.capacity];
            assert!(times.iter().all(|time| time.is_finite() && *time > 0.0), "{times:?}");
        }
        Err(failure) => assert!(!failure.message.is_empty()),
    }
}

/// Fields, architectures and values, and some that are refused.
const WORDS: &str = "\
    architectures model_type hidden_size n_embd d_model intermediate_size ffn_hidden_size num_hidden_layers \
    n_layer num_attention_heads num_key_value_heads multi_query_group_num head_dim vocab_size \
    max_position_embeddings tie_word_embeddings sliding_window layer_types full_attention sliding_attention \
    linear_attention hybrid_override_pattern q_lora_rank kv_lora_rank qk_nope_head_dim qk_rope_head_dim v_head_dim \
    n_routed_experts num_experts num_local_experts num_experts_per_tok n_shared_experts moe_intermediate_size \
    first_k_dense_replace decoder_sparse_step moe_layer_freq num_nextn_predict_layers index_topk \
    quantization_config quant_method fp8 weight_block_size text_config LlamaForCausalLM MixtralForCausalLM \
    DeepseekV3ForCausalLM Qwen3MoeForCausalLM Gemma3ForCausalLM GptOssForCausalLM GPT2LMHeadModel \
    0 1 2 7 8 64 128 4096 61 1000000000 1000000001 18446744073709551615 1e400 -1 0.5 null true false";

static WORKBENCH: OnceLock<Workbench> = OnceLock::new();

fn workbench() -> &'static Workbench {
    WORKBENCH.get_or_init(Workbench::default)
}

fuzz_target!(
    init: {
        let workbench = workbench();
        workbench.chips().expect("sound data");
        workbench.performance().expect("sound data");
        workbench.networks().expect("sound data");
    },
    |bytes: &[u8]| -> Corpus {
        let Ok(text) = std::str::from_utf8(bytes) else { return Corpus::Reject };
        match hugging_face::read(FILE, text) {
            Ok(read) => {
                check_counts(&read.model);
                use_it(text);
                Corpus::Keep
            }
            Err(error) => {
                let message = error.to_string();
                assert!(message.starts_with(FILE) && message.len() > FILE.len() + 2, "{message}");
                narrows_fuzz::keep_few(bytes)
            }
        }
    }
);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    narrows_fuzz::mutate(data, size, max_size, seed, 0, WORDS)
});
