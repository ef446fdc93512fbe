//! Arguments of `narrows perf`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum PerfCommand {
    /// What training a model takes: time, memory, energy and cost
    Train(Box<TrainCommand>),
    /// What serving a model gives: throughput, times, memory and cost
    Serve(Box<ServeCommand>),
    /// What several chips do for one model, side by side
    Compare(CompareCommand),
    /// How long one operator takes, or a table of operators
    Op(Box<OpCommand>),
    /// Predicted against measured, by chip, operator and precision
    Validate(ValidateCommand),
    /// Fit the constants of the kernels to measured tables
    Calibrate(CalibrateCommand),
}

/// Which chip is meant.
#[derive(Debug, Args)]
pub(crate) struct ChipArguments {
    /// Chip of the catalogue
    #[arg(long, value_name = "NAME")]
    pub(crate) chip: Option<String>,
    /// A chip of your own, as a data file
    #[arg(long, value_name = "FILE", conflicts_with = "chip")]
    pub(crate) chip_file: Option<PathBuf>,
    /// Suppose a figure, such as memory_bandwidth_gb_per_s=4000; repeatable
    #[arg(long, value_name = "FIGURE=NUMBER", value_parser = super::fact)]
    pub(crate) set: Vec<(String, String)>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct OpCommand {
    #[command(subcommand)]
    pub(crate) operator: Option<OperatorCommand>,
    /// Answer a table of operators (CSV); - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) batch: Option<PathBuf>,
    /// Where to write the answered table; standard output if not given
    #[arg(long, value_name = "FILE", requires = "batch")]
    pub(crate) output: Option<PathBuf>,
}

/// What every operator has.
#[derive(Debug, Args)]
pub(crate) struct OperatorArguments {
    #[command(flatten)]
    pub(crate) chip: ChipArguments,
    /// Code path, as in measured tables (such as vllm_default); the framework's usual one if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) kernel_source: Option<String>,
    /// Refuse a precision that the chip lacks instead of taking the fallback
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// A matrix product: activations (m x k) times weights (k x n)
    Gemm {
        #[command(flatten)]
        common: OperatorArguments,
        /// Rows of activations
        #[arg(long)]
        m: String,
        /// Columns of weights
        #[arg(long)]
        n: String,
        /// Inner dimension
        #[arg(long)]
        k: String,
        /// Precision
        #[arg(long, default_value = "bfloat16")]
        dtype: String,
    },
    /// Attention of prompts, or of one new token a sequence
    Attention {
        #[command(flatten)]
        common: OperatorArguments,
        /// Sequences
        #[arg(long)]
        batch: String,
        /// New tokens of each
        #[arg(long, default_value = "1")]
        q_len: String,
        /// Tokens attended to, the new ones included
        #[arg(long)]
        kv_len: String,
        /// Query heads
        #[arg(long)]
        heads: String,
        /// Key and value heads
        #[arg(long)]
        kv_heads: String,
        /// Width of a head
        #[arg(long, default_value = "128")]
        head_dim: String,
        /// Precision of queries
        #[arg(long, default_value = "bfloat16")]
        dtype: String,
        /// Precision of stored keys and values
        #[arg(long, default_value = "bfloat16")]
        kv_dtype: String,
    },
    /// Latent attention, without its projections
    Mla {
        #[command(flatten)]
        common: OperatorArguments,
        /// prefill or decode
        #[arg(long)]
        phase: String,
        /// Sequences
        #[arg(long)]
        batch: String,
        /// New tokens of each
        #[arg(long, default_value = "1")]
        q_len: String,
        /// Tokens attended to, the new ones included
        #[arg(long)]
        kv_len: String,
        /// Query heads
        #[arg(long)]
        heads: String,
        /// Precision of queries
        #[arg(long, default_value = "bfloat16")]
        dtype: String,
        /// Precision of stored latent vectors
        #[arg(long, default_value = "bfloat16")]
        kv_dtype: String,
    },
    /// The routed experts of a layer
    Experts {
        #[command(flatten)]
        common: OperatorArguments,
        /// Tokens
        #[arg(long)]
        tokens: String,
        /// Width of the model
        #[arg(long)]
        hidden: String,
        /// Inner width of an expert
        #[arg(long)]
        inter: String,
        /// Experts a token goes to
        #[arg(long)]
        topk: String,
        /// Experts of the layer
        #[arg(long)]
        experts: String,
        /// Chips among which the inner width is divided
        #[arg(long, default_value = "1")]
        tp: String,
        /// Chips among which experts are divided
        #[arg(long, default_value = "1")]
        ep: String,
        /// How tokens fall to experts: balanced, uniform, power_law_1.01, power_law_1.2
        #[arg(long, default_value = "balanced")]
        distribution: String,
        /// Precision
        #[arg(long, default_value = "bfloat16")]
        dtype: String,
    },
    /// An exchange between chips: all_reduce, all_gather, reduce_scatter, all_to_all, send_recv
    Collective {
        #[command(flatten)]
        common: OperatorArguments,
        /// What is exchanged
        #[arg(long)]
        op: String,
        /// Chips taking part
        #[arg(long)]
        n: String,
        /// Bytes of the whole buffer of one chip
        #[arg(long)]
        bytes: String,
        /// Chips of one node
        #[arg(long)]
        gpus_per_node: Option<String>,
    },
    /// Dispatch of tokens to experts on other chips, and combination of what comes back
    Exchange {
        #[command(flatten)]
        common: OperatorArguments,
        /// low_latency or normal
        #[arg(long, default_value = "normal")]
        mode: String,
        /// Nodes
        #[arg(long, default_value = "1")]
        nodes: String,
        /// Tokens of each chip
        #[arg(long)]
        tokens: String,
        /// Width of the model
        #[arg(long)]
        hidden: String,
        /// Experts a token goes to
        #[arg(long)]
        topk: String,
        /// Experts of the layer
        #[arg(long)]
        experts: String,
    },
    /// Element-wise work along rows: softmax, layernorm, gelu, rope, add
    Elementwise {
        #[command(flatten)]
        common: OperatorArguments,
        /// What is done
        #[arg(long)]
        op: String,
        /// Rows
        #[arg(long)]
        rows: String,
        /// Elements of a row
        #[arg(long)]
        cols: String,
        /// Precision
        #[arg(long, default_value = "float16")]
        dtype: String,
    },
}

impl OperatorCommand {
    /// Name of the operator, what all have in common, and what it works on by column.
    pub(crate) fn parts(&self) -> (&'static str, &OperatorArguments, Vec<(&'static str, &str)>) {
        match self {
            Self::Gemm { common, m, n, k, dtype } => {
                ("gemm", common, vec![("m", m), ("n", n), ("k", k), ("dtype", dtype)])
            }
            Self::Attention { common, batch, q_len, kv_len, heads, kv_heads, head_dim, dtype, kv_dtype } => (
                "attention",
                common,
                vec![
                    ("batch", batch),
                    ("q_len", q_len),
                    ("kv_len", kv_len),
                    ("heads", heads),
                    ("kv_heads", kv_heads),
                    ("head_dim", head_dim),
                    ("dtype", dtype),
                    ("kv_dtype", kv_dtype),
                ],
            ),
            Self::Mla { common, phase, batch, q_len, kv_len, heads, dtype, kv_dtype } => (
                "mla",
                common,
                vec![
                    ("phase", phase),
                    ("batch", batch),
                    ("q_len", q_len),
                    ("kv_len", kv_len),
                    ("heads", heads),
                    ("dtype", dtype),
                    ("kv_dtype", kv_dtype),
                ],
            ),
            Self::Experts { common, tokens, hidden, inter, topk, experts, tp, ep, distribution, dtype } => (
                "experts",
                common,
                vec![
                    ("tokens", tokens),
                    ("hidden", hidden),
                    ("inter", inter),
                    ("topk", topk),
                    ("experts", experts),
                    ("tp", tp),
                    ("ep", ep),
                    ("distribution", distribution),
                    ("dtype", dtype),
                ],
            ),
            Self::Collective { common, op, n, bytes, gpus_per_node } => {
                let mut shape: Vec<(&str, &str)> = vec![("op", op), ("n", n), ("bytes", bytes)];
                shape.extend(gpus_per_node.as_deref().map(|ranks| ("gpus_per_node", ranks)));
                ("collective", common, shape)
            }
            Self::Exchange { common, mode, nodes, tokens, hidden, topk, experts } => (
                "exchange",
                common,
                vec![
                    ("mode", mode),
                    ("nodes", nodes),
                    ("tokens", tokens),
                    ("hidden", hidden),
                    ("topk", topk),
                    ("experts", experts),
                ],
            ),
            Self::Elementwise { common, op, rows, cols, dtype } => {
                ("elementwise", common, vec![("op", op), ("rows", rows), ("cols", cols), ("dtype", dtype)])
            }
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ValidateCommand {
    /// Measured tables: of operators, or of whole results
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write one row per input row and metric
    #[arg(long, value_name = "FILE")]
    pub(crate) rows: Option<PathBuf>,
    /// Fit the constants anew, with whole configurations and whole chips left out
    #[arg(long)]
    pub(crate) leave_out: bool,
    /// Write the table of errors as a document
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CalibrateCommand {
    /// Folder with measured tables
    pub(crate) folder: PathBuf,
    /// Folder for the constants, such as data/calibration; only the errors are shown if not given
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Leave out the rows of a chip, by its name in the tables; repeatable
    #[arg(long, value_name = "NAME")]
    pub(crate) without: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TrainCommand {
    #[command(flatten)]
    pub(crate) chip: ChipArguments,
    /// Model, by name or as the path of a Hugging Face config.json
    #[arg(long)]
    pub(crate) model: String,
    /// Chips
    #[arg(long)]
    pub(crate) count: usize,
    /// Tokens of the whole run, such as 14.8e12
    #[arg(long)]
    pub(crate) tokens: Option<f64>,
    /// Precision of matrix products: bf16, fp8, fp8_block, nvfp4, ...
    #[arg(long, default_value = "bf16")]
    pub(crate) precision: String,
    /// Tokens of a sequence
    #[arg(long, value_name = "TOKENS")]
    pub(crate) sequence: Option<usize>,
    /// Sequences of a step
    #[arg(long, value_name = "SEQUENCES")]
    pub(crate) global_batch: Option<usize>,
    /// Tensor parallelism; without any of these the best execution is searched
    #[arg(long, value_name = "N")]
    pub(crate) tp: Option<usize>,
    /// Pipeline stages
    #[arg(long, value_name = "N")]
    pub(crate) pp: Option<usize>,
    /// Data parallelism; follows from the rest, and is checked if given
    #[arg(long, value_name = "N")]
    pub(crate) dp: Option<usize>,
    /// Expert parallelism
    #[arg(long, value_name = "N")]
    pub(crate) ep: Option<usize>,
    /// Context parallelism
    #[arg(long, value_name = "N")]
    pub(crate) cp: Option<usize>,
    /// Chunks of layers of each stage (interleaving)
    #[arg(long, value_name = "N")]
    pub(crate) vp: Option<usize>,
    /// Sequences that pass at once
    #[arg(long, value_name = "N")]
    pub(crate) micro_batch: Option<usize>,
    /// Stage of ZeRO, 0 to 3
    #[arg(long, value_name = "STAGE")]
    pub(crate) zero: Option<usize>,
    /// 1f1b, zero_bubble or dualpipe
    #[arg(long)]
    pub(crate) schedule: Option<String>,
    /// What is computed again: none, selective or full
    #[arg(long)]
    pub(crate) recompute: Option<String>,
    /// The word auto: the same as --auto
    #[arg(value_name = "auto", value_parser = ["auto"])]
    pub(crate) word: Option<String>,
    /// Search parallelism, batch and schedule; the default if none of them is given
    #[arg(long, conflicts_with_all = ["tp", "pp", "dp", "ep", "cp", "vp", "micro_batch", "zero", "schedule", "recompute"])]
    pub(crate) auto: bool,
    /// Network, by name; the one in which the chip is usually sold if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) network: Option<String>,
    /// US dollars for a chip and hour
    #[arg(long, value_name = "USD")]
    pub(crate) price_per_chip_hour: Option<f64>,
    /// Interruptions of a chip in a day
    #[arg(long, value_name = "RATE")]
    pub(crate) failures_per_chip_day: Option<f64>,
    /// Refuse a precision that the chip lacks instead of taking the fallback
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServeCommand {
    #[command(flatten)]
    pub(crate) chip: ChipArguments,
    /// Model, by name or as the path of a Hugging Face config.json
    #[arg(long)]
    pub(crate) model: String,
    /// Chips
    #[arg(long)]
    pub(crate) count: usize,
    /// Tokens of a prompt, on average
    #[arg(long, value_name = "TOKENS")]
    pub(crate) input: f64,
    /// Tokens of an answer, on average
    #[arg(long, value_name = "TOKENS")]
    pub(crate) output: f64,
    /// Share of prompts that is found in the prefix cache
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(crate) cached: f64,
    /// Mean time to first token at most, such as 2s or 500ms
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) ttft: Option<f64>,
    /// Mean time per output token at most, such as 50ms
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) tpot: Option<f64>,
    /// Requests under way at once; searched if not given
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<f64>,
    /// Tensor parallelism of a worker; without any of these the best execution is searched
    #[arg(long, value_name = "N")]
    pub(crate) tp: Option<usize>,
    /// Pipeline stages of a worker
    #[arg(long, value_name = "N")]
    pub(crate) pp: Option<usize>,
    /// Groups of a worker that attend to different sequences
    #[arg(long, value_name = "N")]
    pub(crate) attention_dp: Option<usize>,
    /// Groups of chips that hold different experts
    #[arg(long, value_name = "N")]
    pub(crate) ep: Option<usize>,
    /// Precision of dense weights: bf16, fp8, fp8_block, int8, nvfp4, ...; the narrowest of fp8, int8 and 16 bits that
    /// the chip has if not given
    #[arg(long)]
    pub(crate) precision: Option<String>,
    /// Precision of experts; that of dense weights if not given
    #[arg(long, value_name = "PRECISION")]
    pub(crate) expert_precision: Option<String>,
    /// Precision of cached keys and values
    #[arg(long, value_name = "PRECISION")]
    pub(crate) cache_precision: Option<String>,
    /// Let prompts have workers of their own
    #[arg(long)]
    pub(crate) disaggregate: bool,
    /// Serving software: trtllm, vllm or sglang
    #[arg(long, default_value = "trtllm")]
    pub(crate) software: String,
    /// Network, by name; the one in which the chip is usually sold if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) network: Option<String>,
    /// US dollars for a chip and hour
    #[arg(long, value_name = "USD")]
    pub(crate) price_per_chip_hour: Option<f64>,
    /// Replay requests one by one, for percentiles
    #[arg(long)]
    pub(crate) simulate: bool,
    /// Refuse a precision that the chip lacks instead of taking the fallback
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Seconds from `2s`, `50ms` or a bare number of seconds.
fn duration(text: &str) -> Result<f64, String> {
    let (number, unit) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1e-3),
        (None, Some(number)) => (number, 1.0),
        (None, None) => (text, 1.0),
    };
    let number: Option<f64> = number.trim().parse().ok();
    let seconds = number.map(|number| number * unit).filter(|seconds| seconds.is_finite() && *seconds > 0.0);
    seconds.ok_or_else(|| format!("expected a time such as 2s or 50ms, found `{text}`"))
}

#[derive(Debug, Args)]
pub(crate) struct CompareCommand {
    /// Chips of the catalogue; ratios are to the first
    #[arg(long, value_name = "NAMES", value_delimiter = ',', required = true)]
    pub(crate) chips: Vec<String>,
    /// Model, by name or as the path of a Hugging Face config.json
    #[arg(long)]
    pub(crate) model: String,
    /// Chips of a training run
    #[arg(long, value_name = "N", default_value_t = 1024)]
    pub(crate) train_count: usize,
    /// Chips of a server
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) serve_count: usize,
    /// Tokens of a prompt, on average
    #[arg(long, value_name = "TOKENS", default_value_t = 4096.0)]
    pub(crate) input: f64,
    /// Tokens of an answer, on average
    #[arg(long, value_name = "TOKENS", default_value_t = 1024.0)]
    pub(crate) output: f64,
    /// Mean time per output token at most
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "50ms")]
    pub(crate) tpot: f64,
}
