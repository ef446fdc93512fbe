//! Configurations of model repositories: the usual architectures give the shapes on record,
//! and no content brings the reader down.

#![expect(clippy::unwrap_used, reason = "test code: a panic is the report")]

use std::fs;
use std::path::Path;

use narrows_catalog::DataFile;
use narrows_perf::hugging_face::read;
use narrows_perf::model::{Attention, Models};
use narrows_perf::precision::Scheme;
use proptest::prelude::*;
use serde_json::{Value, json};

fn models() -> Models {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/models");
    let texts: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect();
    Models::read(texts.iter().map(|(path, text)| DataFile { path, text })).unwrap()
}

/// Types of layers that repeat, the last of each `every` being another.
fn types(count: usize, every: usize, most: &str, last: &str) -> Value {
    (0..count).map(|index| if (index + 1) % every == 0 { last } else { most }).collect()
}

fn marks(count: usize, one: impl Fn(usize) -> bool) -> Value {
    (0..count).map(|index| u8::from(one(index))).collect()
}

/// Configurations as published (without the fields that do not matter here), with the id of
/// the same shape in our files.
fn configurations() -> Vec<(&'static str, Value)> {
    vec![
        (
            "llama-3.1-70b",
            json!({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8192,
            "intermediate_size": 28672, "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 8,
            "vocab_size": 128256, "max_position_embeddings": 131072, "hidden_act": "silu", "tie_word_embeddings": false}),
        ),
        (
            "llama-1-7b",
            json!({"architectures": ["LLaMAForCausalLM"], "hidden_size": 4096, "intermediate_size": 11008,
            "num_hidden_layers": 32, "num_attention_heads": 32, "vocab_size": 32000, "max_sequence_length": 2048}),
        ),
        (
            "mistral-7b",
            json!({"architectures": ["MistralForCausalLM"], "model_type": "mistral", "hidden_size": 4096,
            "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
            "sliding_window": 4096, "vocab_size": 32000, "max_position_embeddings": 32768}),
        ),
        (
            "mixtral-8x7b",
            json!({"architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "hidden_size": 4096,
            "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
            "num_local_experts": 8, "num_experts_per_tok": 2, "sliding_window": null, "vocab_size": 32000,
            "max_position_embeddings": 32768}),
        ),
        (
            "qwen-7b",
            json!({"architectures": ["QWenLMHeadModel"], "model_type": "qwen", "hidden_size": 4096,
            "intermediate_size": 22016, "kv_channels": 128, "num_attention_heads": 32, "num_hidden_layers": 32,
            "max_position_embeddings": 32768, "seq_length": 8192, "vocab_size": 151936}),
        ),
        (
            "qwen2.5-72b",
            json!({"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 8192,
            "intermediate_size": 29568, "num_attention_heads": 64, "num_hidden_layers": 80, "num_key_value_heads": 8,
            "sliding_window": 131072, "use_sliding_window": false, "vocab_size": 152064,
            "max_position_embeddings": 131072}),
        ),
        (
            "qwen1.5-moe-a2.7b",
            json!({"architectures": ["Qwen2MoeForCausalLM"], "model_type": "qwen2_moe",
            "decoder_sparse_step": 1, "hidden_size": 2048, "intermediate_size": 5632, "moe_intermediate_size": 1408,
            "shared_expert_intermediate_size": 5632, "num_attention_heads": 16, "num_experts": 60,
            "num_experts_per_tok": 4, "num_hidden_layers": 24, "num_key_value_heads": 16, "sliding_window": 32768,
            "vocab_size": 151936, "max_position_embeddings": 8192}),
        ),
        (
            "qwen3-235b-a22b",
            json!({"architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe",
            "decoder_sparse_step": 1, "head_dim": 128, "hidden_size": 4096, "intermediate_size": 12288,
            "max_position_embeddings": 40960, "mlp_only_layers": [], "moe_intermediate_size": 1536,
            "num_attention_heads": 64, "num_experts": 128, "num_experts_per_tok": 8, "num_hidden_layers": 94,
            "num_key_value_heads": 4, "sliding_window": null, "vocab_size": 151936}),
        ),
        (
            "qwen3.5-397b-a17b",
            json!({"architectures": ["Qwen3_5MoeForConditionalGeneration"], "model_type": "qwen3_5_moe",
            "text_config": {"attn_output_gate": true, "full_attention_interval": 4, "head_dim": 256, "hidden_size": 4096,
                "layer_types": types(60, 4, "linear_attention", "full_attention"), "linear_conv_kernel_dim": 4,
                "linear_key_head_dim": 128, "linear_num_key_heads": 16, "linear_num_value_heads": 64,
                "linear_value_head_dim": 128, "max_position_embeddings": 262144, "mlp_only_layers": [],
                "model_type": "qwen3_5_moe_text", "moe_intermediate_size": 1024, "mtp_num_hidden_layers": 1,
                "num_attention_heads": 32, "num_experts": 512, "num_experts_per_tok": 10, "num_hidden_layers": 60,
                "num_key_value_heads": 2, "shared_expert_intermediate_size": 1024, "vocab_size": 248320},
            "tie_word_embeddings": false, "vision_config": {"hidden_size": 1152, "num_heads": 16}}),
        ),
        (
            "deepseek-v2-lite",
            json!({"architectures": ["DeepseekV2ForCausalLM"], "model_type": "deepseek_v2",
            "first_k_dense_replace": 1, "hidden_size": 2048, "intermediate_size": 10944, "kv_lora_rank": 512,
            "moe_intermediate_size": 1408, "moe_layer_freq": 1, "n_routed_experts": 64, "n_shared_experts": 2,
            "num_attention_heads": 16, "num_experts_per_tok": 6, "num_hidden_layers": 27, "num_key_value_heads": 16,
            "q_lora_rank": null, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
            "vocab_size": 102400, "max_position_embeddings": 163840}),
        ),
        (
            "deepseek-v3",
            json!({"architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3",
            "first_k_dense_replace": 3, "hidden_size": 7168, "intermediate_size": 18432, "kv_lora_rank": 512,
            "moe_intermediate_size": 2048, "moe_layer_freq": 1, "n_routed_experts": 256, "n_shared_experts": 1,
            "num_attention_heads": 128, "num_experts_per_tok": 8, "num_hidden_layers": 61, "num_key_value_heads": 128,
            "num_nextn_predict_layers": 1, "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
            "v_head_dim": 128, "vocab_size": 129280, "max_position_embeddings": 163840,
            "quantization_config": {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]}}),
        ),
        (
            "deepseek-v3.2",
            json!({"architectures": ["DeepseekV32ForCausalLM"], "model_type": "deepseek_v32",
            "first_k_dense_replace": 3, "hidden_size": 7168, "intermediate_size": 18432, "kv_lora_rank": 512,
            "index_head_dim": 128, "index_n_heads": 64, "index_topk": 2048, "moe_intermediate_size": 2048,
            "moe_layer_freq": 1, "n_routed_experts": 256, "n_shared_experts": 1, "num_attention_heads": 128,
            "num_experts_per_tok": 8, "num_hidden_layers": 61, "num_nextn_predict_layers": 1, "q_lora_rank": 1536,
            "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "vocab_size": 129280,
            "max_position_embeddings": 163840}),
        ),
        (
            "deepseek-v4-flash",
            json!({"architectures": ["DeepseekV4ForCausalLM"], "model_type": "deepseek_v4",
            "compress_ratios": (0..44).map(|index| match index { 0 | 1 | 43 => 0, even if even % 2 == 0 => 4, _ => 128 })
                .collect::<Vec<u32>>(),
            "head_dim": 512, "hidden_size": 4096, "index_head_dim": 128, "index_n_heads": 64, "index_topk": 512,
            "max_position_embeddings": 1048576, "moe_intermediate_size": 2048, "n_routed_experts": 256,
            "n_shared_experts": 1, "num_attention_heads": 64, "num_experts_per_tok": 6, "num_hidden_layers": 43,
            "num_key_value_heads": 1, "num_nextn_predict_layers": 0, "o_groups": 8, "o_lora_rank": 1024,
            "q_lora_rank": 1024, "qk_rope_head_dim": 64, "sliding_window": 128, "vocab_size": 129280}),
        ),
        (
            "kimi-k2.5",
            json!({"architectures": ["KimiK25ForConditionalGeneration"], "model_type": "kimi_k25",
            "text_config": {"architectures": ["DeepseekV3ForCausalLM"], "num_hidden_layers": 61, "hidden_size": 7168,
                "num_attention_heads": 64, "num_key_value_heads": 64, "intermediate_size": 18432, "vocab_size": 163840,
                "max_position_embeddings": 262144, "n_routed_experts": 384, "n_shared_experts": 1,
                "num_experts_per_tok": 8, "moe_intermediate_size": 2048, "moe_layer_freq": 1,
                "first_k_dense_replace": 1, "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_nope_head_dim": 128,
                "qk_rope_head_dim": 64, "v_head_dim": 128, "tie_word_embeddings": false,
                "quantization_config": {"quant_method": "compressed-tensors", "config_groups": {"group_0": {
                    "weights": {"num_bits": 4, "type": "int", "group_size": 32}, "input_activations": null}}}}}),
        ),
        (
            "kimi-linear-48b-a3b",
            json!({"architectures": ["KimiLinearForCausalLM"], "model_type": "kimi_linear",
            "vocab_size": 163840, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 27,
            "num_attention_heads": 32, "num_key_value_heads": 32, "kv_lora_rank": 512, "q_lora_rank": null,
            "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "num_experts": 256,
            "num_experts_per_token": 8, "num_shared_experts": 1, "moe_intermediate_size": 1024,
            "first_k_dense_replace": 1, "moe_layer_freq": 1, "model_max_length": 1048576,
            "linear_attn_config": {"full_attn_layers": [4, 8, 12, 16, 20, 24, 27], "head_dim": 128, "num_heads": 32,
                "short_conv_kernel_size": 4}}),
        ),
        (
            "gemma-7b",
            json!({"architectures": ["GemmaForCausalLM"], "model_type": "gemma", "head_dim": 256,
            "hidden_act": "gelu", "hidden_size": 3072, "intermediate_size": 24576, "max_position_embeddings": 8192,
            "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 16, "vocab_size": 256000}),
        ),
        (
            "gemma-2-27b",
            json!({"architectures": ["Gemma2ForCausalLM"], "model_type": "gemma2", "head_dim": 128,
            "hidden_size": 4608, "intermediate_size": 36864, "max_position_embeddings": 8192, "num_attention_heads": 32,
            "num_hidden_layers": 46, "num_key_value_heads": 16, "sliding_window": 4096, "vocab_size": 256000}),
        ),
        (
            "gemma-3-27b",
            json!({"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3",
            "text_config": {"model_type": "gemma3_text", "head_dim": 128, "hidden_size": 5376, "intermediate_size": 21504,
                "num_attention_heads": 32, "num_hidden_layers": 62, "num_key_value_heads": 16, "sliding_window": 1024,
                "vocab_size": 262144, "max_position_embeddings": 131072}}),
        ),
        (
            "gemma-4-26b-a4b",
            json!({"architectures": ["Gemma4ForConditionalGeneration"], "model_type": "gemma4",
            "text_config": {"model_type": "gemma4_text", "attention_k_eq_v": true, "enable_moe_block": true,
                "global_head_dim": 512, "head_dim": 256, "hidden_size": 2816, "intermediate_size": 2112,
                "layer_types": types(30, 6, "sliding_attention", "full_attention"), "moe_intermediate_size": 704,
                "num_attention_heads": 16, "num_experts": 128, "num_global_key_value_heads": 2, "num_hidden_layers": 30,
                "num_key_value_heads": 8, "sliding_window": 1024, "top_k_experts": 8, "vocab_size": 262144,
                "max_position_embeddings": 262144}}),
        ),
        (
            "phi-2",
            json!({"architectures": ["PhiForCausalLM"], "model_type": "phi", "hidden_act": "gelu_new",
            "hidden_size": 2560, "intermediate_size": 10240, "max_position_embeddings": 2048, "num_attention_heads": 32,
            "num_hidden_layers": 32, "num_key_value_heads": null, "vocab_size": 51200}),
        ),
        (
            "phi-4",
            json!({"architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "hidden_size": 5120,
            "intermediate_size": 17920, "max_position_embeddings": 16384, "num_attention_heads": 40,
            "num_hidden_layers": 40, "num_key_value_heads": 10, "sliding_window": null, "vocab_size": 100352}),
        ),
        (
            "gpt2-xl",
            json!({"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_ctx": 1024, "n_embd": 1600,
            "n_head": 25, "n_layer": 48, "n_positions": 1024, "vocab_size": 50257}),
        ),
        (
            "gpt-neox-20b",
            json!({"architectures": ["GPTNeoXForCausalLM"], "model_type": "gpt_neox", "hidden_act": "gelu_fast",
            "hidden_size": 6144, "intermediate_size": 24576, "max_position_embeddings": 2048,
            "num_attention_heads": 64, "num_hidden_layers": 44, "vocab_size": 50432, "tie_word_embeddings": false}),
        ),
        (
            "opt-6.7b",
            json!({"architectures": ["OPTForCausalLM"], "model_type": "opt", "ffn_dim": 16384,
            "hidden_size": 4096, "max_position_embeddings": 2048, "num_attention_heads": 32, "num_hidden_layers": 32,
            "vocab_size": 50272, "word_embed_proj_dim": 4096}),
        ),
        (
            "mpt-7b",
            json!({"architectures": ["MPTForCausalLM"], "model_type": "mpt", "d_model": 4096, "expansion_ratio": 4,
            "max_seq_len": 2048, "n_heads": 32, "n_layers": 32, "vocab_size": 50368, "attn_config": {"alibi": false}}),
        ),
        (
            "falcon-7b",
            json!({"architectures": ["FalconForCausalLM"], "model_type": "falcon", "alibi": false,
            "hidden_size": 4544, "multi_query": true, "new_decoder_architecture": false, "num_attention_heads": 71,
            "num_hidden_layers": 32, "num_kv_heads": 71, "vocab_size": 65024}),
        ),
        (
            "falcon-40b",
            json!({"architectures": ["RWForCausalLM"], "model_type": "RefinedWeb", "hidden_size": 8192,
            "n_head": 128, "n_head_kv": 8, "n_layer": 60, "new_decoder_architecture": true, "vocab_size": 65024}),
        ),
        (
            "bloom-7b1",
            json!({"architectures": ["BloomForCausalLM"], "model_type": "bloom", "n_embed": 4096,
            "hidden_size": 4096, "n_layer": 30, "num_attention_heads": 32, "seq_length": 2048, "vocab_size": 250880}),
        ),
        (
            "chatglm3-6b",
            json!({"architectures": ["ChatGLMModel"], "model_type": "chatglm", "ffn_hidden_size": 13696,
            "hidden_size": 4096, "kv_channels": 128, "multi_query_attention": true, "multi_query_group_num": 2,
            "num_attention_heads": 32, "num_layers": 28, "padded_vocab_size": 65024, "seq_length": 8192}),
        ),
        (
            "glm-4.5",
            json!({"architectures": ["Glm4MoeForCausalLM"], "model_type": "glm4_moe", "first_k_dense_replace": 3,
            "head_dim": 128, "hidden_size": 5120, "intermediate_size": 12288, "max_position_embeddings": 131072,
            "moe_intermediate_size": 1536, "n_routed_experts": 160, "n_shared_experts": 1, "num_attention_heads": 96,
            "num_experts_per_tok": 8, "num_hidden_layers": 92, "num_key_value_heads": 8,
            "num_nextn_predict_layers": 1, "vocab_size": 151552}),
        ),
        (
            "glm-5",
            json!({"architectures": ["GlmMoeDsaForCausalLM"], "model_type": "glm_moe_dsa", "num_hidden_layers": 78,
            "hidden_size": 6144, "num_attention_heads": 64, "num_key_value_heads": 64, "head_dim": 64,
            "intermediate_size": 12288, "vocab_size": 154880, "max_position_embeddings": 202752,
            "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8, "moe_intermediate_size": 2048,
            "moe_layer_freq": 1, "first_k_dense_replace": 3, "kv_lora_rank": 512, "q_lora_rank": 2048,
            "qk_nope_head_dim": 192, "qk_rope_head_dim": 64, "v_head_dim": 256, "index_n_heads": 32,
            "index_head_dim": 128, "index_topk": 2048, "num_nextn_predict_layers": 1}),
        ),
        (
            "minimax-m2.5",
            json!({"architectures": ["MiniMaxM2ForCausalLM"], "model_type": "minimax_m2", "head_dim": 128,
            "attn_type_list": (0..62).map(|_| 1).collect::<Vec<u32>>(), "hidden_size": 3072, "intermediate_size": 1536,
            "max_position_embeddings": 196608, "num_attention_heads": 48, "num_experts_per_tok": 8,
            "num_hidden_layers": 62, "num_key_value_heads": 8, "num_local_experts": 256, "shared_intermediate_size": 0,
            "vocab_size": 200064, "use_mtp": false}),
        ),
        (
            "minimax-text-01",
            json!({"architectures": ["MiniMaxText01ForCausalLM"], "model_type": "minimax_text_01",
            "attn_type_list": marks(80, |index| index % 8 == 7), "head_dim": 128, "hidden_size": 6144,
            "intermediate_size": 9216, "max_position_embeddings": 10240000, "num_attention_heads": 64,
            "num_experts_per_tok": 2, "num_hidden_layers": 80, "num_key_value_heads": 8, "num_local_experts": 32,
            "shared_intermediate_size": 0, "vocab_size": 200064}),
        ),
        (
            "gpt-oss-120b",
            json!({"architectures": ["GptOssForCausalLM"], "model_type": "gpt_oss", "head_dim": 64,
            "hidden_size": 2880, "intermediate_size": 2880, "layer_types": types(36, 2, "sliding_attention", "full_attention"),
            "max_position_embeddings": 131072, "num_attention_heads": 64, "num_experts_per_tok": 4,
            "num_hidden_layers": 36, "num_key_value_heads": 8, "num_local_experts": 128, "sliding_window": 128,
            "vocab_size": 201088, "quantization_config": {"quant_method": "mxfp4"}}),
        ),
        (
            "llama-4-scout",
            json!({"architectures": ["Llama4ForConditionalGeneration"], "model_type": "llama4",
            "text_config": {"attention_chunk_size": 8192, "head_dim": 128, "hidden_size": 5120, "interleave_moe_layer_step": 1,
                "intermediate_size": 8192, "intermediate_size_mlp": 16384, "max_position_embeddings": 10485760,
                "model_type": "llama4_text", "num_attention_heads": 40, "num_experts_per_tok": 1,
                "num_hidden_layers": 48, "num_key_value_heads": 8, "num_local_experts": 16, "vocab_size": 202048}}),
        ),
        (
            "nemotron-4-340b",
            json!({"architectures": ["NemotronForCausalLM"], "model_type": "nemotron", "hidden_act": "relu2",
            "hidden_size": 18432, "intermediate_size": 73728, "max_position_embeddings": 4096,
            "num_attention_heads": 96, "num_hidden_layers": 96, "num_key_value_heads": 8, "vocab_size": 256000}),
        ),
        (
            "nemotron-3-nano",
            json!({"architectures": ["NemotronHForCausalLM"], "model_type": "nemotron_h",
            "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME", "hidden_size": 2688,
            "intermediate_size": 1856, "mamba_num_heads": 64, "mamba_head_dim": 64, "ssm_state_size": 128, "n_groups": 8,
            "conv_kernel": 4, "head_dim": 128, "num_attention_heads": 32, "num_key_value_heads": 2,
            "n_routed_experts": 128, "num_experts_per_tok": 6, "moe_intermediate_size": 1856, "n_shared_experts": 1,
            "moe_shared_expert_intermediate_size": 3712, "vocab_size": 131072, "max_position_embeddings": 262144,
            "num_hidden_layers": 52, "mlp_hidden_act": "relu2"}),
        ),
        (
            "internlm2-20b",
            json!({"architectures": ["InternLM2ForCausalLM"], "model_type": "internlm2", "hidden_size": 6144,
            "intermediate_size": 16384, "max_position_embeddings": 32768, "num_attention_heads": 48,
            "num_hidden_layers": 48, "num_key_value_heads": 8, "vocab_size": 92544}),
        ),
        (
            "baichuan2-13b",
            json!({"architectures": ["BaichuanForCausalLM"], "model_type": "baichuan", "hidden_size": 5120,
            "intermediate_size": 13696, "model_max_length": 4096, "num_attention_heads": 40, "num_hidden_layers": 40,
            "vocab_size": 125696}),
        ),
        (
            "command-r-plus",
            json!({"architectures": ["CohereForCausalLM"], "model_type": "cohere", "hidden_size": 12288,
            "intermediate_size": 33792, "max_position_embeddings": 131072, "num_attention_heads": 96,
            "num_hidden_layers": 64, "num_key_value_heads": 8, "vocab_size": 256000}),
        ),
        (
            "olmo-2-13b",
            json!({"architectures": ["Olmo2ForCausalLM"], "model_type": "olmo2", "hidden_size": 5120,
            "intermediate_size": 13824, "max_position_embeddings": 4096, "num_attention_heads": 40,
            "num_hidden_layers": 40, "num_key_value_heads": 40, "vocab_size": 100352}),
        ),
        (
            "dbrx",
            json!({"architectures": ["DbrxForCausalLM"], "model_type": "dbrx", "d_model": 6144, "n_heads": 48,
            "n_layers": 40, "max_seq_len": 32768, "vocab_size": 100352, "attn_config": {"kv_n_heads": 8},
            "ffn_config": {"ffn_hidden_size": 10752, "moe_num_experts": 16, "moe_top_k": 4}}),
        ),
        (
            "mimo-v2-flash",
            json!({"architectures": ["MiMoV2FlashForCausalLM"], "model_type": "mimo_v2_flash",
            "vocab_size": 152576, "hidden_size": 4096, "num_hidden_layers": 48, "num_attention_heads": 64,
            "num_key_value_heads": 4, "head_dim": 192, "v_head_dim": 128, "swa_num_attention_heads": 64,
            "swa_num_key_value_heads": 8, "swa_head_dim": 192, "swa_v_head_dim": 128, "sliding_window": 128,
            "hybrid_layer_pattern": marks(48, |index| index != 0 && (index + 1) % 6 != 0),
            "moe_layer_freq": marks(48, |index| index != 0), "intermediate_size": 16384, "n_routed_experts": 256,
            "num_experts_per_tok": 8, "moe_intermediate_size": 2048, "max_position_embeddings": 262144}),
        ),
    ]
}

#[test]
fn usual_architectures_give_the_shapes_on_record() {
    let models = models();
    for (id, json) in configurations() {
        let found = read(&format!("somewhere/{id}/config.json"), &json.to_string())
            .unwrap_or_else(|error| panic!("{id}: {error}"));
        let ours = models.find(id).unwrap().model;
        let theirs = &found.model;
        assert_eq!(theirs.id, id);
        assert_eq!((theirs.hidden, theirs.vocabulary), (ours.hidden, ours.vocabulary), "{id}");
        let sorted = |model: &narrows_perf::model::Model| {
            let mut kinds: Vec<String> = model.layers.iter().map(|kind| format!("{kind:?}")).collect();
            kinds.sort();
            kinds
        };
        assert_eq!(sorted(theirs), sorted(&ours), "{id}");
        assert_eq!(theirs.tied_embeddings, ours.tied_embeddings, "{id}");
        assert_eq!(theirs.learned_positions, ours.learned_positions, "{id}");
        assert_eq!(theirs.maximum_context, ours.maximum_context, "{id}");
        assert!(theirs.provenance.notes.iter().all(|note| !note.contains("is not known;")), "{id}");
        if id != "deepseek-v4-flash" {
            let modules =
                |model: &narrows_perf::model::Model| model.prediction.map_or(0, |some| some.modules);
            assert_eq!(modules(theirs), modules(&ours), "{id}");
        }
    }
}

#[test]
fn quantization_is_noted() {
    let of = |id: &str| {
        let (_, json) = configurations().into_iter().find(|(name, _)| *name == id).unwrap();
        read("config.json", &json.to_string()).unwrap()
    };
    assert_eq!(of("deepseek-v3").quantization, Some(Scheme::Fp8Block));
    assert_eq!(of("kimi-k2.5").quantization, Some(Scheme::Int4Weight));
    assert_eq!(of("gpt-oss-120b").quantization, Some(Scheme::Mxfp4Weight));
    assert_eq!(of("phi-4").quantization, None);
    let notes = of("deepseek-v3").model.provenance.notes;
    assert!(notes.iter().any(|note| note.contains("fp8_block")), "{notes:?}");
}

#[test]
fn errors_say_what_to_do() {
    let message = |json: &str| read("models/odd/config.json", json).unwrap_err().to_string();
    assert!(message("{").contains("models/odd/config.json: EOF"));
    assert!(message("[1]").contains("expected an object, found a list"));
    let missing = message(r#"{"architectures": ["LlamaForCausalLM"], "hidden_sise": 4096}"#);
    assert!(missing.contains("`hidden_size` is missing"), "{missing}");
    assert!(missing.contains("did you mean `hidden_sise`"), "{missing}");
    let unknown = message(r#"{"architectures": ["LlamoForCausalLM"], "hidden_size": 64}"#);
    assert!(unknown.contains("nearest known is `llama`"), "{unknown}");
    let zero = message(
        r#"{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 0}"#,
    );
    assert!(zero.contains("num_attention_heads: expected a whole number from 1"), "{zero}");
    let uneven = message(
        r#"{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 3,
            "intermediate_size": 8, "vocab_size": 8}"#,
    );
    assert!(uneven.contains("divides 4 query heads, found 3"), "{uneven}");
}

#[test]
fn an_unknown_architecture_is_read_by_its_fields() {
    let text = r#"{"architectures": ["WonderForCausalLM"], "hidden_size": 1024, "num_hidden_layers": 4, "num_attention_heads": 8,
        "num_key_value_heads": 2, "intermediate_size": 4096, "vocab_size": 1000, "hidden_act": "silu"}"#;
    let found = read("wonder.json", text).unwrap();
    assert_eq!(found.model.id, "wonder");
    let notes = &found.model.provenance.notes;
    assert!(notes.iter().any(|note| note.contains("`WonderForCausalLM` is not known")), "{notes:?}");
    assert!(
        matches!(found.model.layers[0].attention, Attention::Grouped(attention) if attention.head_dim == 128)
    );
}

/// What a field may be made to hold.
fn hostile() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::ANY.prop_map(Value::from),
        (0_u32..8).prop_map(Value::from),
        (0_u64..5_000_000_000).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::collection::vec(-3_i32..200, 0..5).prop_map(Value::from),
        Just(json!({"alibi": 3, "kv_n_heads": -1, "full_attn_layers": [0], "head_dim": 0})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_content_brings_the_reader_down(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), hostile()), 1..4),
    ) {
        let mut all = configurations();
        let at = which.index(all.len());
        let (_, json) = &mut all[at];
        for (field, value) in changes {
            let nested = json.get("text_config").is_some();
            let object = if nested { json["text_config"].as_object_mut() } else { json.as_object_mut() };
            let object = object.unwrap();
            let keys: Vec<String> = object.keys().cloned().collect();
            object.insert(keys[field.index(keys.len())].clone(), value);
        }
        if let Ok(found) = read("config.json", &json.to_string()) {
            let model = found.model;
            let sane = |number: f64| number.is_finite() && number >= 0.0;
            prop_assert!(sane(model.total_parameters()) && model.total_parameters() > 0.0);
            prop_assert!(sane(model.kv_bytes_per_token(Scheme::Bf16)) && sane(model.prediction_parameters()));
            prop_assert!(model.active_parameters() <= model.total_parameters() * (1.0 + 1e-9));
            prop_assert!(sane(model.cache_bytes(Scheme::Bf16, 1e6)));
        }
    }

    #[test]
    fn no_text_brings_the_reader_down(text in ".{0,200}") {
        let _ = read(&text, &text);
    }
}
