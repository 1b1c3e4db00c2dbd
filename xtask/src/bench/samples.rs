//! Times that were measured, and what can be said of them.

use serde::Serialize;
use std::time::Duration;

/// Parts into which a run is cut to see how steady a ratio is.
const PARTS: usize = 10;

/// The times of one thing, in the order in which they were measured.
#[derive(Debug, Clone, Default)]
pub(super) struct Samples(Vec<Duration>);

impl Samples {
    pub(super) fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(super) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// The time that so many percent of them don't exceed (nearest rank); zero where there are none.
    pub(super) fn percentile(&self, percent: usize) -> Duration {
        percentile(&self.0, percent)
    }

    /// How these compare to `base`, which took turns with them.
    pub(super) fn ratio_to(&self, base: &Self) -> Ratio {
        let of = |percent| ratio(self.percentile(percent), base.percentile(percent));
        let parts = self.parts().zip(base.parts());
        let medians: Vec<f64> = parts.map(|(own, base)| ratio(percentile(own, 50), percentile(base, 50))).collect();
        Ratio {
            p50: of(50),
            p99: of(99),
            p50_least: medians.iter().copied().fold(f64::INFINITY, f64::min),
            p50_most: medians.iter().copied().fold(0.0, f64::max),
        }
    }

    /// What is said of them in a report.
    pub(super) fn times(&self, what: &'static str) -> Times {
        let millis = |percent| self.percentile(percent).as_secs_f64() * 1_000.0;
        Times { what, count: self.len(), p50_ms: millis(50), p99_ms: millis(99) }
    }

    /// The same of a ratio.
    pub(super) fn compared(&self, what: &'static str, over: &'static str, base: &Self) -> Compared {
        Compared { what, over, ratio: self.ratio_to(base) }
    }

    fn parts(&self) -> impl Iterator<Item = &[Duration]> {
        self.0.chunks(self.0.len().div_ceil(PARTS).max(1))
    }
}

/// The times of one thing, in a report.
#[derive(Debug, Serialize)]
pub(super) struct Times {
    what: &'static str,
    count: usize,
    p50_ms: f64,
    p99_ms: f64,
}

/// A ratio, in a report.
#[derive(Debug, Serialize)]
pub(super) struct Compared {
    what: &'static str,
    over: &'static str,
    #[serde(flatten)]
    ratio: Ratio,
}

/// Prints a table of times.
pub(super) fn print_times(times: &[Times]) {
    println!("{:<28}{:>8}{:>10}{:>10}", "", "count", "p50 ms", "p99 ms");
    for Times { what, count, p50_ms, p99_ms } in times {
        println!("{what:<28}{count:>8}{p50_ms:>10.2}{p99_ms:>10.2}");
    }
}

/// Prints a table of ratios.
pub(super) fn print_ratios(ratios: &[Compared]) {
    println!("\n{:<52}{:>8}{:>8}   p50 in tenths of the run", "ratio", "p50", "p99");
    for Compared { what, over, ratio } in ratios {
        let Ratio { p50, p99, p50_least, p50_most } = ratio;
        println!("{:<52}{p50:>8.2}{p99:>8.2}   {p50_least:.2} to {p50_most:.2}", format!("{what} / {over}"));
    }
    println!();
}

/// Two series of times, the one divided by the other.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Ratio {
    /// Of the medians.
    pub(super) p50: f64,
    /// Of the 99th percentiles.
    pub(super) p99: f64,
    /// The least of the medians' ratios, among ten parts of the run.
    pub(super) p50_least: f64,
    /// And the greatest.
    pub(super) p50_most: f64,
}

fn percentile(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(millis: impl IntoIterator<Item = u64>) -> Samples {
        Samples(millis.into_iter().map(Duration::from_millis).collect())
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let hundred = samples((1..=100).rev());
        assert_eq!(hundred.percentile(50), Duration::from_millis(50));
        assert_eq!(hundred.percentile(99), Duration::from_millis(99));
        assert_eq!(samples([7]).percentile(99), Duration::from_millis(7));
        assert_eq!(samples([]).percentile(50), Duration::ZERO);
    }

    #[test]
    fn a_ratio_that_wanders_shows_in_its_bounds() {
        let base = samples([10; 100]);
        let own = samples((0..100).map(|index| if index < 50 { 10 } else { 30 }));
        let ratio = own.ratio_to(&base);
        assert!((ratio.p50 - 1.0).abs() < 1e-9 && (ratio.p99 - 3.0).abs() < 1e-9, "{ratio:?}");
        assert!((ratio.p50_least - 1.0).abs() < 1e-9 && (ratio.p50_most - 3.0).abs() < 1e-9, "{ratio:?}");
    }
}
