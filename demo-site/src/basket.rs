//! What a visitor means to buy.

use crate::catalog::{self, Product, Size};

/// More of one thing than this is an order for the telephone.
pub const MAX_COUNT: u32 = 20;

/// The basket, in the order in which things went in.
#[derive(Debug, Clone, Default)]
pub struct Basket(Vec<Line>);

/// So many of one product in one size.
#[derive(Debug, Clone)]
pub struct Line {
    /// The product.
    pub product: &'static Product,
    /// Its size.
    pub size: &'static Size,
    /// How many.
    pub count: u32,
}

impl Line {
    /// The line's price.
    #[must_use]
    pub fn pence(&self) -> u32 {
        self.size.pence * self.count
    }
}

impl Basket {
    /// Puts one in. `false` where there is no such product or size.
    pub fn add(&mut self, slug: &str, size: &str) -> bool {
        let Some(product) = catalog::find(slug) else { return false };
        let Some(size) = product.sizes.iter().find(|candidate| candidate.label == size) else { return false };
        match self.0.iter_mut().find(|line| line.product.slug == slug && line.size.label == size.label) {
            Some(line) => line.count = (line.count + 1).min(MAX_COUNT),
            None => self.0.push(Line { product, size, count: 1 }),
        }
        true
    }

    /// Takes all of one product and size out.
    pub fn remove(&mut self, slug: &str, size: &str) {
        self.0.retain(|line| line.product.slug != slug || line.size.label != size);
    }

    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.0
    }

    /// How many things there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.iter().map(|line| line.count).sum()
    }

    /// What they cost together, without delivery.
    #[must_use]
    pub fn pence(&self) -> u32 {
        self.0.iter().map(Line::pence).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_thing_twice_is_one_line() {
        let mut basket = Basket::default();
        for (slug, size) in [("harbour-smoke", "50 g"), ("harbour-smoke", "50 g"), ("harbour-smoke", "250 g")] {
            assert!(basket.add(slug, size));
        }
        assert_eq!((basket.lines().len(), basket.count()), (2, 3));
        assert_eq!(basket.pence(), basket.lines().iter().map(Line::pence).sum::<u32>());
        basket.remove("harbour-smoke", "50 g");
        assert_eq!((basket.lines().len(), basket.count()), (1, 1));
    }

    #[test]
    fn unknown_things_stay_out() {
        let mut basket = Basket::default();
        assert!(!basket.add("harbour-smoke", "51 g"));
        assert!(!basket.add("coffee", "50 g"));
        assert_eq!(basket.count(), 0);
    }

    #[test]
    fn count_has_an_end() {
        let mut basket = Basket::default();
        for _ in 0..100 {
            basket.add("heron-teapot", "600 ml");
        }
        assert_eq!(basket.count(), MAX_COUNT);
    }
}
