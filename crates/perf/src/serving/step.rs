//! [`Worker::step`]: one pass of a mixed batch, prompts in part and new tokens, through all
//! layers.

mod attention;

use serde::Serialize;

use super::Worker;
use crate::estimate::Estimate;
use crate::kernels::collective::{CollectiveMethod, CollectiveOperation, CollectiveShape, LinkClass};
use crate::kernels::elementwise::{ElementwiseKind, ElementwiseShape};
use crate::kernels::exchange::ExchangeShape;
use crate::kernels::experts::ExpertsShape;
use crate::kernels::gemm::GemmShape;
use crate::model::{Attention, Experts, FeedForward};
use crate::precision::Scheme;

/// What one step works on, over all chips of the worker.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Batch {
    /// Sequences that get one more token.
    pub decoding: f64,
    /// Tokens that each of them has already, on average.
    pub context: f64,
    /// New tokens of each decoding sequence: one, or more where drafts are verified.
    pub new_tokens: f64,
    /// Prompts of which a part is taken in.
    pub prompts: f64,
    /// Tokens taken in of each.
    pub prompt_tokens: f64,
    /// Tokens of each that were taken in before (or found in the prefix cache).
    pub prompt_context: f64,
}

impl Batch {
    /// Decoding alone.
    #[must_use]
    pub fn decode(sequences: f64, context: f64) -> Self {
        Self { decoding: sequences, context, new_tokens: 1.0, ..Self::default() }
    }

    /// Prompts alone.
    #[must_use]
    pub fn prefill(prompts: f64, tokens: f64, before: f64) -> Self {
        Self { prompts, prompt_tokens: tokens, prompt_context: before, new_tokens: 1.0, ..Self::default() }
    }

    /// Tokens in all.
    #[must_use]
    pub fn tokens(&self) -> f64 {
        self.decoding * self.new_tokens + self.prompts * self.prompt_tokens
    }
}

/// What the time of a step goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Dense products: projections, dense networks, shared experts, router.
    Products,
    /// Attention of prompts.
    PromptAttention,
    /// Attention of decoding sequences.
    DecodeAttention,
    /// Routed experts.
    Experts,
    /// Norms, rotary positions, activations, recurrences.
    Elementwise,
    /// All-reduce and its like.
    Collectives,
    /// Dispatch to experts and combination.
    Exchange,
    /// Embedding, head and choice of the next token.
    Head,
    /// Work of the host between steps.
    Host,
}

impl Part {
    /// All of them, in the order of [`Part::index`].
    pub const ALL: [Self; 9] = [
        Self::Products,
        Self::PromptAttention,
        Self::DecodeAttention,
        Self::Experts,
        Self::Elementwise,
        Self::Collectives,
        Self::Exchange,
        Self::Head,
        Self::Host,
    ];

    /// Position in [`Part::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Words for tables.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::PromptAttention => "attention, prompts",
            Self::DecodeAttention => "attention, decoding",
            Self::Experts => "experts",
            Self::Elementwise => "element-wise",
            Self::Collectives => "collectives",
            Self::Exchange => "expert exchange",
            Self::Head => "embedding and head",
            Self::Host => "host",
        }
    }
}

/// The time of a step by part and cause; the parts add up to the whole.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Step {
    /// In the order of [`Part::ALL`].
    pub parts: [Estimate; Part::ALL.len()],
}

impl Step {
    /// Seconds in all.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.total().seconds()
    }

    /// All parts by cause.
    #[must_use]
    pub fn total(&self) -> Estimate {
        self.parts.iter().copied().sum()
    }

    /// One part.
    #[must_use]
    pub fn part(&self, part: Part) -> Estimate {
        self.parts.get(part.index()).copied().unwrap_or_default()
    }

    /// Adds time to a part.
    pub fn add(&mut self, part: Part, estimate: Estimate) {
        if let Some(sum) = self.parts.get_mut(part.index()) {
            *sum += estimate;
        }
    }

    fn add_all(&mut self, other: &Self, times: f64) {
        for (sum, more) in self.parts.iter_mut().zip(&other.parts) {
            *sum += *more * times;
        }
    }
}

impl std::ops::Mul<f64> for Step {
    type Output = Self;

    fn mul(self, by: f64) -> Self {
        Self { parts: self.parts.map(|part| part * by) }
    }
}

impl std::ops::Sub for Step {
    type Output = Self;

    fn sub(mut self, other: Self) -> Self {
        self.add_all(&other, -1.0);
        self
    }
}

/// Bytes of an activation between operators.
const ACTIVATION_BYTES: f64 = 2.0;

/// The batch as one chip sees it.
#[derive(Debug, Clone, Copy)]
struct Share {
    /// Rows of the products.
    tokens: f64,
    /// Tokens over all groups that share the experts.
    all_tokens: f64,
    /// Decoding sequences.
    decoding: f64,
    context: f64,
    new_tokens: f64,
    prompts: f64,
    prompt_tokens: f64,
    prompt_context: f64,
    tensor: f64,
}

/// Counts are far below 2^53.
const fn real(count: usize) -> f64 {
    count as f64
}

impl Worker<'_> {
    /// Time of one step on the chips: without the host.
    #[must_use]
    pub fn step(&self, batch: &Batch) -> Step {
        let share = self.share(batch);
        let mut step = Step::default();
        for kind in self.model.layer_kinds() {
            let mut layer = Step::default();
            self.attention(&kind.attention, &share, &mut layer);
            self.feed_forward(&kind.feed_forward, &share, &mut layer);
            step.add_all(&layer, real(kind.count));
        }
        self.ends(&share, &mut step);
        self.hops(&share, &mut step);
        step
    }

    /// Time of one pass through the further-token module and its head.
    #[must_use]
    pub fn draft(&self, batch: &Batch) -> Step {
        let mut step = Step::default();
        let Some(prediction) = self.model.prediction else { return step };
        let share = self.share(batch);
        let hidden = real(self.model.hidden);
        self.product(share.tokens, hidden, 2.0 * hidden, &mut step, Part::Products);
        self.attention(&prediction.layer.attention, &share, &mut step);
        self.feed_forward(&prediction.layer.feed_forward, &share, &mut step);
        self.ends(&share, &mut step);
        step
    }

    fn share(&self, batch: &Batch) -> Share {
        let parallelism = &self.deployment.parallelism;
        let groups = real(parallelism.attention_data) * real(parallelism.pipeline);
        // A group cannot have a part of a sequence: the fullest group sets the pace.
        let here = |sequences: f64| {
            if sequences <= 0.0 { 0.0 } else { (sequences / groups).max(sequences.min(1.0)) }
        };
        let (decoding, prompts) = (here(batch.decoding), here(batch.prompts));
        Share {
            tokens: decoding * batch.new_tokens + prompts * batch.prompt_tokens,
            all_tokens: (batch.tokens() / real(parallelism.pipeline)).max(1.0),
            decoding,
            context: batch.context.max(1.0),
            new_tokens: batch.new_tokens.max(1.0),
            prompts,
            prompt_tokens: batch.prompt_tokens,
            prompt_context: batch.prompt_context,
            tensor: real(parallelism.tensor),
        }
    }

    fn product(&self, m: f64, n: f64, k: f64, step: &mut Step, part: Part) {
        let scheme = if part == Part::Head { Scheme::Bf16 } else { self.deployment.weights };
        if m > 0.0 && n > 0.0 && k > 0.0 {
            step.add(part, self.machine.gemm(&GemmShape::new(m, n.max(1.0), k.max(1.0), scheme)));
        }
    }

    fn elementwise(&self, kind: ElementwiseKind, rows: f64, columns: f64, reads: f64, step: &mut Step) {
        if rows > 0.0 && columns > 0.0 {
            let shape = ElementwiseShape {
                kind,
                rows,
                columns: columns.max(1.0),
                read_bytes: reads * ACTIVATION_BYTES,
                write_bytes: ACTIVATION_BYTES,
            };
            step.add(Part::Elementwise, self.machine.elementwise(&shape));
        }
    }

    /// A collective among the chips of one tensor-parallel group, over both tiers where it
    /// spans more than one domain.
    fn collective(&self, operation: CollectiveOperation, ranks: f64, bytes: f64) -> Estimate {
        let domain = real(self.domain.chips);
        let within = |operation, ranks: f64, bytes| {
            self.machine.collective(&CollectiveShape {
                operation,
                ranks,
                bytes,
                link: self.domain.link,
                bandwidth: self.domain.bandwidth,
                method: CollectiveMethod::Framework,
            })
        };
        if ranks <= domain {
            return within(operation, ranks, bytes);
        }
        // Reduce within the domain, exchange each chip's part beyond, gather within.
        let beyond = self.machine.collective(&CollectiveShape {
            operation,
            ranks: (ranks / domain).ceil(),
            bytes: bytes / domain,
            link: LinkClass::Fabric,
            bandwidth: self.domain.fabric_bandwidth,
            method: CollectiveMethod::Library,
        });
        let near = if operation == CollectiveOperation::AllReduce {
            within(CollectiveOperation::ReduceScatter, domain, bytes)
                + within(CollectiveOperation::AllGather, domain, bytes)
        } else {
            within(operation, domain, bytes)
        };
        near + beyond
    }

    fn all_reduce(&self, rows: f64, step: &mut Step) {
        let ranks = real(self.deployment.parallelism.tensor);
        let bytes = rows * real(self.model.hidden) * ACTIVATION_BYTES;
        step.add(Part::Collectives, self.collective(CollectiveOperation::AllReduce, ranks, bytes));
    }

    fn attention(&self, attention: &Attention, share: &Share, step: &mut Step) {
        if matches!(attention, Attention::None) {
            return;
        }
        self.elementwise(ElementwiseKind::Normalization, share.tokens, real(self.model.hidden), 2.0, step);
        match attention {
            Attention::Grouped(grouped) => self.grouped(grouped, share, step),
            Attention::Latent(latent) => self.latent(latent, share, step),
            Attention::Linear(linear) => self.linear(linear, share, step),
            Attention::None => {}
        }
        self.all_reduce(share.tokens, step);
    }

    fn feed_forward(&self, feed_forward: &FeedForward, share: &Share, step: &mut Step) {
        if matches!(feed_forward, FeedForward::None) {
            return;
        }
        self.elementwise(ElementwiseKind::Normalization, share.tokens, real(self.model.hidden), 2.0, step);
        match feed_forward {
            FeedForward::Dense(dense) => {
                self.dense(real(dense.inner), dense.gated, share, step);
                self.all_reduce(share.tokens, step);
            }
            FeedForward::Experts(experts) => self.experts(experts, share, step),
            FeedForward::None => {}
        }
    }

    fn dense(&self, inner: f64, gated: bool, share: &Share, step: &mut Step) {
        let hidden = real(self.model.hidden);
        let (inner, up) = (inner / share.tensor, if gated { 2.0 } else { 1.0 });
        self.product(share.tokens, up * inner, hidden, step, Part::Products);
        self.elementwise(ElementwiseKind::Activation, share.tokens, inner, up, step);
        self.product(share.tokens, hidden, inner, step, Part::Products);
    }

    fn experts(&self, experts: &Experts, share: &Share, step: &mut Step) {
        let hidden = real(self.model.hidden);
        let parallelism = &self.deployment.parallelism;
        let width = if experts.latent == 0 { hidden } else { real(experts.latent) };
        let router = GemmShape::new(share.tokens, real(experts.experts), hidden, Scheme::Bf16);
        step.add(Part::Products, self.machine.gemm(&router));
        self.elementwise(ElementwiseKind::Softmax, share.tokens, real(experts.experts), 1.0, step);
        if experts.latent > 0 {
            self.product(share.tokens, width, hidden, step, Part::Products);
            self.product(share.tokens, hidden, width, step, Part::Products);
        }
        if experts.shared_inner > 0 {
            self.dense(real(experts.shared_inner), experts.gated, share, step);
        }
        let shape = self.routed(experts, width, share);
        step.add(Part::Experts, self.machine.experts(&shape));
        if parallelism.attention_data > 1 {
            self.exchange(experts, width, share, step);
        } else {
            self.all_reduce(share.tokens, step);
        }
    }

    /// The work of routed experts on one chip. Where every chip attends to all tokens, each
    /// sorts all of them for its experts; where groups exchange tokens, a chip gets only
    /// those that are for its own experts.
    fn routed(&self, experts: &Experts, width: f64, share: &Share) -> ExpertsShape {
        let parallelism = &self.deployment.parallelism;
        let shape = ExpertsShape {
            tokens: share.all_tokens,
            hidden: width,
            intermediate: real(experts.inner),
            top_k: real(experts.top_k),
            experts: real(experts.experts),
            tensor_parallel: real(parallelism.expert_tensor),
            expert_parallel: real(parallelism.expert),
            skew: self.deployment.skew,
            gated: experts.gated,
            scheme: self.deployment.experts,
        };
        if parallelism.attention_data < 2 || parallelism.expert < 2 {
            return shape;
        }
        let groups = shape.expert_parallel;
        let sent = 1.0 - (1.0 - 1.0 / groups).powf(shape.top_k);
        ExpertsShape {
            tokens: (shape.tokens * sent).max(1.0),
            top_k: (shape.top_k / groups / sent).max(1.0),
            experts: (shape.experts / groups).max(1.0),
            expert_parallel: 1.0,
            ..shape
        }
    }

    fn exchange(&self, experts: &Experts, width: f64, share: &Share, step: &mut Step) {
        let ranks = real(self.deployment.parallelism.stage_chips());
        let shape = ExchangeShape {
            tokens: share.tokens.max(1.0),
            hidden: width,
            top_k: real(experts.top_k),
            experts: real(experts.experts),
            ranks,
            nodes: (ranks / real(self.domain.chips)).ceil().max(1.0),
            low_latency: share.prompts <= 0.0,
            cores: 0.0,
            dispatch_bytes: self.deployment.experts.activation_bytes(),
            combine_bytes: ACTIVATION_BYTES,
            link: self.domain.link,
            node_bandwidth: self.domain.bandwidth,
            fabric_bandwidth: self.domain.fabric_bandwidth,
        };
        step.add(Part::Exchange, self.machine.exchange(&shape));
    }

    /// Embedding, final norm, head and choice of the next token.
    fn ends(&self, share: &Share, step: &mut Step) {
        let hidden = real(self.model.hidden);
        let vocabulary = real(self.model.vocabulary);
        let embedding = ElementwiseShape {
            kind: ElementwiseKind::Embedding,
            rows: share.tokens,
            columns: hidden,
            read_bytes: ACTIVATION_BYTES,
            write_bytes: ACTIVATION_BYTES,
        };
        step.add(Part::Head, self.machine.elementwise(&embedding));
        let rows = share.decoding * share.new_tokens + share.prompts;
        self.product(rows, vocabulary / share.tensor, hidden, step, Part::Head);
        let sampling = ElementwiseShape {
            kind: ElementwiseKind::Sampling,
            rows: rows.max(1.0),
            columns: vocabulary,
            read_bytes: ACTIVATION_BYTES,
            write_bytes: 0.0,
        };
        step.add(Part::Head, self.machine.elementwise(&sampling));
        let logits = rows * vocabulary * ACTIVATION_BYTES;
        step.add(Part::Collectives, self.collective(CollectiveOperation::AllGather, share.tensor, logits));
    }

    /// Activations handed from stage to stage.
    fn hops(&self, share: &Share, step: &mut Step) {
        let parallelism = &self.deployment.parallelism;
        if parallelism.pipeline < 2 {
            return;
        }
        let far = parallelism.chips() > self.domain.chips;
        let (link, bandwidth) = if far {
            (LinkClass::Fabric, self.domain.fabric_bandwidth)
        } else {
            (self.domain.link, self.domain.bandwidth)
        };
        let hop = self.machine.collective(&CollectiveShape {
            operation: CollectiveOperation::SendReceive,
            ranks: 2.0,
            bytes: share.tokens * real(self.model.hidden) * ACTIVATION_BYTES / share.tensor,
            link,
            bandwidth,
            method: CollectiveMethod::Framework,
        });
        step.add(Part::Collectives, hop * (real(parallelism.pipeline) - 1.0));
    }
}
