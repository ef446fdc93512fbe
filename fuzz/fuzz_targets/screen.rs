//! Any text as a name to screen.
//!
//! Nothing may panic; a name is refused with a reason or answered with hits in order, each at or above the
//! threshold; only an exact hit has the full score; and the same name is answered alike twice.

#![no_main]

use std::sync::{Arc, OnceLock};

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use narrows::matching::{Options, Screener, Strength};
use narrows::{NamedEdition, Workbench};

/// Words of names in several scripts.
const WORDS: &str = "\
    Huawei Technologies Co Ltd GmbH JSC SMIC Beijing University of 华为 技術有限公司 大学 Алмаз-Антей ООО \
    ハイクビジョン 주식회사 شركة \u{202e} \u{202c} \u{200b} \u{430} \u{ff28} ( ) & . ' 54th S.A.";

static NAMED: OnceLock<Arc<NamedEdition>> = OnceLock::new();

fn named() -> &'static NamedEdition {
    NAMED.get_or_init(|| {
        let first = "2026-07-09".parse().expect("a day");
        Workbench::default().named_edition(Some(first)).expect("the embedded lists are sound")
    })
}

fuzz_target!(
    init: {
        named();
    },
    |bytes: &[u8]| -> Corpus {
        let Ok(name) = std::str::from_utf8(bytes) else { return Corpus::Reject };
        let options = Options { threshold: 0.5, ..Options::default() };
        let mut screener = Screener::new(&named().index);
        let screening = screener.screen(name, &options);
        assert!(screening.refusal.is_none() || screening.hits.is_empty(), "what is refused has no hits");
        assert!(screening.hits.len() <= options.top);
        assert!(screening.hits.is_sorted_by(|one, next| one.score >= next.score - 0.001), "the best come first");
        for hit in &screening.hits {
            assert!((options.threshold - 0.001..=1.0).contains(&hit.score));
            assert_eq!(hit.score > 0.995, hit.strength == Strength::Exact, "only the name itself has the full score");
            assert!(!hit.paths.is_empty() && !hit.reason().is_empty(), "a hit says why");
        }
        assert_eq!(screener.screen(name, &options), screening, "the same name is answered alike");
        Corpus::Keep
    }
);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    narrows_fuzz::mutate(data, size, max_size, seed, 0, WORDS)
});
