//! Narrows beside the policy engine regorus 0.14.1, on one rule that both can answer:
//! whether a chip is in 3A090.a or 3A090.b as of October 2023.
//!
//! ```console
//! $ cargo run --release --manifest-path benches/peer/Cargo.toml
//! ```
//!
//! 100,000 chips, every twentieth on or one unit beside a threshold. First both engines
//! answer all of them in every mode, and must agree with the rule written by hand. Then they
//! are timed in turns, so that a ratio holds although the speed of the machine drifts. The
//! table is timed in small pieces, and the time of each is the median of its rounds: where
//! other work takes the core away, it falls out for a slow mode as it does for a fast one.
//! Inputs are made before the clock starts, a piece at a time, so that both engines find
//! theirs in the cache.
//!
//! What favours regorus:
//! - It answers this one rule. Narrows answers by all provisions that are in force on the
//!   day (classes, requirements, exceptions, reviews), for a status and what decides it.
//! - The policy is written for its machine: a chain that stops at the first limb that holds,
//!   no rule calling another, and a program for each entry point.
//! - Its values are only handed over; in Narrows the paragraph is looked up in the answer.
//!
//! What favours Narrows:
//! - It is typed: a chip is whole numbers in fixed places, and not an object whose fields
//!   are found by name. This is part of what the engines are.
//! - The law is settled for the destination and day before the clock starts, and an answer
//!   is thought through once for each outcome of the comparisons, then found again. Every
//!   call still makes every comparison.
//! - Its margins are looked at one after the other; those of regorus are values of a result
//!   that can be kept, which costs memory.
//!
//! The rule written by hand is called chip by chip like the engines, with the branches that
//! this takes: it shows what asking in this way costs at least, and columns may well be faster.

mod chips;
mod narrows_engine;
mod regorus_engine;

use std::hint::black_box;
use std::time::{Duration, Instant};

use narrows::Workbench;
use narrows_condition::Case;

use chips::{Chip, Paragraph, by_hand};
use narrows_engine::{Narrows, examiner};
use regorus_engine::{Interpreter, Machine};

const ROWS: usize = 100_000;
/// Chips for which one mode is timed before it is the turn of the next.
const TURN: usize = 10_000;
/// Chips asked one by one that are timed together: few enough for their inputs to stay in
/// the cache, and for a piece to be over before the core is given to somebody else.
const PIECE: usize = 50;
/// Chips in one document, where regorus gets many at once.
const DOCUMENT: usize = 1_000;
/// Three parts, whose ratios are shown beside that of all; each odd, so that it has a middle.
const ROUNDS: usize = 3 * PART;
const PART: usize = 5;

/// One way to ask one of the engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    RegorusInterpreter,
    RegorusVerdict,
    RegorusFirstLimb,
    RegorusLimbs,
    RegorusReasons,
    RegorusDocuments,
    NarrowsVerdict,
    NarrowsReasons,
    NarrowsColumns,
    ByHand,
}

impl Mode {
    const ALL: [Self; 10] = [
        Self::RegorusInterpreter,
        Self::RegorusVerdict,
        Self::RegorusFirstLimb,
        Self::RegorusLimbs,
        Self::RegorusReasons,
        Self::RegorusDocuments,
        Self::NarrowsVerdict,
        Self::NarrowsReasons,
        Self::NarrowsColumns,
        Self::ByHand,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::RegorusInterpreter => "regorus interpreter: paragraph",
            Self::RegorusVerdict => "regorus machine: paragraph",
            Self::RegorusFirstLimb => "regorus machine: first limb that holds, with citation",
            Self::RegorusLimbs => "regorus machine: all limbs that hold",
            Self::RegorusReasons => "regorus machine: first limb, citation, all margins",
            Self::RegorusDocuments => "regorus machine: paragraphs, 1,000 chips a document",
            Self::NarrowsVerdict => "Narrows single: answer and paragraph",
            Self::NarrowsReasons => "Narrows single: answer, citations, all margins",
            Self::NarrowsColumns => "Narrows columns: answers and paragraphs",
            Self::ByHand => "the rule written by hand in Rust, chip by chip",
        }
    }
}

/// Ratios worth a line: of the first mode to the second.
const RATIOS: [(Mode, Mode); 6] = [
    (Mode::NarrowsVerdict, Mode::RegorusVerdict),
    (Mode::NarrowsReasons, Mode::RegorusFirstLimb),
    (Mode::NarrowsReasons, Mode::RegorusLimbs),
    (Mode::NarrowsReasons, Mode::RegorusReasons),
    (Mode::NarrowsColumns, Mode::RegorusDocuments),
    (Mode::NarrowsColumns, Mode::RegorusVerdict),
];

/// The times of one round by mode, piece by piece.
type Round = [Vec<Duration>; Mode::ALL.len()];

/// Both engines, in every mode.
struct Engines {
    interpreter: Interpreter,
    verdict: Machine,
    first_limb: Machine,
    limbs: Machine,
    reasons: Machine,
    documents: Machine,
    narrows: Narrows,
}

fn main() {
    let chips = chips::table(ROWS);
    let workbench = Workbench::new(Vec::new());
    let mut examiner = examiner(&workbench);
    let mut engines = Engines {
        interpreter: Interpreter::new("paragraph"),
        verdict: Machine::new("paragraph"),
        first_limb: Machine::new("first_limb"),
        limbs: Machine::new("limbs"),
        reasons: Machine::new("reasons"),
        documents: Machine::new("paragraphs"),
        narrows: Narrows::new(&mut examiner),
    };

    let expected: Vec<Paragraph> = chips.iter().map(by_hand).collect();
    let count = |paragraph| expected.iter().filter(|it| **it == paragraph).count();
    println!(
        "{ROWS} chips from SplitMix64 with seed {}: {} in 3A090.a, {} in 3A090.b, {} in neither.",
        chips::SEED,
        count(Paragraph::A),
        count(Paragraph::B),
        count(Paragraph::Neither),
    );

    let inexact = engines.agree(&chips, &expected);
    questions_agree(&mut examiner, &chips, &expected);
    let docket = &engines.narrows.docket;
    println!("Both engines, in every mode, agree with the rule written by hand on every chip.");
    println!(
        "Narrows answers by all {} provisions in force on {} (classes, requirements, exceptions,\n\
         reviews; {} tests are left for China); regorus by these two paragraphs alone.",
        docket.edition().provisions().len(),
        narrows_engine::DAY,
        docket.circuit().tests().len(),
    );
    println!(
        "Margins: those of Narrows are exact; for {inexact} chips a margin of regorus, which counts in\n\
         binary fractions, is not the number nearest to the exact one.\n"
    );

    let rounds = engines.rounds(&chips);
    println!("{:<56} {:>10}", "one thread", "M chips/s");
    for mode in Mode::ALL {
        println!("{:<56} {:>10.3}", mode.name(), rate(&rounds, mode));
    }
    println!("\nratios: of all rounds (of each third of them)");
    for (fast, slow) in RATIOS {
        let ratio = |rounds: &[Round]| rate(rounds, fast) / rate(rounds, slow);
        let parts: Vec<String> = rounds.chunks(PART).map(|part| format!("{:.1}", ratio(part))).collect();
        println!("{:>7.1} ({})", ratio(&rounds), parts.join(", "));
        println!("        {}", fast.name());
        println!("     to {}", slow.name());
    }
}

/// Questions asked as on the command line have the same paragraph as cases whose two
/// measures were put in their places.
fn questions_agree(examiner: &mut narrows::Examiner<'_>, chips: &[Chip], expected: &[Paragraph]) {
    for (chip, expected) in chips.iter().zip(expected).step_by(100) {
        let prepared = examiner.prepare(&narrows_engine::question(chip)).expect("a sound question");
        let standing = examiner.standing(&prepared).expect("sound data");
        let paragraph = narrows_engine::paragraph_among(standing.provisions.iter().map(String::as_str));
        assert_eq!(paragraph, *expected, "a question about {chip:?}");
    }
}

impl Engines {
    /// Asks for every chip in every mode, and says for how many chips regorus has a margin
    /// that is not the number nearest to the exact one.
    fn agree(&mut self, chips: &[Chip], expected: &[Paragraph]) -> usize {
        let mut inexact = 0;
        for (chip, expected) in chips.iter().zip(expected) {
            let input = regorus_engine::input(chip);
            let case = self.narrows.cases().of(chip);
            let reasons = self.reasons.answer(&input);
            let answers = [
                regorus_engine::read_paragraph(&self.interpreter.answer(&input)),
                regorus_engine::read_paragraph(&self.verdict.answer(&input)),
                regorus_engine::read_first_limb(&self.first_limb.answer(&input)),
                regorus_engine::read_limbs(&self.limbs.answer(&input)),
                regorus_engine::read_first_limb(&reasons["ground"]),
                self.narrows.paragraph(&case),
            ];
            assert_eq!(answers, [*expected; 6], "{chip:?}");
            inexact += usize::from(!self.margins_agree(chip, &regorus_engine::read_comparisons(&reasons)));
        }
        for (chips, expected) in chips.chunks(DOCUMENT).zip(expected.chunks(DOCUMENT)) {
            let document = regorus_engine::document(chips);
            assert_eq!(regorus_engine::read_paragraphs(&self.documents.answer(&document)), expected);
        }
        assert_eq!(self.narrows.paragraphs(&Narrows::columns(chips)), expected);
        inexact
    }

    /// Compares values, thresholds and margins: exactly in Narrows, and within a billionth in
    /// regorus. Returns whether those of regorus are as near as a binary fraction can be.
    fn margins_agree(&mut self, chip: &Chip, of_regorus: &[[f64; 3]]) -> bool {
        // In millionths, the thresholds of TPP first.
        let of_tpp = chips::TPP.map(|threshold| [chip.tpp, threshold].map(|it| it * 1_000_000));
        let of_density = chips::DENSITY.map(|threshold| [chip.density, threshold].map(|it| it * 1_000));
        let mut exact: Vec<[i64; 3]> = Vec::new();
        for [value, threshold] in of_tpp.into_iter().chain(of_density) {
            exact.push([value, threshold, value - threshold]);
        }

        assert_eq!(of_regorus.len(), exact.len(), "{chip:?}");
        let mut nearest = true;
        for (exact, of_regorus) in exact.iter().flatten().zip(of_regorus.iter().flatten()) {
            let exact = *exact as f64 / 1_000_000.0;
            assert!((exact - of_regorus).abs() < 1e-9, "{chip:?}: {of_regorus} for {exact}");
            nearest &= exact.to_bits() == of_regorus.to_bits() || (exact == 0.0 && *of_regorus == 0.0);
        }

        let case = self.narrows.cases().of(chip);
        let mut of_narrows: Vec<[i64; 3]> = Vec::new();
        self.narrows.reasons(
            &case,
            |_, _| {},
            |reading| {
                let margin = reading.margin().expect("small numbers");
                of_narrows.push([reading.value, reading.threshold, margin].map(|it| it.millionths()));
            },
        );
        for comparison in exact {
            assert!(of_narrows.contains(&comparison), "{chip:?}: {comparison:?} among {of_narrows:?}");
        }
        nearest
    }

    fn rounds(&mut self, chips: &[Chip]) -> Vec<Round> {
        let mut rounds = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let mut round = Round::default();
            for chips in chips.chunks(TURN) {
                for (pieces, mode) in round.iter_mut().zip(Mode::ALL) {
                    pieces.extend(self.spend(mode, chips));
                }
            }
            rounds.push(round);
        }
        rounds
    }

    /// The times of one mode for some chips, piece by piece.
    fn spend(&mut self, mode: Mode, chips: &[Chip]) -> Vec<Duration> {
        match mode {
            Mode::RegorusInterpreter => {
                timed(chips, regorus_engine::input, |input| self.interpreter.answer(input))
            }
            Mode::RegorusVerdict => spend_of(&mut self.verdict, chips),
            Mode::RegorusFirstLimb => spend_of(&mut self.first_limb, chips),
            Mode::RegorusLimbs => spend_of(&mut self.limbs, chips),
            Mode::RegorusReasons => spend_of(&mut self.reasons, chips),
            Mode::RegorusDocuments => chips
                .chunks(DOCUMENT)
                .map(|chips| {
                    let document = regorus_engine::document(chips);
                    clocked(|| self.documents.answer(black_box(&document)))
                })
                .collect(),
            Mode::NarrowsVerdict => {
                let cases = self.narrows.cases();
                timed(chips, |chip| cases.of(chip), |case| self.narrows.paragraph(case))
            }
            Mode::NarrowsReasons => {
                let cases = self.narrows.cases();
                timed(chips, |chip| cases.of(chip), |case| self.look_at_reasons(case))
            }
            Mode::NarrowsColumns => {
                let columns = Narrows::columns(chips);
                vec![clocked(|| self.narrows.paragraphs(black_box(&columns)))]
            }
            Mode::ByHand => timed(chips, |chip| *chip, by_hand),
        }
    }

    /// Nothing that is looked at may be optimised away.
    fn look_at_reasons(&mut self, case: &Case) {
        self.narrows.reasons(
            case,
            |edition, answer| {
                black_box(answer.status);
                for id in &answer.deciding {
                    black_box(edition.provision(*id).definition.citation.as_str());
                }
            },
            |reading| {
                black_box((reading.value, reading.threshold, reading.margin()));
            },
        );
    }
}

fn spend_of(machine: &mut Machine, chips: &[Chip]) -> Vec<Duration> {
    timed(chips, regorus_engine::input, |input| machine.answer(input))
}

/// The times that asking takes, without those for making what is asked about.
fn timed<Input, Answer>(
    chips: &[Chip],
    make: impl Fn(&Chip) -> Input,
    mut ask: impl FnMut(&Input) -> Answer,
) -> Vec<Duration> {
    let piece = |chips: &[Chip]| {
        let inputs: Vec<Input> = chips.iter().map(&make).collect();
        clocked(|| {
            for input in &inputs {
                black_box(ask(black_box(input)));
            }
        })
    };
    chips.chunks(PIECE).map(piece).collect()
}

/// The time of some work, with what it takes to let its result go.
fn clocked<Answer>(work: impl FnOnce() -> Answer) -> Duration {
    let start = Instant::now();
    drop(black_box(work()));
    start.elapsed()
}

/// Millions of chips a second, by the median time of every piece.
fn rate(rounds: &[Round], mode: Mode) -> f64 {
    let pieces = rounds.first().map_or(0, |round| round[mode as usize].len());
    let median = |piece: usize| {
        let mut times: Vec<Duration> = rounds.iter().map(|round| round[mode as usize][piece]).collect();
        times.sort_unstable();
        times[times.len() / 2]
    };
    let whole: Duration = (0..pieces).map(median).sum();
    ROWS as f64 / whole.as_secs_f64() / 1e6
}
