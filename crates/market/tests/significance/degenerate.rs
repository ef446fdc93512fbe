//! What has no answer says why, by name, and nothing is silently not a number.

use narrows_market::significance::{
    DayStatistics, Degenerate, Draws, Kind, Panel, PanelError, PermutationError, PermutationPlan, Resampled,
    Span, Statistic, bootstrap, cross_section, permute,
};

use crate::simulated::{Market, by_least_squares, events, layout};

#[test]
fn one_firm_has_no_spread_between_firms() {
    let owned = by_least_squares(&Market::new(1, 300, 0.0, 1), 200, &layout(0, 0, 120, 11));
    let found = cross_section(&events(&owned), Span::Window);
    let few = Some(&Err(Degenerate::Few { found: 1, expected: 2 }));
    for kind in [
        Kind::CrossSectional,
        Kind::Standardized,
        Kind::KolariPynnonen,
        Kind::PatellAdjusted,
        Kind::GeneralizedRank,
    ] {
        assert_eq!(found.score(kind), few, "{}", kind.word());
    }
    for kind in [Kind::Patell, Kind::Rank, Kind::Sign, Kind::GeneralizedSign] {
        let score = found.score(kind).unwrap().unwrap();
        assert!(score.statistic.is_finite() && (0.0..=1.0).contains(&score.p), "{}", kind.word());
    }
}

#[test]
fn no_firm_at_all_is_told() {
    let found = cross_section(&[], Span::Window);
    assert_eq!(found.firms, 0);
    assert!(found.verdicts.iter().all(|verdict| matches!(verdict.score, Err(Degenerate::Few { .. }))));
}

#[test]
fn firms_all_alike_have_no_spread_and_full_correlation() {
    let owned = by_least_squares(&Market::new(1, 300, 0.0, 2), 200, &layout(0, 0, 120, 11));
    let found = cross_section(&events(&[owned.clone(), owned.clone(), owned].concat()), Span::Window);
    assert_eq!(found.score(Kind::Standardized), Some(&Err(Degenerate::NoSpread)));
    assert_eq!(found.score(Kind::CrossSectional), Some(&Err(Degenerate::NoSpread)));
    assert!(matches!(found.score(Kind::PatellAdjusted), Some(Err(Degenerate::Correlation { firms: 3, .. }))));
}

#[test]
fn abnormal_returns_of_zero_have_no_sign() {
    let mut owned = by_least_squares(&Market::new(5, 300, 0.0, 3), 200, &layout(0, 0, 120, 11));
    for it in &mut owned {
        it.abnormal = vec![0.0];
    }
    let found = cross_section(&events(&owned), Span::Window);
    assert_eq!(found.score(Kind::Sign), Some(&Err(Degenerate::AllZero)));
    assert_eq!(found.score(Kind::GeneralizedSign), Some(&Err(Degenerate::AllZero)));
    assert_eq!(found.score(Kind::Standardized), Some(&Err(Degenerate::NoSpread)));
}

#[test]
fn what_is_left_out_is_named() {
    let mut owned = by_least_squares(&Market::new(6, 300, 0.0, 4), 200, &layout(0, 1, 120, 11));
    owned[1].abnormal[0] = f64::NAN;
    owned[3].sigma = 0.0;
    owned[4].days.pop();
    let found = cross_section(&events(&owned), Span::Window);
    let expected = vec![(1, Degenerate::Missing), (3, Degenerate::Constant), (4, Degenerate::Uneven)];
    assert_eq!((found.firms, found.left_out), (3, expected));
    assert!(found.verdicts.iter().all(|verdict| verdict.score.is_ok()), "{:?}", found.verdicts);
    assert_eq!(cross_section(&events(&owned), Span::Day(2)).left_out.len(), 6);
}

#[test]
fn a_panel_leaves_out_firms_that_cannot_be_studied() {
    let mut market = Market::new(6, 300, 0.0, 5);
    market.firms[0][150] = f64::NAN;
    market.firms[2].fill(0.0);
    market.firms[5] = market.factors[0].iter().map(|value| 1.3 * value).collect();
    let found = market.panel().study(200, &layout(0, 0, 120, 11)).unwrap();
    let expected = vec![(0, Degenerate::Missing), (2, Degenerate::Constant), (5, Degenerate::Constant)];
    assert_eq!((found.firms, found.left_out), (3, expected));
}

#[test]
fn a_panel_refuses_days_and_factors_that_cannot_be() {
    let market = Market::new(2, 300, 0.0, 6);
    let (panel, usual) = (market.panel(), layout(0, 0, 120, 11));
    for day in [0, 129, 300, usize::MAX - 20] {
        assert_eq!(panel.study(day, &usual), Err(PanelError::Outside { day, days: 300 }));
    }
    assert!(panel.study(130, &usual).is_ok() && panel.study(299, &usual).is_ok());
    // The estimation window must end before the event window starts.
    assert!(panel.study(200, &layout(-5, 0, 120, 5)).is_err());
    let twice = Panel::new(market.firms.clone(), [market.factors.clone(), market.factors.clone()].concat());
    assert_eq!(twice.unwrap().study(200, &usual), Err(PanelError::Collinear { day: 200 }));
    let still = Panel::new(market.firms.clone(), vec![vec![0.01; 300]]).unwrap();
    assert_eq!(still.study(200, &usual), Err(PanelError::Collinear { day: 200 }));
    let uneven = Panel::new(market.firms, vec![vec![0.01; 299]]);
    assert_eq!(uneven, Err(PanelError::Uneven { column: 2, found: 299, expected: 300 }));
}

#[test]
fn a_permutation_without_days_says_so() {
    let market = Market::new(3, 140, 0.0, 7);
    let days = DayStatistics::new(&market.panel(), &layout(0, 0, 120, 11), Statistic::MeanCar);
    let plan = |draws, listed: &[usize], around| PermutationPlan { draws, listed: listed.to_vec(), around };
    let every = |listed, around| plan(Draws::Every, listed, around);
    assert_eq!(permute(&days, &[], &every(&[], None)), Err(PermutationError::NoEvent));
    assert_eq!(permute(&days, &[129], &every(&[], None)), Err(PermutationError::EventDay { day: 129 }));
    assert_eq!(permute(&days, &[135], &every(&[135], Some(9))), Err(PermutationError::NoDay));
    assert_eq!(permute(&days, &[135, 136], &every(&[], None)), Err(PermutationError::Many { events: 2 }));
    let found = permute(&days, &[135], &every(&[135], Some(1))).unwrap();
    assert_eq!((found.eligible, found.excluded, found.unfit, found.draws), (7, 2, 130, 7));
}

#[test]
fn a_bootstrap_of_one_date_has_nothing_to_draw() {
    let one = vec![vec![0.01, 0.02, -0.01]];
    let few = Err(Degenerate::Few { found: 1, expected: 2 });
    assert_eq!(bootstrap(&one, Resampled::Groups, 0.95, 100, 1), few);
    assert!(bootstrap(&one, Resampled::Firms, 0.95, 100, 1).is_ok());
    let missing = vec![vec![f64::NAN], vec![0.0]];
    assert_eq!(bootstrap(&missing, Resampled::Firms, 0.95, 100, 1), Err(Degenerate::Missing));
}
