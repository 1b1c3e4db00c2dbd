//! What the shop sells. Invented, as is the shop.

use crate::art::{Art, Motif};

/// Something to buy.
#[derive(Debug)]
pub struct Product {
    /// Its name in addresses.
    pub slug: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its shelf.
    pub shelf: Shelf,
    /// What it is, in a few words.
    pub kind: &'static str,
    /// How it tastes or feels, in one sentence.
    pub short: &'static str,
    /// More about it, in paragraphs.
    pub story: &'static [&'static str],
    /// Facts: name and value.
    pub facts: &'static [(&'static str, &'static str)],
    /// Its sizes, smallest first; never empty.
    pub sizes: &'static [Size],
    /// A word in the corner of the card.
    pub badge: Option<&'static str>,
    /// The help page that answers what people ask about it.
    pub help: &'static str,
    /// Its picture.
    pub art: Art,
}

/// One size of a product.
#[derive(Debug)]
pub struct Size {
    /// As it stands on the page.
    pub label: &'static str,
    /// Its price.
    pub pence: u32,
    /// What that means in practice.
    pub note: &'static str,
}

/// Where in the shop a product stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// Loose leaf.
    Tea,
    /// Pots, cups, kettles.
    Ware,
}

/// The product of that name.
#[must_use]
pub fn find(slug: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.slug == slug)
}

/// The products of a shelf.
pub fn on_shelf(shelf: Shelf) -> impl Iterator<Item = &'static Product> {
    PRODUCTS.iter().filter(move |product| product.shelf == shelf)
}

/// `£7.50`.
#[must_use]
pub fn price(pence: u32) -> String {
    format!("£{}.{:02}", pence / 100, pence % 100)
}

const fn bags(small: u32, middle: u32, large: u32) -> [Size; 3] {
    [
        Size { label: "50 g", pence: small, note: "about 20 cups" },
        Size { label: "100 g", pence: middle, note: "about 40 cups" },
        Size { label: "250 g", pence: large, note: "about 100 cups" },
    ]
}

/// All products, teas first.
pub static PRODUCTS: [Product; 9] = [
    Product {
        slug: "harbour-smoke",
        name: "Harbour Smoke",
        shelf: Shelf::Tea,
        kind: "Smoked black tea · Wuyi, China",
        short: "Pine smoke, dried longan, and a long sweet finish.",
        story: &[
            "Leaves from Tongmu, withered over pine embers for a night and then fired once more. The smoke is there, \
             but it stays behind the fruit.",
            "We buy forty kilos each June from the same family and it is usually gone by March.",
        ],
        facts: &[
            ("Leaf", "4 g for 300 ml"),
            ("Water", "95 °C"),
            ("Time", "3 minutes"),
            ("Caffeine", "medium"),
            ("Picked", "May"),
        ],
        sizes: &bags(720, 1320, 2950),
        badge: Some("Our best seller"),
        help: "brewing",
        art: Art::Tin { hue: "#8d4a35", deep: "#6f3527", label: "#f3e3c9", ink: "#5b2d20", motif: Motif::Pine },
    },
    Product {
        slug: "first-flush-12",
        name: "First Flush No. 12",
        shelf: Shelf::Tea,
        kind: "Black tea · Darjeeling, India",
        short: "Muscat grape and green almond, bright as a window.",
        story: &[
            "The twelfth invoice of the spring harvest from a garden at 1,900 metres above Kurseong. Small lots are \
             numbered as they leave the factory, and no two numbers taste alike.",
            "Best in its first year. Take the milk away for this one.",
        ],
        facts: &[
            ("Leaf", "3 g for 300 ml"),
            ("Water", "85 °C"),
            ("Time", "2½ minutes"),
            ("Caffeine", "medium"),
            ("Picked", "March"),
        ],
        sizes: &bags(980, 1820, 4100),
        badge: None,
        help: "brewing",
        art: Art::Pouch { hue: "#c9a66b", deep: "#ab8750", label: "#fbf4e2", ink: "#7a5a22", motif: Motif::Peaks },
    },
    Product {
        slug: "reed-sencha",
        name: "Reed Sencha",
        shelf: Shelf::Tea,
        kind: "Green tea · Shizuoka, Japan",
        short: "Sweet peas, sea air, a little steamed spinach.",
        story: &[
            "A middle-steamed sencha from Kawane, where morning fog shades the rows until ten. Deep green in the cup \
             and soft on the tongue as long as the water is not too hot.",
            "It brews three times: the second cup, poured after ten seconds, is the one people write to us about.",
        ],
        facts: &[
            ("Leaf", "5 g for 250 ml"),
            ("Water", "70 °C"),
            ("Time", "1 minute"),
            ("Caffeine", "medium"),
            ("Picked", "April"),
        ],
        sizes: &bags(890, 1640, 3700),
        badge: Some("New harvest"),
        help: "brewing",
        art: Art::Tin { hue: "#5d7f56", deep: "#466342", label: "#eef0dc", ink: "#33502f", motif: Motif::Reeds },
    },
    Product {
        slug: "slack-water",
        name: "Slack Water",
        shelf: Shelf::Tea,
        kind: "Oolong · Alishan, Taiwan",
        short: "Warm milk, gardenia, and a calm that lasts five pours.",
        story: &[
            "Rolled high-mountain oolong, oxidised to about a fifth and not roasted. The pellets open slowly, so the \
             third pour is the fullest.",
            "Named after the quarter of an hour when our harbour neither fills nor empties.",
        ],
        facts: &[
            ("Leaf", "5 g for 150 ml"),
            ("Water", "90 °C"),
            ("Time", "45 seconds, five pours"),
            ("Caffeine", "low to medium"),
            ("Picked", "October"),
        ],
        sizes: &bags(1150, 2100, 4800),
        badge: None,
        help: "brewing",
        art: Art::Pouch { hue: "#7fa3a3", deep: "#5f8585", label: "#f2f5ee", ink: "#2f5559", motif: Motif::Ripples },
    },
    Product {
        slug: "night-ferry",
        name: "Night Ferry",
        shelf: Shelf::Tea,
        kind: "Herbal blend · no caffeine",
        short: "Rooibos, orange peel and cardamom for late arrivals.",
        story: &[
            "We made it for the crew of the 23:40 to Skerry, who wanted something hot that would let them sleep \
             afterwards. Long-cut rooibos, dried orange, green cardamom, a little vanilla.",
            "It can't be brewed too long. Some leave it in the flask until morning.",
        ],
        facts: &[
            ("Leaf", "4 g for 300 ml"),
            ("Water", "100 °C"),
            ("Time", "6 minutes or more"),
            ("Caffeine", "none"),
            ("Contains", "rooibos, orange peel, cardamom, vanilla"),
        ],
        sizes: &bags(580, 1050, 2300),
        badge: None,
        help: "brewing",
        art: Art::Tin { hue: "#38506f", deep: "#283b55", label: "#f0e6cf", ink: "#2a3d59", motif: Motif::Ferry },
    },
    Product {
        slug: "marram-mint",
        name: "Marram Mint",
        shelf: Shelf::Tea,
        kind: "Herbal · grown in Portmarrow",
        short: "Spearmint from the allotments behind the dunes.",
        story: &[
            "Cut before breakfast on four allotments within sight of the shop, and dried the same day. Nothing else \
             is in the bag.",
            "We sell what there is. When the last sack is empty, usually in February, it comes back in July.",
        ],
        facts: &[
            ("Leaf", "3 g for 300 ml"),
            ("Water", "100 °C"),
            ("Time", "5 minutes"),
            ("Caffeine", "none"),
            ("Cut", "July"),
        ],
        sizes: &bags(490, 880, 1900),
        badge: Some("Local"),
        help: "brewing",
        art: Art::Pouch { hue: "#d8cfb4", deep: "#bdb190", label: "#fdfaf0", ink: "#4c6b3d", motif: Motif::Sprig },
    },
    Product {
        slug: "heron-teapot",
        name: "Heron Teapot",
        shelf: Shelf::Ware,
        kind: "Stoneware · thrown in Portmarrow",
        short: "A quiet pour, no drip, a lid that stays on.",
        story: &[
            "Thrown by Ines Carrow two streets from the shop, in a speckled clay that keeps its heat. The spout is \
             cut by hand until it stops without a drop; pots that drip are sold as seconds in April.",
            "Each pot is numbered under the foot. Send us the number and we can make a new lid that fits.",
        ],
        facts: &[
            ("Holds", "600 ml to the rim, two large mugs"),
            ("Strainer", "built in, 96 holes"),
            ("Glaze", "tin white over ash green"),
            ("Dishwasher", "yes, top rack"),
            ("Made", "about 14 a month"),
        ],
        sizes: &[
            Size { label: "600 ml", pence: 6400, note: "two large mugs" },
            Size { label: "1.1 l", pence: 8200, note: "four large mugs" },
        ],
        badge: Some("Made here"),
        help: "repairs",
        art: Art::Teapot { clay: "#c8b294", glaze: "#e9e6d6", deep: "#8fa08b", line: "#4d5a50" },
    },
    Product {
        slug: "pebble-cups",
        name: "Pebble Cups",
        shelf: Shelf::Ware,
        kind: "Stoneware · a pair",
        short: "No handles, warm hands. 180 ml each.",
        story: &[
            "Two cups from one lump of clay, thrown one after the other so that they sit together. The lower third \
             is left unglazed: it is where you hold them.",
            "They stack, and they are the size for which all our brewing times are written.",
        ],
        facts: &[
            ("Holds", "180 ml each"),
            ("Glaze", "slate blue, dipped"),
            ("Dishwasher", "yes"),
            ("Microwave", "yes"),
            ("Made", "about 30 pairs a month"),
        ],
        sizes: &[
            Size { label: "Pair", pence: 3400, note: "two cups" },
            Size { label: "Set of four", pence: 6400, note: "two pairs" },
        ],
        badge: None,
        help: "care",
        art: Art::Cups { clay: "#c6ab8b", glaze: "#5d7d92", deep: "#45606f", tea: "#a8662d" },
    },
    Product {
        slug: "spout-kettle",
        name: "Spout Kettle",
        shelf: Shelf::Ware,
        kind: "Enamelled steel · any hob",
        short: "Thin spout, slow water, a dial for the temperature.",
        story: &[
            "A kettle for people who brew green tea and have run out of patience with guessing. The dial on its side \
             reads the water from 40 to 100 °C.",
            "Enamelled in Asturias for induction, gas and ceramic hobs. The dial is a spare part and costs £9.",
        ],
        facts: &[
            ("Holds", "1 l, best filled to 800 ml"),
            ("Hobs", "induction, gas, ceramic"),
            ("Dial", "40 to 100 °C, ± 1 °C"),
            ("Weight", "870 g"),
            ("Guarantee", "5 years"),
        ],
        sizes: &[Size { label: "1 l", pence: 7200, note: "one size" }],
        badge: None,
        help: "care",
        art: Art::Kettle { body: "#39645a", deep: "#284941", metal: "#cfc8b8", wood: "#9a6a3f" },
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::help;

    #[test]
    fn every_product_can_be_found_and_bought() {
        for product in &PRODUCTS {
            assert_eq!(find(product.slug).map(|found| found.name), Some(product.name));
            assert!(!product.sizes.is_empty() && product.sizes.is_sorted_by_key(|size| size.pence), "{}", product.name);
            assert!(help::find(product.help).is_some(), "{}", product.name);
        }
        assert!(find("coffee").is_none());
    }

    #[test]
    fn prices_have_two_digits_of_pence() {
        assert_eq!(price(5), "£0.05");
        assert_eq!(price(720), "£7.20");
        assert_eq!(price(12_000), "£120.00");
    }
}
