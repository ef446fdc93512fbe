//! Models: every file reads, every name of the measured tables resolves, and the shapes give
//! the parameters that their makers state.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test code: a panic is the report")]

use std::fs;
use std::path::{Path, PathBuf};

use narrows_catalog::DataFile;
use narrows_perf::model::{AttentionCount, Models};
use narrows_perf::precision::Scheme;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data")
}

fn texts(folder: &str) -> Vec<(String, String)> {
    let mut files: Vec<_> = fs::read_dir(data().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            (format!("{folder}/{name}"), fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn models() -> Models {
    let texts = texts("models");
    Models::read(texts.iter().map(|(path, text)| DataFile { path, text }))
        .unwrap_or_else(|problems| panic!("{problems}"))
}

/// Shapes whose parameters differ from the stated ones by more than three percent (ten for
/// those in use by a token, which makers count and round differently), and why.
const DEVIATIONS: &[(&str, &str)] = &[
    ("gopher-280b", "the projection of relative positions (80 x 16384 x 16384) is left out"),
    ("chinchilla-70b", "the projection of relative positions (80 x 8192 x 8192) is left out"),
    ("opt-350m", "its embedding is half as wide as taken"),
];

#[test]
fn shapes_give_the_stated_parameters() {
    let mut wrong = Vec::new();
    for model in models().all() {
        let (total, active) = model.deviation();
        let far =
            |deviation: Option<f64>, limit: f64| deviation.is_some_and(|deviation| deviation.abs() > limit);
        if (far(total, 0.03) || far(active, 0.10)) && !DEVIATIONS.iter().any(|(id, _)| *id == model.id) {
            wrong.push(format!(
                "{}: {:.2} of {:.2} billion ({:+.1}%), active {:.2} ({:+.1}%)",
                model.id,
                model.total_parameters() / 1e9,
                model.stated.total.unwrap_or(0.0) / 1e9,
                100.0 * total.unwrap_or(0.0),
                model.active_parameters() / 1e9,
                100.0 * active.unwrap_or(0.0),
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Names as the measured tables and their kin write them, with the id that is meant.
const NAMES: &[(&str, &str)] = &[
    ("MPT-70b", "mpt-70b"),
    ("MPT-760m", "mpt-760m"),
    ("LLAMA3_70B", "llama-3-70b"),
    ("LLAMA3.1_405B", "llama-3.1-405b"),
    ("LLAMA3_8B", "llama-3-8b"),
    ("DeepSeekV3", "deepseek-v3"),
    ("DeepSeekV3 (w/o MTP)", "deepseek-v3"),
    ("DeepSeekV3 (w/ MTP)", "deepseek-v3"),
    ("DeepSeekV3 (tokendrop)", "deepseek-v3"),
    ("Qwen3_30B_a3B (tokendrop)", "qwen3-30b-a3b"),
    ("Qwen3_235B_a22B", "qwen3-235b-a22b"),
    ("GPT OSS 120B", "gpt-oss-120b"),
    ("Nemotron_3_Nano", "nemotron-3-nano"),
    ("Nemotron_3_Super", "nemotron-3-super"),
    ("GPT-1.7B", "megatron-gpt-1.7b"),
    ("GPT-3.6B", "megatron-gpt-3.6b"),
    ("GPT-7.5B", "megatron-gpt-7.5b"),
    ("GPT-18.4B", "megatron-gpt-18.4b"),
    ("GPT-39.1B", "megatron-gpt-39.1b"),
    ("GPT-76.1B", "megatron-gpt-76.1b"),
    ("GPT-145.6B", "megatron-gpt-145.6b"),
    ("GPT-310.1B", "megatron-gpt-310.1b"),
    ("GPT-529.6B", "megatron-gpt-529.6b"),
    ("GPT-1008.0B", "megatron-gpt-1008b"),
    ("22B", "megatron-gpt-22b"),
    ("530B", "megatron-gpt-529.6b"),
    ("1T", "megatron-gpt-1008b"),
    ("GPT-3 175B", "gpt-3-175b"),
    ("GPT-3 175B (larger vocab)", "megatron-core-gpt-177b"),
    ("GPT-3 175B (MLPerf v3.1)", "gpt-3-175b"),
    ("GPT 462B", "megatron-core-gpt-462b"),
    ("GPT 2B", "megatron-core-gpt-2.1b"),
    ("MT-NLG 530B", "megatron-turing-nlg-530b"),
    ("Llama-3.1-405B (MLPerf v5.1)", "llama-3.1-405b"),
    ("DeepSeek-V3 671B", "deepseek-v3"),
    ("DeepSeek-V3/R1", "deepseek-v3"),
    ("DeepSeek-R1", "deepseek-r1"),
    ("Pangu-Ultra-MoE 718B", "pangu-ultra-moe-718b"),
    ("Aquila-7B", "aquila-7b"),
    ("Baichuan2-13B", "baichuan2-13b"),
    ("Bloom-7B1", "bloom-7b1"),
    ("Bloom-176B", "bloom-176b"),
    ("LLaMA-33B", "llama-1-33b"),
    ("LLaMA2-34B", "llama-2-34b"),
    ("Llama-3.3-70B", "llama-3.3-70b"),
    ("Llama-4-Maverick", "llama-4-maverick"),
    ("PaLM 540B", "palm-540b"),
    ("meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b"),
    ("nvidia/Llama-3.1-8B-Instruct-FP8", "llama-3.1-8b"),
    ("Qwen/Qwen3-235B-A22B-FP8", "qwen3-235b-a22b"),
    ("Qwen/Qwen3-30B-A3B-Instruct-2507", "qwen3-30b-a3b"),
    ("Qwen/Qwen3.5-397B-A17B", "qwen3.5-397b-a17b"),
    ("nvidia/Qwen3-32B-NVFP4", "qwen3-32b"),
    ("nvidia/DeepSeek-V3.1-NVFP4", "deepseek-v3"),
    ("deepseek-ai/DeepSeek-R1-0528", "deepseek-r1"),
    ("moonshotai/Kimi-K2.5", "kimi-k2.5"),
    ("zhipuai/GLM-5", "glm-5"),
    ("MiniMaxAI/MiniMax-M2.5", "minimax-m2.5"),
    ("openai/gpt-oss-120b", "gpt-oss-120b"),
];

#[test]
fn names_of_the_measured_tables_resolve() {
    let models = models();
    for (name, id) in NAMES {
        match models.find(name) {
            Ok(named) => assert_eq!(named.model.id, *id, "{name}"),
            Err(error) => panic!("{error}"),
        }
    }
    for model in models.all() {
        let tuned = [format!("somebody/{}-Instruct-FP8", model.id), model.name.to_uppercase()];
        for name in tuned {
            assert_eq!(models.find(&name).unwrap().model.id, model.id, "{name}");
        }
    }
}

#[test]
fn suffixes_say_what_they_say() {
    let models = models();
    let without = models.find("DeepSeekV3 (w/o MTP)").unwrap();
    assert_eq!((without.prediction, without.model.prediction), (Some(false), None));
    let with = models.find("DeepSeekV3 (w/ MTP)").unwrap();
    assert!(with.prediction == Some(true) && with.model.prediction.is_some());
    let dropping = models.find("Qwen3_30B_a3B (tokendrop)").unwrap();
    assert!(dropping.drops_tokens && dropping.prediction.is_none());
    let unknown = models.find("Deepsek-v3").unwrap_err().to_string();
    assert!(unknown.contains("did you mean `deepseek-v3`"), "{unknown}");
    for hostile in ["", "/", "(", "-instruct", "\u{0}", "ß".repeat(10_000).as_str()] {
        assert!(models.find(hostile).is_err());
    }
}

/// Cache of a token in bytes at 16 bits, as stated in "Insights into DeepSeek-V3"
/// (arXiv 2505.09343), table 1; and its operations per token in training, table 2.
#[test]
fn caches_and_operations_agree_with_published_ones() {
    let models = models();
    let kilobytes = |name: &str| models.find(name).unwrap().model.kv_bytes_per_token(Scheme::Bf16) / 1000.0;
    for (name, stated) in [("deepseek-v3", 70.272), ("qwen2.5-72b", 327.680), ("llama-3.1-405b", 516.096)] {
        assert!((kilobytes(name) - stated).abs() < 0.001, "{name}: {}", kilobytes(name));
    }
    let gigaflops = |name: &str| {
        let model = models.find(name).unwrap().model.without_prediction();
        model.training_flops_per_token(4096.0, AttentionCount::Causal) / 1e9
    };
    for (name, stated) in
        [("deepseek-v2", 155.0), ("deepseek-v3", 250.0), ("qwen2.5-72b", 394.0), ("llama-3.1-405b", 2448.0)]
    {
        let deviation = gigaflops(name) / stated - 1.0;
        assert!(deviation.abs() < 0.15, "{name}: {} instead of {stated}", gigaflops(name));
    }
}

/// Narayanan et al. 2021: their equation against our own count.
#[test]
fn megatron_formula_agrees_with_the_walk_over_layers() {
    let models = models();
    for name in ["GPT-1.7B", "GPT-39.1B", "GPT-145.6B", "GPT-1008B"] {
        let model = models.find(name).unwrap().model;
        let ours = 2048.0 * model.training_flops_per_token(2048.0, AttentionCount::Full);
        let theirs = model.megatron_flops(1.0, 2048.0, false);
        assert!((ours / theirs - 1.0).abs() < 1e-9, "{name}: {ours} against {theirs}");
        assert!(model.megatron_flops(1.0, 2048.0, true) > 1.2 * theirs);
        let palm = 2048.0 * model.palm_flops_per_token(2048.0);
        assert!((palm / theirs - 1.0).abs() < 0.02, "{name}: {palm} against {theirs}");
    }
}
