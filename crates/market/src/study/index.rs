//! An index made of peers, for where the usual one holds the firm under study.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::specification::ReturnKind;
use crate::quotes::Series;

/// The mean of the simple returns of some securities on each day on which at least half of
/// them have one. An index that holds the treated firm takes part of the effect with it; peers
/// without it do not, unless the event reaches them too.
#[must_use]
pub fn equal_weight_index(name: &str, members: &[&Series]) -> Series {
    let mut index = Series { ticker: name.to_owned(), ..Series::default() };
    let kinds = [ReturnKind::Close, ReturnKind::Overnight, ReturnKind::Intraday];
    let mut days: BTreeMap<Date, [(f64, usize); 3]> = BTreeMap::new();
    for member in members {
        for (at, date) in member.dates.iter().enumerate() {
            let sums = days.entry(*date).or_default();
            for (sum, kind) in sums.iter_mut().zip(kinds) {
                if let Some(value) = member.returns(kind).get(at).filter(|value| value.is_finite()) {
                    sum.0 += value;
                    sum.1 += 1;
                }
            }
        }
    }
    for (date, sums) in days {
        let [close, overnight, intraday] =
            sums.map(
                |(sum, count)| {
                    if count > 0 && 2 * count >= members.len() { sum / count as f64 } else { f64::NAN }
                },
            );
        index.dates.push(date);
        index.close.push(close);
        index.overnight.push(overnight);
        index.intraday.push(intraday);
    }
    index
}
