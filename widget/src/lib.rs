//! The widget. The loader (`loader/weft.js`) paints the launcher and calls [`mount`] on the first intent; from then on
//! everything happens here. The rules of a session are `weft_shared`'s: this crate draws and carries.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "natively only the tests of the pure parts run"))]

mod clock;
mod config;
mod element;
mod entropy;
mod json;
mod listeners;
mod options;
mod request;
mod storage;
mod token_source;
mod transport;
mod view;

use element::{Element, Handle, Input};
use js_sys::Reflect;
use options::Options;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{HtmlElement, ShadowRoot};

/// A widget on a page: what stands behind `window.weft`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Widget(Handle);

/// Puts a widget into the shadow root that the loader made, beside its launcher. `options` holds the script tag's
/// `data-*` attributes, its address as `src`, and, once the page sets one, `tokenProvider`.
///
/// # Errors
/// A sentence for the console where the widget can't start.
#[wasm_bindgen]
pub fn mount(host: HtmlElement, root: &ShadowRoot, launcher: HtmlElement, options: JsValue) -> Result<Widget, JsValue> {
    let read = Options::read(|name| Reflect::get(&options, &name.into()).ok()?.as_string());
    let read = read.map_err(|error| JsValue::from(error.message()))?;
    let handle = Element::mount(host, root, launcher, read, options);
    handle.map(Widget).ok_or_else(|| JsValue::from("Weft: this browser is too old"))
}

#[wasm_bindgen]
impl Widget {
    /// Opens the panel.
    pub fn open(&self) {
        self.0.post(Input::Open);
    }

    /// Closes it.
    pub fn close(&self) {
        self.0.post(Input::Close);
    }

    /// Opens or closes it.
    pub fn toggle(&self) {
        self.0.post(Input::Toggle);
    }

    /// Sends a message in the visitor's name, and opens the panel.
    pub fn send(&self, text: String) {
        self.0.post(Input::Send(text));
    }

    /// Ends it: its listeners, socket, timers and requests go.
    pub fn destroy(&self) {
        self.0.post(Input::Destroy);
    }
}
