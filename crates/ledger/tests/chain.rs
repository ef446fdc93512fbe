//! The bytes that are hashed and the chain that they form.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "test code: a panic is the report")]

use narrows_ledger::{Break, Chain, Content, Entry, Hash, Origin, Place, Receipt, check_content};
use proptest::prelude::*;

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(|bytes| Hash::of(&bytes))
}

/// Short texts over few letters, so that fields are often equal and often end where others begin.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ab\\x00]{0,3}", any::<String>()]
}

fn content() -> impl Strategy<Value = Content> {
    (text(), text(), proptest::option::of(text()), proptest::option::of(text()))
        .prop_map(|(request, answer, subject, status)| Content { request, answer, subject, status })
}

fn place() -> impl Strategy<Value = Place> {
    (hash(), 0_u64..3, 0_u64..3).prop_map(|(batch, run, row)| Place { batch, run, row })
}

fn entry() -> impl Strategy<Value = Entry> {
    (text(), content(), proptest::option::of(place())).prop_map(|(kind, content, place)| Entry {
        kind,
        content,
        place,
    })
}

fn origin() -> impl Strategy<Value = Origin> {
    (0_i64..4_000_000_000, text(), proptest::option::of(text()), text()).prop_map(
        |(second, data_version, own_data_version, program_version)| Origin {
            recorded_at: jiff::Timestamp::from_second(second).expect("a time"),
            data_version,
            own_data_version,
            program_version,
        },
    )
}

fn receipt() -> impl Strategy<Value = Receipt> {
    (origin(), entry(), 0_u64..3, hash())
        .prop_map(|(origin, entry, before, head)| Chain::at(before, head).append(&origin, &entry))
}

/// Every field of a receipt but the hash of all, changed by itself.
fn changed(receipt: &Receipt, at: usize) -> Receipt {
    let mut changed = receipt.clone();
    let longer = |text: &str| format!("{text}\0");
    let optional = |text: &Option<String>| match text {
        None => Some(String::new()),
        Some(text) if text.is_empty() => None,
        Some(text) => Some(longer(text)),
    };
    let other = |hash: &Hash| Hash::of(hash.bytes());
    match at {
        0 => changed.sequence += 1,
        1 => changed.kind = longer(&receipt.kind),
        2 => changed.origin.recorded_at = receipt.origin.recorded_at + jiff::SignedDuration::from_secs(1),
        3 => changed.origin.data_version = longer(&receipt.origin.data_version),
        4 => changed.origin.own_data_version = optional(&receipt.origin.own_data_version),
        5 => changed.origin.program_version = longer(&receipt.origin.program_version),
        6 => {
            changed.place = match receipt.place {
                None => Some(Place { batch: Hash::NONE, run: 0, row: 0 }),
                Some(_) => None,
            };
        }
        7 => changed.request_hash = other(&receipt.request_hash),
        8 => changed.answer_hash = other(&receipt.answer_hash),
        9 => changed.summary_hash = other(&receipt.summary_hash),
        _ => changed.previous = other(&receipt.previous),
    }
    changed
}

/// A reader of the encoding written for this test alone: what can be read back without loss
/// cannot be the same for two receipts.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> u64 {
        u64::from_be_bytes(self.take(8).try_into().expect("eight bytes"))
    }

    fn text(&mut self) -> String {
        let length = usize::try_from(self.number()).expect("a length");
        String::from_utf8(self.take(length).to_vec()).expect("UTF-8")
    }

    fn hash(&mut self) -> Hash {
        Hash::from_bytes(self.take(32)).expect("a hash")
    }

    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        match self.take(1)[0] {
            0 => None,
            1 => Some(read(self)),
            other => unreachable!("a field is there or not, found {other}"),
        }
    }
}

fn read_back(bytes: &[u8], hash: Hash) -> Receipt {
    let mut reader = Reader(bytes);
    assert_eq!(reader.text(), "narrows receipt 1");
    let receipt = Receipt {
        sequence: reader.number(),
        kind: reader.text(),
        origin: Origin {
            recorded_at: reader.text().parse().expect("a time"),
            data_version: reader.text(),
            own_data_version: reader.optional(Reader::text),
            program_version: reader.text(),
        },
        place: reader.optional(|reader| Place {
            batch: reader.hash(),
            run: reader.number(),
            row: reader.number(),
        }),
        request_hash: reader.hash(),
        answer_hash: reader.hash(),
        summary_hash: reader.hash(),
        previous: reader.hash(),
        hash,
    };
    assert!(reader.0.is_empty(), "nothing is left over");
    receipt
}

proptest! {
    #[test]
    fn the_bytes_of_a_receipt_can_be_read_back(receipt in receipt()) {
        prop_assert_eq!(read_back(&receipt.encoded(), receipt.hash), receipt);
    }

    #[test]
    fn different_receipts_have_different_bytes(one in receipt(), other in receipt(), at in 0_usize..11) {
        prop_assert_eq!(one.encoded() == other.encoded(), Receipt { hash: one.hash, ..other } == one.clone());
        prop_assert_ne!(changed(&one, at).encoded(), one.encoded());
    }

    #[test]
    fn a_chain_is_followed_and_any_change_breaks_it(
        entries in proptest::collection::vec((origin(), entry()), 1..8),
        victim in any::<prop::sample::Index>(),
        field in 0_usize..12,
    ) {
        let mut chain = Chain::default();
        let mut receipts: Vec<Receipt> =
            entries.iter().map(|(origin, entry)| chain.append(origin, entry)).collect();
        let mut followed = Chain::default();
        for (receipt, (_, entry)) in receipts.iter().zip(&entries) {
            prop_assert_eq!(followed.follow(receipt), Ok(()));
            prop_assert_eq!(check_content(receipt, &entry.content), Ok(()));
        }
        prop_assert_eq!(followed, chain);

        let victim = victim.index(receipts.len());
        if field == 11 {
            receipts[victim].hash = Hash::of(receipts[victim].hash.bytes());
        } else {
            receipts[victim] = changed(&receipts[victim], field);
        }
        let mut followed = Chain::default();
        let broken = receipts.iter().position(|receipt| followed.follow(receipt).is_err());
        prop_assert_eq!(broken, Some(victim));
    }

    #[test]
    fn a_receipt_taken_out_put_in_or_swapped_breaks_the_chain(
        entries in proptest::collection::vec((origin(), entry()), 2..8),
        at in any::<prop::sample::Index>(),
    ) {
        let mut chain = Chain::default();
        let receipts: Vec<Receipt> =
            entries.iter().map(|(origin, entry)| chain.append(origin, entry)).collect();
        let follows = |receipts: &[Receipt]| {
            let mut chain = Chain::default();
            receipts.iter().all(|receipt| chain.follow(receipt).is_ok()).then(|| chain.head())
        };
        let at = at.index(receipts.len());
        let mut without = receipts.clone();
        without.remove(at);
        // The last one is missed by who holds its hash.
        prop_assert_ne!(follows(&without), Some(chain.head()));
        let mut twice = receipts.clone();
        twice.insert(at, receipts[at].clone());
        prop_assert_eq!(follows(&twice), None);
        let mut swapped = receipts.clone();
        swapped.swap(at, (at + 1) % receipts.len());
        prop_assert_eq!(follows(&swapped), None);
    }

    #[test]
    fn a_hash_is_read_as_it_is_shown(bytes in any::<[u8; 32]>()) {
        let hash = Hash::from_bytes(&bytes).expect("32 bytes");
        prop_assert_eq!(hash.to_string().parse::<Hash>(), Ok(hash));
        prop_assert_eq!(hash.to_string().to_uppercase().parse::<Hash>(), Ok(hash));
    }
}

#[test]
fn what_is_no_hash_is_refused() {
    for text in ["", "00", &"g".repeat(64), &"0".repeat(63), &"0".repeat(65), &"é".repeat(32)] {
        assert!(text.parse::<Hash>().is_err(), "{text}");
    }
}

#[test]
fn hashes_are_those_of_the_standard() {
    // FIPS 180-4, the example of one block.
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(Hash::of(b"abc").to_string(), expected);
}

#[test]
fn the_first_break_says_what_it_is() {
    let origin = Origin {
        recorded_at: "2026-03-02T10:20:30.9Z".parse().expect("a time"),
        data_version: String::new(),
        own_data_version: None,
        program_version: String::new(),
    };
    let content = Content { request: "{}".into(), answer: "{}".into(), subject: None, status: None };
    let entry = Entry { kind: "check".into(), content, place: None };
    let mut chain = Chain::default();
    let first = chain.append(&origin, &entry);
    assert_eq!(first.origin.recorded_at.to_string(), "2026-03-02T10:20:30Z", "whole seconds");
    assert_eq!(first.previous, Hash::NONE);
    let second = chain.append(&origin, &entry);
    assert_eq!(
        Chain::default().follow(&second),
        Err(Break::Sequence { expected: 1, found: 2 }),
        "the first one is missing"
    );
    let other = Content { status: Some("approved".into()), ..entry.content.clone() };
    assert!(matches!(check_content(&first, &other), Err(Break::Content { part: "subject or status", .. })));
    let other = Content { answer: "{ }".into(), ..entry.content };
    assert!(matches!(check_content(&first, &other), Err(Break::Content { part: "answer", .. })));
}
