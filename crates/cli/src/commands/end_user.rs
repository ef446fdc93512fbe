//! What the lists say of an end user, as text.

use std::io::{self, Write};

use narrows::{Candidate, EndUserAnswer, ListingLine, OnDay, Outcome, OwnerLine};

use crate::text::{FAINT, heading, item, paragraph};

/// Candidates shown; a screenful. The answer as JSON has all.
const CANDIDATES: usize = 5;

/// The section of a determination on its end user.
pub(crate) fn print(out: &mut dyn Write, answer: &EndUserAnswer) -> io::Result<()> {
    heading(out, "End user")?;
    let id = answer.id.as_deref().map(|id| format!("confirmed as {id}"));
    let name = [answer.name.clone(), id].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let of = answer.lists_of.map(|of| format!(" (lists of {of})")).unwrap_or_default();
    let named = if name.is_empty() { "not named, owners are".to_owned() } else { name };
    item(out, 2, "·", &format!("{named}: {}{of}", answer.outcome.words()))?;
    for line in &answer.listings {
        listing(out, 4, line)?;
    }
    candidates(out, 4, &answer.candidates)?;
    for owner in &answer.owners {
        let OwnerLine { name, percent, outcome, .. } = owner;
        let counts = match outcome {
            Outcome::Listed => "listed, counts for the rule on affiliates",
            Outcome::PossiblyListed => "possibly listed",
            Outcome::NotYetListed | Outcome::NamedOnly | Outcome::NotFound => {
                "on no list that counts for the rule on affiliates"
            }
        };
        item(out, 2, "·", &format!("owned to {percent}% by {name}: {counts}"))?;
        for line in &owner.listings {
            listing(out, 4, line)?;
        }
        candidates(out, 4, &owner.candidates)?;
    }
    answer.notes.iter().try_for_each(|note| item(out, 2, "·", note))
}

fn candidates(out: &mut dyn Write, indent: usize, candidates: &[Candidate]) -> io::Result<()> {
    for candidate in candidates.iter().take(CANDIDATES) {
        for line in &candidate.listings {
            let status =
                line.status.as_deref().map(|status| format!(": would be {status}")).unwrap_or_default();
            let text = format!("{} {}{status}", line.listing.id, line.listing.name);
            item(out, indent, "?", &text)?;
        }
        paragraph(out, indent + 2, &format!("score {:.2}, {}", candidate.score, candidate.reason))?;
    }
    let more = candidates.len().saturating_sub(CANDIDATES);
    if more > 0 {
        writeln!(out, "{:indent$}{FAINT}and {more} more; --format json has all{FAINT:#}", "")?;
    }
    Ok(())
}

fn listing(out: &mut dyn Write, indent: usize, line: &ListingLine) -> io::Result<()> {
    let since = line.since.map(|since| match since.first == since.settled {
        true => format!(", since {}", since.first),
        false => format!(", since {} to {}", since.first, since.settled),
    });
    let status = match (line.on_day, &line.status) {
        (OnDay::NotYet, _) => ": not listed on that day".to_owned(),
        (_, Some(status)) => format!(": {status}"),
        (_, None) => String::new(),
    };
    let text = format!("{} {}{}{status}", line.listing.id, line.listing.name, since.unwrap_or_default());
    item(out, indent, "-", &text)?;
    let footnotes: Vec<String> = line.footnotes.iter().map(u8::to_string).collect();
    let footnotes = (!footnotes.is_empty()).then(|| format!("footnote {}", footnotes.join(", ")));
    let requirement = line.licence_requirement.as_ref().map(|words| format!("requirement: {words}"));
    let policy = line.licence_policy.as_ref().map(|words| format!("review: {words}"));
    let notices = line.federal_register.as_ref().map(|words| words.replace('\n', " "));
    for words in [requirement, policy, footnotes, notices].into_iter().flatten() {
        paragraph(out, indent + 2, &words)?;
    }
    Ok(())
}
