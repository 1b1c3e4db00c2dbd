//! The widget. The loader (`loader/weft.js`) paints the launcher and calls [`mount`] on the first intent; from then on
//! everything happens here. The rules of a session are `weft_shared`'s: this crate draws and carries.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "natively only the tests of the pure parts run"))]

mod browser;
mod clock;
mod config;
mod element;
mod entropy;
mod handle;
mod json;
mod language;
mod options;
mod page;
mod requests;
mod signals;
mod storage;
mod text;
mod token;
mod transport;
mod view;

use browser::{Node, URL, get};
use element::Element;
use js_sys::Function;
use options::Options;
#[cfg(target_arch = "wasm32")]
use rlsf::SmallGlobalTlsf;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};

/// Rust's own allocator would take 6 KB more. This one finds room in constant time too.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: SmallGlobalTlsf = SmallGlobalTlsf::new();

/// Puts a widget into the shadow root that the loader made, beside its launcher. `options` holds the script tag's
/// `data-*` attributes, its address as `src`, and, once the page sets one, `tokenProvider`. `languages` is where the
/// languages' files are, as far as their addresses are the same. What comes back is called with a command (`open`, `close`, `toggle`, `send`, `destroy`)
/// and, to send, a text; not any more once destroyed.
///
/// # Errors
/// A sentence for the console where the widget can't start.
#[wasm_bindgen]
#[expect(clippy::needless_pass_by_value, reason = "a borrowed value would bring a stack for such values along")]
pub fn mount(
    host: JsValue,
    root: JsValue,
    launcher: JsValue,
    options: JsValue,
    languages: JsValue,
) -> Result<Function, JsValue> {
    let text = |name: &str| if name == "languages" { languages.as_string() } else { get(&options, name).as_string() };
    let origin = text("apiUrl").or_else(|| text("src")).and_then(|address| URL::new(&address).ok());
    let origin = origin.and_then(|url| get(&url, "origin").as_string()).unwrap_or_default();
    let read = Options::read(origin, &text).ok_or("Weft: data-key must hold a publishable key (wf_pk_…)")?;
    let (host, root) = (host.unchecked_into::<Node>(), root.unchecked_into());
    let command = Element::mount(host, root, launcher.unchecked_into(), read, options);
    command.ok_or_else(|| "Weft: no randomness".into())
}
