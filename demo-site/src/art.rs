//! The shop's pictures: drawings in SVG, written into the page. Colours are presentation attributes, because the
//! page's policy allows no inline styles; the style sheet overrides the ground in dark mode.

use maud::{Markup, html};

/// A product's picture.
#[derive(Debug)]
pub enum Art {
    /// A round tin with a label.
    Tin {
        /// The tin.
        hue: &'static str,
        /// Its lid.
        deep: &'static str,
        /// The label's paper.
        label: &'static str,
        /// What is printed on it.
        ink: &'static str,
        /// The label's picture.
        motif: Motif,
    },
    /// A paper bag with a label.
    Pouch {
        /// The paper.
        hue: &'static str,
        /// Its fold.
        deep: &'static str,
        /// The label's paper.
        label: &'static str,
        /// What is printed on it.
        ink: &'static str,
        /// The label's picture.
        motif: Motif,
    },
    /// The teapot.
    Teapot {
        /// Bare clay.
        clay: &'static str,
        /// The upper glaze.
        glaze: &'static str,
        /// The lower glaze.
        deep: &'static str,
        /// Handle and outline.
        line: &'static str,
    },
    /// A pair of cups.
    Cups {
        /// Bare clay.
        clay: &'static str,
        /// The glaze.
        glaze: &'static str,
        /// The inside.
        deep: &'static str,
        /// What is in them.
        tea: &'static str,
    },
    /// The kettle.
    Kettle {
        /// The enamel.
        body: &'static str,
        /// Its shaded side.
        deep: &'static str,
        /// Dial and rim.
        metal: &'static str,
        /// Handle and knob.
        wood: &'static str,
    },
}

/// What is printed on a label.
#[derive(Debug, Clone, Copy)]
pub enum Motif {
    /// A pine and smoke.
    Pine,
    /// Mountains and a sun.
    Peaks,
    /// Reeds in fog.
    Reeds,
    /// Rings on still water.
    Ripples,
    /// A ship at night.
    Ferry,
    /// A sprig of mint.
    Sprig,
}

impl Art {
    /// The drawing, as an image named `title`.
    #[must_use]
    pub fn draw(&self, title: &str) -> Markup {
        html! {
            svg.art viewBox="0 0 320 320" role="img" aria-label=(title) {
                rect.ground x="-320" width="960" height="320" fill=(self.ground()) fill-opacity="0.17" {}
                ellipse cx="160" cy="267" rx="112" ry="11" fill="#000" fill-opacity="0.13" {}
                @match self {
                    Self::Tin { hue, deep, label, ink, motif } => (tin([hue, deep, label, ink], *motif)),
                    Self::Pouch { hue, deep, label, ink, motif } => (pouch([hue, deep, label, ink], *motif)),
                    Self::Teapot { clay, glaze, deep, line } => (teapot([clay, glaze, deep, line])),
                    Self::Cups { clay, glaze, deep, tea } => (cups([clay, glaze, deep, tea])),
                    Self::Kettle { body, deep, metal, wood } => (kettle([body, deep, metal, wood])),
                }
            }
        }
    }

    fn ground(&self) -> &'static str {
        match self {
            Self::Tin { hue, .. } => hue,
            Self::Pouch { ink, .. } => ink,
            Self::Teapot { deep, .. } => deep,
            Self::Cups { glaze, .. } => glaze,
            Self::Kettle { body, .. } => body,
        }
    }
}

fn tin([hue, deep, label, ink]: [&str; 4], motif: Motif) -> Markup {
    html! {
        path d="M92 100V252C92 261 122 269 160 269S228 261 228 252V100Z" fill=(hue) {}
        path d="M92 100V252C92 258 103 263 121 266V100Z" fill="#fff" fill-opacity="0.12" {}
        path d="M200 100V266C217 263 228 258 228 252V100Z" fill="#000" fill-opacity="0.14" {}
        path d="M86 72V100C86 110 119 117 160 117S234 110 234 100V72Z" fill=(deep) {}
        ellipse cx="160" cy="72" rx="74" ry="17" fill=(deep) {}
        ellipse cx="160" cy="71" rx="66" ry="13.5" fill="#fff" fill-opacity="0.13" {}
        path d="M104 137C121 142 139 144 160 144S199 142 216 137V238C199 243 181 245 160 245S121 243 104 238Z" fill=(label) {}
        g transform="translate(110 142)" { (motif.draw(ink)) }
    }
}

fn pouch([hue, deep, label, ink]: [&str; 4], motif: Motif) -> Markup {
    html! {
        path d="M100 92L88 254Q88 266 102 267Q160 273 218 267Q232 266 232 254L220 92Z" fill=(hue) {}
        path d="M100 92L88 254Q88 266 102 267L112 268L122 92Z" fill="#fff" fill-opacity="0.14" {}
        path d="M205 92L212 268L218 267Q232 266 232 254L220 92Z" fill="#000" fill-opacity="0.09" {}
        path d="M98 58H222L220 96H100Z" fill=(deep) {}
        path d="M98 58H222L221.4 68H98.6Z" fill="#fff" fill-opacity="0.16" {}
        path d="M88 79H232" stroke=(ink) stroke-width="5" stroke-linecap="round" {}
        path d="M92 79V88M228 79V88" stroke=(ink) stroke-width="5" stroke-linecap="round" {}
        rect x="108" y="128" width="104" height="112" rx="52" fill=(label) {}
        g transform="translate(110 134)" { (motif.draw(ink)) }
    }
}

impl Motif {
    /// The picture, in a box of 100 by 100.
    fn draw(self, ink: &str) -> Markup {
        html! {
            g fill="none" stroke=(ink) stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round" {
                @match self {
                    Self::Pine => {
                        path d="M36 84V74M36 24L22 44H29L17 60H26L14 75H58L46 60H55L43 44H50Z" fill=(ink) {}
                        path d="M68 80C60 70 78 62 69 52S77 36 69 26M82 80C76 72 88 64 82 55S88 44 83 36" {}
                        path d="M12 88H88" {}
                    }
                    Self::Peaks => {
                        circle cx="66" cy="30" r="9" fill=(ink) {}
                        path d="M10 76L36 36L50 57L60 46L90 76" {}
                        path d="M28 48L36 36L44 48L38 52L34 48Z" fill=(ink) {}
                        path d="M18 84H82M30 92H70" {}
                    }
                    Self::Reeds => {
                        path d="M28 86C28 62 26 48 18 34M42 86C42 56 44 38 50 18M56 86C56 62 60 46 72 36M70 86C70 74 74 64 84 58" {}
                        ellipse cx="50.5" cy="20" rx="3.6" ry="9" transform="rotate(14 50.5 20)" fill=(ink) {}
                        ellipse cx="17" cy="35" rx="3.4" ry="8" transform="rotate(-24 17 35)" fill=(ink) {}
                        path d="M10 70H34M62 62H90M14 88H86" stroke-opacity="0.55" {}
                    }
                    Self::Ripples => {
                        ellipse cx="50" cy="60" rx="9" ry="3.6" {}
                        ellipse cx="50" cy="60" rx="22" ry="9" {}
                        ellipse cx="50" cy="60" rx="36" ry="15" stroke-opacity="0.7" {}
                        path d="M50 48C42 38 42 30 50 18C58 30 58 38 50 48Z" fill=(ink) {}
                        path d="M34 86H66" {}
                    }
                    Self::Ferry => {
                        path d="M72 16A15 15 0 1 0 86 37A12 12 0 1 1 72 16Z" fill=(ink) {}
                        path d="M16 62H76L68 76H24Z" fill=(ink) {}
                        path d="M28 60V50H60V60M40 50V38H50V50" {}
                        path d="M8 84Q15 79 22 84T36 84T50 84T64 84T78 84T92 84M22 93Q29 88 36 93T50 93T64 93T78 93" {}
                    }
                    Self::Sprig => {
                        path d="M50 92V22" {}
                        path d="M50 24C44 16 46 10 50 6C54 10 56 16 50 24Z" fill=(ink) {}
                        path d="M50 44C38 44 30 38 26 28C38 26 47 32 50 44Z" fill=(ink) {}
                        path d="M50 44C62 44 70 38 74 28C62 26 53 32 50 44Z" fill=(ink) {}
                        path d="M50 66C36 67 26 60 20 50C35 46 46 53 50 66Z" {}
                        path d="M50 66C64 67 74 60 80 50C65 46 54 53 50 66Z" {}
                        path d="M50 86C40 87 32 83 27 76C38 73 46 77 50 86Z" {}
                        path d="M50 86C60 87 68 83 73 76C62 73 54 77 50 86Z" {}
                    }
                }
            }
        }
    }
}

fn teapot([clay, glaze, deep, line]: [&str; 4]) -> Markup {
    html! {
        path d="M98 118C100 34 220 34 222 118" fill="none" stroke=(line) stroke-width="9" stroke-linecap="round" {}
        path d="M226 186C258 184 262 146 284 128L294 134C280 160 276 214 232 226Z" fill=(deep) {}
        path d="M284 128L294 134C288 145 284 160 279 174L262 166C268 150 274 136 284 128Z" fill=(glaze) {}
        path d="M160 114C220 114 244 152 244 190C244 236 214 266 160 266S76 236 76 190C76 152 100 114 160 114Z" fill=(deep) {}
        path d="M160 114C220 114 244 152 244 190C244 196 243 202 242 208C232 214 226 198 216 202S202 226 190 222S178 202 164 206S148 232 134 226S122 204 108 208S86 218 78 208C77 202 76 196 76 190C76 152 100 114 160 114Z" fill=(glaze) {}
        path d="M110 255C122 262 139 266 160 266S198 262 210 255L206 268H114Z" fill=(clay) {}
        path d="M100 150C92 164 89 178 90 192" fill="none" stroke="#fff" stroke-opacity="0.7" stroke-width="5" stroke-linecap="round" {}
        g fill=(line) fill-opacity="0.35" {
            circle cx="128" cy="160" r="1.8" {} circle cx="186" cy="148" r="1.6" {} circle cx="208" cy="176" r="2" {}
            circle cx="150" cy="184" r="1.5" {} circle cx="118" cy="190" r="1.6" {} circle cx="176" cy="178" r="1.8" {}
        }
        path d="M116 124C120 106 138 100 160 100S200 106 204 124C190 129 176 131 160 131S130 129 116 124Z" fill=(glaze) {}
        path d="M116 124C130 129 144 131 160 131S190 129 204 124" fill="none" stroke=(line) stroke-opacity="0.45" stroke-width="2.5" {}
        path d="M152 101C150 94 148 90 152 86Q160 80 168 86C172 90 170 94 168 101Z" fill=(clay) {}
        path d="M98 123C98 113 98.5 109 100 103M222 123C222 113 221.5 109 220 103" fill="none" stroke=(clay) stroke-width="12" stroke-linecap="round" {}
    }
}

fn cups([clay, glaze, deep, tea]: [&str; 4]) -> Markup {
    html! {
        g transform="translate(118 14) scale(0.92)" { (cup([clay, glaze, deep, tea])) }
        g transform="translate(6 0)" { (cup([clay, glaze, deep, tea])) }
        g fill="none" stroke="#fff" stroke-opacity="0.75" stroke-width="4" stroke-linecap="round" {
            path d="M102 148C94 136 110 128 102 114" {}
            path d="M122 142C116 132 128 124 122 112" {}
            path d="M216 150C208 138 224 130 216 116" {}
        }
    }
}

fn cup([clay, glaze, deep, tea]: [&str; 4]) -> Markup {
    html! {
        path d="M44 172C44 232 66 266 104 266S164 232 164 172Z" fill=(clay) {}
        path d="M44 172C44 199 49 220 57 236C78 231 92 243 112 239S140 230 151 236C159 220 164 199 164 172Z" fill=(glaze) {}
        path d="M148 172C148 206 143 240 128 260C152 246 164 214 164 172Z" fill="#000" fill-opacity="0.12" {}
        ellipse cx="104" cy="172" rx="60" ry="17" fill=(deep) {}
        ellipse cx="104" cy="174" rx="51" ry="12.5" fill=(tea) {}
        path d="M70 172C80 166 96 164 110 165" fill="none" stroke="#fff" stroke-opacity="0.4" stroke-width="3" stroke-linecap="round" {}
        path d="M55 190C56 204 59 216 64 226" fill="none" stroke="#fff" stroke-opacity="0.4" stroke-width="5" stroke-linecap="round" {}
    }
}

fn kettle([body, deep, metal, wood]: [&str; 4]) -> Markup {
    html! {
        path d="M226 244C262 244 250 176 262 150C268 137 280 134 292 138" fill="none" stroke=(deep) stroke-width="13" stroke-linecap="round" {}
        path d="M92 128C44 128 44 206 84 214" fill="none" stroke=(wood) stroke-width="13" stroke-linecap="round" {}
        path d="M104 116H216C222 160 232 210 238 250C239 261 232 267 222 267H98C88 267 81 261 82 250C88 210 98 160 104 116Z" fill=(body) {}
        path d="M196 116H216C222 160 232 210 238 250C239 261 232 267 222 267H200C208 220 202 166 196 116Z" fill=(deep) {}
        path d="M116 134C112 168 106 204 103 240" fill="none" stroke="#fff" stroke-opacity="0.35" stroke-width="6" stroke-linecap="round" {}
        rect x="98" y="106" width="124" height="13" rx="6.5" fill=(metal) {}
        path d="M108 106C112 88 134 82 160 82S208 88 212 106Z" fill=(deep) {}
        rect x="153" y="70" width="14" height="14" fill=(metal) {}
        circle cx="160" cy="64" r="13" fill=(wood) {}
        circle cx="160" cy="190" r="25" fill=(metal) {}
        circle cx="160" cy="190" r="20" fill="#fff" fill-opacity="0.6" {}
        g stroke=(deep) stroke-width="2.4" stroke-linecap="round" {
            path d="M160 190L171 178" {}
            path d="M146 196L149 195M148 180L151 182M160 174V177M174 196L171 195" {}
        }
    }
}

/// The scene on the first page: the dunes before the shop in the morning.
#[must_use]
pub fn scene() -> Markup {
    html! {
        svg.scene viewBox="0 0 720 560" preserveAspectRatio="xMidYMax slice" role="img"
            aria-label="A teapot and two cups on a wall, with dunes and the sea behind" {
            rect.sky width="720" height="560" fill="#f6e3c8" {}
            circle.sun cx="520" cy="168" r="62" fill="#f0b277" {}
            path.far d="M0 214C80 196 150 204 220 190S380 196 470 206S640 196 720 210V300H0Z" fill="#b7c6bf" {}
            path.sea d="M0 236H720V360H0Z" fill="#7fa5a3" {}
            g.glint fill="none" stroke="#f6e3c8" stroke-width="4" stroke-linecap="round" {
                path d="M470 256H572M440 274H530M548 274H606M486 294H560M110 262H168M60 288H128M240 302H300" {}
            }
            path.dune-back d="M0 330C90 286 190 290 280 322S470 372 720 300V470H0Z" fill="#d9c79b" {}
            path.dune d="M0 400C120 336 240 380 360 398S600 392 720 352V560H0Z" fill="#c7b07d" {}
            g.grass fill="none" stroke="#5c7a5b" stroke-width="4" stroke-linecap="round" {
                path d="M70 420C66 380 54 350 26 322M78 420C78 376 76 344 62 300M88 420C90 380 98 346 122 314M98 420C102 394 118 368 148 350M60 420C52 396 36 378 10 366" {}
                path d="M620 388C616 348 606 320 584 296M630 388C630 344 632 314 644 280M640 388C644 352 656 328 684 306M650 388C656 366 672 350 704 342M612 388C604 368 592 356 566 348" {}
                path d="M330 408C328 388 322 374 308 362M336 408C336 384 338 368 344 352M342 408C346 390 354 380 370 372" stroke-width="3" {}
            }
            path.wall d="M0 448H720V560H0Z" fill="#8d7f6b" {}
            path.wall-top d="M0 448H720V470H0Z" fill="#a59781" {}
            path.joints d="M120 470V560M330 470V560M548 470V560M0 516H120M330 512H548" fill="none" stroke="#6f6353" stroke-width="3" {}
            ellipse cx="316" cy="458" rx="236" ry="10" fill="#000" fill-opacity="0.2" {}
            g transform="translate(146 172) scale(1.08)" { (teapot(["#c8b294", "#f1eee0", "#6f8f86", "#85603c"])) }
            g transform="translate(420 272) scale(0.7)" { (cup(["#c6ab8b", "#b6562f", "#8d3f20", "#a8662d"])) }
            g transform="translate(40 300) scale(0.6)" { (cup(["#c6ab8b", "#39645a", "#284941", "#a8662d"])) }
            g.steam fill="none" stroke="#fffaf0" stroke-opacity="0.85" stroke-width="5" stroke-linecap="round" {
                path d="M484 376C474 360 496 348 486 328S498 300 488 284" {}
                path d="M508 372C500 358 516 348 508 332" {}
                path d="M94 388C86 376 102 366 94 350" {}
            }
        }
    }
}

/// The shop's sign: three blades of marram grass.
#[must_use]
pub fn sign() -> Markup {
    html! {
        svg.sign viewBox="0 0 32 32" aria-hidden="true" {
            rect width="32" height="32" rx="9" {}
            path d="M15 26C15 17 13 11 8 7M16 26C16 15 17 9 20 5M18 26C18 19 20 14 25 11" {}
        }
    }
}
