//! The small grammar of the `parallelism` column: `TP=4;PP=8;CP=1;VP=5;EP=n/a;FSDP=0;MBS=1`,
//! `fsdp=FULL_SHARD; act_ckpt=True; mbs=8; ga=1`, `PP=16;EP=64 (8 nodes);ZeRO-1 DP; DualPipe`.

use narrows_perf::training::{Recomputation, Schedule, Sharding};

/// What a text says of a plan; what it does not say is nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    /// Tensor parallelism.
    pub tensor: Option<usize>,
    /// Stages.
    pub pipeline: Option<usize>,
    /// Replicas.
    pub data: Option<usize>,
    /// Context parallelism.
    pub context: Option<usize>,
    /// Expert parallelism.
    pub expert: Option<usize>,
    /// Chunks of a stage.
    pub virtual_stages: Option<usize>,
    /// Sequences that pass at once.
    pub micro_batch: Option<usize>,
    /// Micro batches of a replica.
    pub accumulation: Option<usize>,
    /// What is divided among replicas.
    pub sharding: Option<Sharding>,
    /// Among how many.
    pub shard_ranks: Option<usize>,
    /// What is computed again.
    pub recomputation: Option<Recomputation>,
    /// Sequence parallelism.
    pub sequence_parallel: Option<bool>,
    /// Order in the pipeline.
    pub schedule: Option<Schedule>,
    /// Parts that were not understood.
    pub unknown: Vec<String>,
}

impl Layout {
    /// Reads a text.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut layout = Self::default();
        for part in text.split([';', ',']).map(str::trim).filter(|part| !part.is_empty()) {
            if !layout.read_part(part) {
                layout.unknown.push(part.to_owned());
            }
        }
        layout
    }

    /// Whether nothing is said of how the model is divided.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let said = [self.tensor, self.pipeline, self.data, self.context, self.expert, self.micro_batch];
        said.iter().all(Option::is_none) && self.sharding.is_none() && self.schedule.is_none()
    }

    fn read_part(&mut self, part: &str) -> bool {
        match part.split_once(['=', ':']) {
            Some((key, value)) => self.read_pair(&key.trim().to_lowercase(), value),
            None => self.read_word(&part.to_lowercase()),
        }
    }

    fn read_pair(&mut self, key: &str, value: &str) -> bool {
        // `1 (2)` gives what another precision would take; `64 (8 nodes)` explains.
        let value = value.split('(').next().unwrap_or_default().trim().to_lowercase();
        let absent = matches!(value.as_str(), "n/a" | "na" | "" | "none" | "-");
        let number = value.split_whitespace().next().and_then(|word| word.parse::<usize>().ok());
        let yes = matches!(value.as_str(), "true" | "yes" | "on") || number.is_some_and(|number| number > 0);
        let slot = match key {
            "tp" | "t" | "tensor" | "mp" => &mut self.tensor,
            "pp" | "p" | "pipeline" => &mut self.pipeline,
            "dp" | "d" | "data" => &mut self.data,
            "cp" | "context" => &mut self.context,
            "ep" | "expert" => &mut self.expert,
            "vp" | "vpp" | "virtual" | "interleave" => &mut self.virtual_stages,
            "mbs" | "micro_batch" | "micro_batch_size" => &mut self.micro_batch,
            "ga" | "grad_accum" | "accumulation" => &mut self.accumulation,
            "fsdp" | "zero" | "sharding" | "hsdp" => return self.read_sharding(key, &value, number),
            "act_ckpt" | "recompute" | "ckpt" | "activation_checkpointing" => {
                return self.read_recomputation(&value, yes);
            }
            "sp" | "sequence_parallel" => {
                self.sequence_parallel = Some(yes);
                return true;
            }
            // Pods only say how replicas are placed.
            "pods" | "etp" | "nodes" | "gbs" => return absent || number.is_some(),
            _ => return false,
        };
        match number {
            Some(number) => *slot = Some(number.max(1)),
            None => return absent,
        }
        true
    }

    fn read_sharding(&mut self, key: &str, value: &str, number: Option<usize>) -> bool {
        let found = match (value, number) {
            ("full_shard" | "hybrid_shard" | "true" | "full", _) => Sharding::Parameters,
            ("shard_grad_op", _) => Sharding::Gradients,
            ("no_shard" | "false", _) => Sharding::None,
            (_, Some(stage)) if key == "zero" => {
                Sharding::ALL.get(stage).copied().unwrap_or(Sharding::Parameters)
            }
            // Zero ranks: not used; the framework's default stands.
            (_, Some(0)) => return true,
            (_, Some(ranks)) => {
                self.shard_ranks = Some(ranks);
                Sharding::Parameters
            }
            ("n/a" | "", None) => return true,
            _ => return false,
        };
        self.sharding = Some(found);
        true
    }

    fn read_recomputation(&mut self, value: &str, yes: bool) -> bool {
        self.recomputation = Some(match value {
            "selective" => Recomputation::Selective,
            "none" | "false" | "no" | "0" => Recomputation::None,
            "full" => Recomputation::Full,
            _ if yes => Recomputation::Full,
            _ => return false,
        });
        true
    }

    fn read_word(&mut self, word: &str) -> bool {
        if let Some(at) = word.find("zero-") {
            let stage = word.get(at + 5..).and_then(|rest| rest.chars().next()).and_then(|c| c.to_digit(10));
            self.sharding = stage.and_then(|stage| Sharding::ALL.get(stage as usize).copied());
            return self.sharding.is_some();
        }
        let schedule = [
            ("dualpipe", Schedule::DualPipe),
            ("zero-bubble", Schedule::ZeroBubble),
            ("zero bubble", Schedule::ZeroBubble),
            ("zb", Schedule::ZeroBubble),
            ("1f1b", Schedule::OneForwardOneBackward),
            ("interleaved", Schedule::OneForwardOneBackward),
        ];
        if let Some((_, schedule)) = schedule.iter().find(|(name, _)| word.contains(name)) {
            self.schedule = Some(*schedule);
            return true;
        }
        match word {
            "fsdp" => self.sharding = Some(Sharding::Parameters),
            "ddp" | "dp" => self.sharding = Some(Sharding::None),
            _ if word.starts_with("distributed optimizer") => self.sharding = Some(Sharding::Optimizer),
            // `TP4`, `PP 8`: a key and a number without a sign between them.
            _ => {
                let digits = word.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
                let (key, value) = word.split_at(digits);
                return !key.trim().is_empty() && self.read_pair(key.trim().trim_end_matches('-'), value);
            }
        }
        true
    }
}
