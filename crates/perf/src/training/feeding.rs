//! Time of what is done to each token: dense networks, routed experts with their exchange.

use super::communication::{RoutedTokens, exposed};
use super::layer::LayerTimer;
use super::parts::Operator;
use super::plan::real;
use crate::estimate::Estimate;
use crate::kernels::elementwise::{ElementwiseKind, ElementwiseShape};
use crate::kernels::gemm::GemmShape;
use crate::model::{DenseFeedForward, Experts};
use crate::precision::Scheme;

/// Launches around routed experts: routing, sorting, copying, weighting.
const EXPERT_OPERATORS: f64 = 16.0;

impl LayerTimer<'_> {
    pub(super) fn dense(&mut self, dense: &DenseFeedForward) {
        self.network(real(dense.inner), dense.gated);
    }

    fn network(&mut self, inner: f64, gated: bool) {
        let inner = inner / self.tensor;
        let into = if gated { 2.0 } else { 1.0 };
        self.product(Operator::FeedForward, self.tokens, into * inner, self.hidden);
        self.elementwise(ElementwiseKind::Activation, self.tokens, inner, 2.0 * into, 2.0);
        self.product(Operator::FeedForward, self.tokens, self.hidden, inner);
    }

    pub(super) fn experts(&mut self, experts: &Experts) {
        // Experts are divided over tensor ranks too, each with its part of the sequence.
        let tokens = self.tokens / self.tensor;
        let width = if experts.latent == 0 { self.hidden } else { real(experts.latent) };
        let top_k = real(experts.top_k);
        if experts.shared_inner > 0 {
            self.network(real(experts.shared_inner), experts.gated);
        }
        if experts.latent > 0 {
            self.product(Operator::Experts, tokens, width, self.hidden);
            self.product(Operator::Experts, tokens, self.hidden, width);
        }
        self.router(experts, tokens);
        self.grouped_products(experts, tokens * top_k, width);
        // Tokens are sorted by expert and put back, activations within.
        self.elementwise(ElementwiseKind::Add, tokens * top_k, width, 2.0, 2.0);
        self.elementwise(ElementwiseKind::Add, tokens * top_k, width, 2.0, 1.0);
        let into = if experts.gated { 2.0 } else { 1.0 };
        self.elementwise(ElementwiseKind::Activation, tokens * top_k, real(experts.inner), 2.0 * into, 2.0);
        self.expert_operators += EXPERT_OPERATORS;
        self.exchange(experts, tokens, width);
    }

    /// Products of the experts of a chip, one launch for all. A step has so many tokens that
    /// each expert's are a product of their own, unlike the few of serving; experts are
    /// kept balanced by the router's loss or bias.
    fn grouped_products(&mut self, experts: &Experts, pairs: f64, width: f64) {
        let scheme = self.slice.precision;
        let here = (real(experts.experts) / real(self.slice.expert)).max(1.0);
        let rows = pairs / here;
        let inner = real(experts.inner);
        let into = if experts.gated { 2.0 * inner } else { inner };
        let time = |m, n, k| {
            let one = self.means.machine.gemm(&GemmShape::new(m, n, k, scheme).prequantized());
            let times = here / self.means.software.experts_share;
            let one = self.in_step(scheme, one);
            Estimate { compute_s: times * one.compute_s, memory_s: times * one.memory_s, ..one }
        };
        let forward = time(rows, into, width) + time(rows, width, inner);
        let input = time(rows, width, into) + time(rows, inner, width);
        let weight = time(width, into, rows) + time(inner, width, rows);
        // The weights' gradient is summed in single precision: each is read and written,
        // however few tokens came.
        let sums = self.means.machine.elementwise(&ElementwiseShape {
            kind: ElementwiseKind::Add,
            rows: here * (into + inner),
            columns: width,
            read_bytes: 4.0,
            write_bytes: 4.0,
        });
        let weight = if sums.seconds() > weight.seconds() { sums } else { weight };
        self.passes.forward.add(Operator::Experts, forward);
        self.passes.input.add(Operator::Experts, input);
        self.passes.weight.add(Operator::Experts, weight);
        self.quantization(pairs, into + width, width + inner);
    }

    fn router(&mut self, experts: &Experts, tokens: f64) {
        let precision = self.slice.precision;
        self.slice.precision = Scheme::Bf16;
        self.product(Operator::Experts, tokens, real(experts.experts), self.hidden);
        self.slice.precision = precision;
    }

    fn exchange(&mut self, experts: &Experts, tokens: f64, width: f64) {
        if self.slice.expert < 2 {
            return;
        }
        let routed = RoutedTokens {
            tokens,
            hidden: width,
            top_k: real(experts.top_k),
            experts: real(experts.experts),
            ranks: real(self.slice.expert),
            dispatch_bytes: 2.0,
        };
        let exchange = self.means.domain.exchange(self.means.machine, &routed);
        let software = self.means.software;
        let within = routed.ranks <= self.means.domain.chips as f64;
        let exchange = exchange * if within { software.exchange_factor } else { software.exchange_fabric };
        let hidden = self.slice.overlap.expert;
        let (forward, backward) = self.under();
        self.passes.forward.add(Operator::ExpertParallel, exposed(exchange, hidden, forward));
        self.passes.input.add(Operator::ExpertParallel, exposed(exchange, hidden, backward));
    }
}
