//! Names to screen: listed ones that somebody wrote down carelessly, and firms that nobody listed.
//!
//! Both are drawn from a seed. The firms are invented from words, from syllables, from surnames, and in
//! the manner of Chinese and Russian firms, so that a matcher is not flattered by words that no list has.

use narrows::Workbench;
use narrows::listed::Party;
use narrows::matching::{Index, Options, Screener};

use crate::Random;

/// A listed name as somebody may write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Perturbed {
    /// Which of the names it was.
    pub name: usize,
    /// What was done to it.
    pub kind: Perturbation,
    /// What became of it.
    pub query: String,
}

/// What is done to a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Perturbation {
    /// One letter wrong.
    OneTypo,
    /// Two letters wrong.
    TwoTypos,
    /// The words in another order.
    Shuffled,
    /// The last word put away if it is a legal form, or another form in its place.
    LegalForm,
    /// One space left out.
    SpaceRemoved,
    /// All capitals.
    Capitals,
}

const PERTURBATIONS: [Perturbation; 6] = [
    Perturbation::OneTypo,
    Perturbation::TwoTypos,
    Perturbation::Shuffled,
    Perturbation::LegalForm,
    Perturbation::SpaceRemoved,
    Perturbation::Capitals,
];

const LEGAL_FORMS: &[&str] = &[
    "Ltd",
    "Ltd.",
    "Limited",
    "LLC",
    "Inc",
    "Inc.",
    "Co., Ltd.",
    "Corporation",
    "Corp.",
    "GmbH",
    "JSC",
    "OOO",
];
const ADJECTIVES: &[&str] = &[
    "Blue", "Golden", "Northern", "Silver", "Bright", "Rapid", "Green", "Summit", "Coastal", "Urban",
    "Clear", "Royal", "Quiet", "Grand", "Prime", "Swift", "Happy", "Modern", "Alpine", "Crimson",
];
const NOUNS: &[&str] = &[
    "Harbor", "Meadow", "Falcon", "Lotus", "Bridge", "Orchard", "River", "Lantern", "Maple", "Compass",
    "Stone", "Horizon", "Willow", "Anchor", "Canyon", "Beacon", "Garden", "Forest", "Pearl", "Cedar",
    "Tulip", "Heron",
];
const TRADES: &[&str] = &[
    "Foods",
    "Logistics",
    "Consulting",
    "Analytics",
    "Furniture",
    "Textiles",
    "Trading",
    "Software",
    "Electronics",
    "Packaging",
    "Travel",
    "Media",
    "Technology",
    "Plumbing",
    "Ceramics",
    "Dental Care",
    "Semiconductor",
    "Toys",
    "Engineering",
    "Biotech",
    "Shipping",
    "Optics",
    "Systems",
    "Power Tools",
    "Insurance Brokers",
];
const SURNAMES: &[&str] = &[
    "Miller",
    "Hernandez",
    "O'Connor",
    "Schmidt",
    "Nakamura",
    "Johansson",
    "Rossi",
    "Dubois",
    "Novak",
    "Silva",
    "Campbell",
    "Peterson",
    "Andersen",
    "Baker",
    "Fischer",
    "Yamada",
    "Larsen",
    "Weber",
    "Moreau",
    "Castillo",
];
const SYLLABLES: &[&str] = &[
    "vel", "nor", "ka", "drin", "lo", "ther", "mis", "ta", "bri", "quen", "zor", "pal", "ri", "sta", "fen",
    "wic", "gra", "mon", "ul", "tes", "hal", "cor", "vi", "den",
];
const PINYIN: &[&str] = &[
    "hao", "yuan", "lian", "rui", "jia", "xing", "da", "peng", "fu", "kang", "ming", "tai", "he", "shun",
    "bo", "lang", "qing", "mei", "zhong", "yi", "chuang", "feng", "long", "sheng",
];
const CHINESE_PLACES: &[&str] = &[
    "Hangzhou", "Shenzhen", "Wenzhou", "Foshan", "Suzhou", "Ningbo", "Qingdao", "Xiamen", "Dongguan", "Yiwu",
];
const RUSSIAN: &[&str] = &["Ural", "Volga", "Sever", "Neva", "Sibir", "Baltika", "Kama", "Don"];
const RUSSIAN_TRADES: &[&str] =
    &["Mebel", "Moloko", "Stroy Servis", "Torg", "Turizm", "Khleb", "Avto Remont", "Odezhda", "Apteka"];

fn pick<'a>(random: &mut Random, of: &[&'a str]) -> &'a str {
    let at = usize::try_from(random.below(of.len() as u64)).unwrap_or(0);
    of.get(at).copied().unwrap_or("")
}

fn below(random: &mut Random, end: usize) -> usize {
    usize::try_from(random.below(end.max(1) as u64)).unwrap_or(0)
}

/// `count` of the names, each with something done to it. Names of fewer than six letters are left out:
/// one letter more or less makes another name of them.
#[must_use]
pub fn perturbed(names: &[&str], count: usize, seed: u64) -> Vec<Perturbed> {
    let mut random = Random(seed);
    let mut out = Vec::with_capacity(count);
    while out.len() < count {
        let at = below(&mut random, names.len());
        let Some(name) = names.get(at) else { break };
        if name.chars().filter(|letter| letter.is_alphabetic()).count() < 6 {
            continue;
        }
        let Some(kind) = PERTURBATIONS.get(out.len() % PERTURBATIONS.len()).copied() else { break };
        let query = perturb(name, kind, &mut random);
        if query != *name || kind == Perturbation::Capitals {
            out.push(Perturbed { name: at, kind, query });
        }
    }
    out
}

fn perturb(name: &str, kind: Perturbation, random: &mut Random) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    match kind {
        Perturbation::OneTypo => typo(name, random),
        Perturbation::TwoTypos => {
            let once = typo(name, random);
            typo(&once, random)
        }
        Perturbation::Shuffled => {
            let mut words = words;
            for at in (1..words.len()).rev() {
                words.swap(at, below(random, at + 1));
            }
            words.join(" ")
        }
        Perturbation::LegalForm => {
            let is_form = |word: &&str| {
                LEGAL_FORMS.iter().any(|form| form.split(' ').any(|part| part.eq_ignore_ascii_case(word)))
            };
            let stem: Vec<&str> = words
                .iter()
                .rev()
                .skip_while(|word| is_form(word))
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .copied()
                .collect();
            let stem = stem.join(" ").trim_end_matches(',').to_owned();
            if random.below(2) == 0 { stem } else { format!("{stem} {}", pick(random, LEGAL_FORMS)) }
        }
        Perturbation::SpaceRemoved => {
            let spaces: Vec<usize> = name.match_indices(' ').map(|(at, _)| at).collect();
            let Some(at) = spaces.get(below(random, spaces.len())) else { return typo(name, random) };
            let (before, after) = name.split_at(*at);
            format!("{before}{}", after.trim_start())
        }
        Perturbation::Capitals => name.to_uppercase(),
    }
}

/// One letter left out, doubled, exchanged with the next, or replaced.
fn typo(name: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let places: Vec<usize> =
        letters.iter().enumerate().filter(|(_, letter)| letter.is_alphabetic()).map(|(at, _)| at).collect();
    let Some(at) = places.get(below(random, places.len())).copied() else { return name.to_owned() };
    match random.below(4) {
        0 => {
            letters.remove(at);
        }
        1 => {
            if let Some(letter) = letters.get(at).copied() {
                letters.insert(at, letter);
            }
        }
        2 if at + 1 < letters.len() => letters.swap(at, at + 1),
        _ => {
            if let Some(letter) = letters.get_mut(at) {
                *letter = char::from(b'a' + u8::try_from(random.below(26)).unwrap_or(0));
            }
        }
    }
    letters.into_iter().collect()
}

/// `count` firms that nobody listed.
#[must_use]
pub fn innocents(count: usize, seed: u64) -> Vec<String> {
    let mut random = Random(seed);
    (0..count).map(|at| innocent(at, &mut random)).collect()
}

fn innocent(at: usize, random: &mut Random) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    let form = pick(random, LEGAL_FORMS);
    let trade = pick(random, TRADES);
    match at % 5 {
        0 => format!("{} {} {trade} {form}", pick(random, ADJECTIVES), pick(random, NOUNS)),
        1 => {
            let name: String = (0..3).map(|_| pick(random, SYLLABLES)).collect();
            format!("{} {trade} {form}", capital(&name))
        }
        2 => format!("{} & {} {trade}", pick(random, SURNAMES), pick(random, SURNAMES)),
        3 => {
            let name: String = (0..3).map(|_| pick(random, PINYIN)).collect();
            format!("{} {} {trade} Co., Ltd.", pick(random, CHINESE_PLACES), capital(&name))
        }
        _ => {
            let name: String = (0..2).map(|_| pick(random, SYLLABLES)).collect();
            format!("OOO {}{name} {}", pick(random, RUSSIAN), pick(random, RUSSIAN_TRADES))
        }
    }
}

/// Listed names and what is asked of them.
#[derive(Debug)]
pub struct Workload {
    parties: Vec<Party>,
    lexicon: Workbench,
    /// Every name, primary and other.
    pub names: Vec<String>,
    /// The party of each name.
    party_of: Vec<usize>,
    /// Listed names, each with something done to it.
    pub perturbed: Vec<Perturbed>,
    /// Firms that nobody listed.
    pub innocents: Vec<String>,
}

/// What came of a workload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Share of the perturbed names whose party came first at the threshold.
    pub recall: f64,
    /// Share of the innocent names for which anything was found.
    pub false_alarms: f64,
}

impl Workload {
    /// At least so many names of the newest edition, and as many queries of each kind.
    ///
    /// # Panics
    /// If the embedded lists are not sound.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a benchmark without data has no result")]
    pub fn new(names: usize, queries: usize, seed: u64) -> Self {
        let workbench = Workbench::new(Vec::new());
        let edition = workbench.edition(None).expect("an edition of the lists");
        let mut workload = Self {
            parties: Vec::new(),
            lexicon: workbench,
            names: Vec::new(),
            party_of: Vec::new(),
            perturbed: Vec::new(),
            innocents: innocents(queries, seed.wrapping_add(1)),
        };
        // Every so manieth party, so that all lists are there in proportion.
        let all: usize = edition.parties().iter().map(|party| 1 + party.aliases.len()).sum();
        let step = (all / names.max(1)).max(1);
        let parties = edition.parties();
        for party in (0..step).flat_map(|start| parties.iter().skip(start).step_by(step)) {
            if workload.names.len() >= names {
                break;
            }
            for name in std::iter::once(&party.name).chain(&party.aliases) {
                workload.names.push(name.clone());
                workload.party_of.push(workload.parties.len());
            }
            workload.parties.push(party.clone());
        }
        let listed: Vec<&str> = workload.names.iter().map(String::as_str).collect();
        workload.perturbed = perturbed(&listed, queries, seed);
        workload
    }

    /// An index of the names.
    ///
    /// # Panics
    /// If the tables of words are not sound.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a benchmark without data has no result")]
    pub fn index(&self) -> Index {
        let lexicon = self.lexicon.lexicon().expect("tables of words");
        Index::build(lexicon, &self.parties, &[])
    }

    /// All that is asked.
    pub fn queries(&self) -> impl Iterator<Item = &str> {
        self.perturbed
            .iter()
            .map(|perturbed| perturbed.query.as_str())
            .chain(self.innocents.iter().map(String::as_str))
    }

    /// How many are found and flagged.
    pub fn outcome(&self, screener: &mut Screener<'_>, options: &Options) -> Outcome {
        let count = |asked: usize, found: usize| found as f64 / asked.max(1) as f64;
        let found = self.perturbed.iter().filter(|perturbed| {
            let right = self.party_of.get(perturbed.name);
            let name = self.names.get(perturbed.name);
            screener.screen(&perturbed.query, options).hits.first().is_some_and(|hit| {
                // Parties with the very same name cannot be told apart.
                right.is_some_and(|right| hit.party == *right || hit.same_party.contains(right))
                    || name.is_some_and(|name| name.eq_ignore_ascii_case(&hit.name))
            })
        });
        let recall = count(self.perturbed.len(), found.count());
        let flagged = self.innocents.iter().filter(|name| !screener.screen(name, options).hits.is_empty());
        Outcome { recall, false_alarms: count(self.innocents.len(), flagged.count()) }
    }
}
