//! The browser's objects, as far as the widget needs them. Most calls on them can't fail, so they are bound here without
//! the catching that `web-sys` puts around each, and most of what is read and set are properties, so one import does
//! for all: every import costs twice, in the module and in the script beside it.

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};

#[wasm_bindgen]
extern "C" {
    /// An element, a document, a window, an event: whatever has the method that is called.
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) type Node;

    /// A new element. Tags are constants, so that it can't fail.
    #[wasm_bindgen(method, structural, js_name = createElement)]
    pub(crate) fn create_element(this: &Node, tag: &str) -> Node;

    /// Puts a node behind the last child.
    #[wasm_bindgen(method, structural)]
    pub(crate) fn append(this: &Node, child: &Node);

    /// Puts bare text behind the last child. It is never read as markup.
    #[wasm_bindgen(method, structural, js_name = append)]
    pub(crate) fn append_text(this: &Node, text: &str);

    /// Puts more behind a text.
    #[wasm_bindgen(method, structural, js_name = appendData)]
    pub(crate) fn append_data(this: &Node, text: &str);

    /// Puts a node before this one.
    #[wasm_bindgen(method, structural)]
    pub(crate) fn before(this: &Node, node: &Node);

    /// Takes the element away.
    #[wasm_bindgen(method, structural)]
    pub(crate) fn remove(this: &Node);

    /// Moves the focus here.
    #[wasm_bindgen(method, structural)]
    pub(crate) fn focus(this: &Node);

    /// Sets an attribute. Names are constants.
    #[wasm_bindgen(method, structural, js_name = setAttribute)]
    pub(crate) fn set(this: &Node, name: &str, value: &str);

    /// Sets a property to a text.
    #[wasm_bindgen(method, structural, indexing_setter)]
    pub(crate) fn put(this: &Node, name: &str, value: &str);

    /// Sets a property to yes or no.
    #[wasm_bindgen(method, structural, indexing_setter)]
    pub(crate) fn put_flag(this: &Node, name: &str, value: bool);

    /// Sets a property to a number.
    #[wasm_bindgen(method, structural, indexing_setter)]
    pub(crate) fn put_number(this: &Node, name: &str, value: f64);

    /// Sets a property to another value.
    #[wasm_bindgen(method, structural, indexing_setter)]
    pub(crate) fn put_value(this: &Node, name: &str, value: &JsValue);

    /// Calls `handler` on each event of this kind until `controller` aborts: its property `signal` is read as the option.
    #[wasm_bindgen(method, structural, js_name = addEventListener)]
    pub(crate) fn listen(this: &Node, kind: &str, handler: &Function, controller: &JsValue);

    /// Sends out an event.
    #[wasm_bindgen(method, structural, js_name = dispatchEvent)]
    pub(crate) fn dispatch(this: &Node, event: &CustomEvent);

    /// Keeps the browser from doing what it does by itself.
    #[wasm_bindgen(method, structural, js_name = preventDefault)]
    pub(crate) fn prevent_default(this: &Node);

    /// Hides the event from those around.
    #[wasm_bindgen(method, structural, js_name = stopPropagation)]
    pub(crate) fn stop_propagation(this: &Node);

    /// Calls one of these functions when the promise is over.
    #[wasm_bindgen(method, structural)]
    pub(crate) fn then(this: &Node, fulfilled: &Function, rejected: &Function);

    /// Calls the function when the promise is fulfilled; a promise for what it gives.
    #[wasm_bindgen(method, structural, js_name = then)]
    pub(crate) fn then_one(this: &Node, fulfilled: &Function) -> Node;

    /// A promise for the text of a response.
    #[wasm_bindgen(method, structural, js_name = text)]
    pub(crate) fn read_text(this: &Node) -> Node;

    /// What is selected in the window.
    #[wasm_bindgen(method, structural, js_name = getSelection)]
    pub(crate) fn get_selection(this: &Node) -> Node;

    /// Selects what is in a node.
    #[wasm_bindgen(method, structural, js_name = selectAllChildren)]
    pub(crate) fn select_all_children(this: &Node, node: &Node);

    /// Puts a text into the clipboard; a promise.
    #[wasm_bindgen(method, structural, js_name = writeText)]
    pub(crate) fn write_text(this: &Node, text: &str) -> Node;

    /// A promise for a response. An address that can't be parsed fails it too.
    pub(crate) fn fetch(url: &str, init: &Node) -> Node;

    /// An event of our own.
    pub(crate) type CustomEvent;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new(kind: &str, init: &JsValue) -> CustomEvent;

    /// An address.
    pub(crate) type URL;

    #[wasm_bindgen(constructor, catch)]
    pub(crate) fn new(address: &str) -> Result<URL, JsValue>;

    /// Ends listeners together.
    #[derive(Debug)]
    pub(crate) type AbortController;

    /// Every browser whose style sheets can be constructed has it.
    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> AbortController;

    #[wasm_bindgen(method, structural)]
    pub(crate) fn abort(this: &AbortController);

    /// A style sheet.
    #[derive(Debug)]
    pub(crate) type CSSStyleSheet;

    /// The loader has made one before.
    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> CSSStyleSheet;

    /// Puts other rules in the place of all. What can't be read of them is left out.
    #[wasm_bindgen(method, structural, js_name = replaceSync)]
    pub(crate) fn replace_sync(this: &CSSStyleSheet, rules: &str);

    /// Whether the browser takes this value for this property of a style.
    #[wasm_bindgen(js_namespace = CSS, js_name = supports)]
    pub(crate) fn css_supports(property: &str, value: &str) -> bool;

    /// Random bytes, cryptographically strong. It fails beyond 65,536 bytes only.
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    pub(crate) fn fill_randomly(bytes: &mut [u8]);

    /// How a language counts (CLDR's plural rules).
    pub(crate) type PluralRules;

    /// For a language that is one of ours, so that it can't fail.
    #[wasm_bindgen(constructor, js_namespace = Intl)]
    pub(crate) fn new(language: &str) -> PluralRules;

    /// The category of a number: `one`, `few`, `other`…
    #[wasm_bindgen(method, structural)]
    pub(crate) fn select(this: &PluralRules, number: f64) -> String;

    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(handler: &Function, wait_ms: i32) -> i32;

    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(id: i32);

    /// Tells the site's owner.
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    pub(crate) fn warn(text: &str);
}

impl Node {
    /// A new object.
    pub(crate) fn object() -> Self {
        js_sys::Object::new().unchecked_into()
    }

    /// A property that is an object.
    pub(crate) fn node(&self, name: &str) -> Self {
        get(self, name).unchecked_into()
    }

    /// A property that is a text; empty where it is none.
    pub(crate) fn text(&self, name: &str) -> String {
        get(self, name).as_string().unwrap_or_default()
    }

    /// A property that is a number; 0 where it is none.
    pub(crate) fn number(&self, name: &str) -> f64 {
        get(self, name).as_f64().unwrap_or_default()
    }

    /// A property that is yes or no.
    pub(crate) fn flag(&self, name: &str) -> bool {
        get(self, name).is_truthy()
    }

    /// A new element of this class, behind the last child.
    pub(crate) fn add(&self, tag: &str, class: &str) -> Self {
        let element = self.node("ownerDocument").create_element(tag);
        if !class.is_empty() {
            element.set_class(class);
        }
        self.append(&element);
        element
    }

    /// Its class, for the widget's own sheet, and the same as its part, for the page's.
    pub(crate) fn set_class(&self, class: &str) {
        self.put("className", class);
        self.set("part", class);
    }

    /// The same with a text in it.
    pub(crate) fn add_with_text(&self, tag: &str, class: &str, text: &str) -> Self {
        let element = self.add(tag, class);
        element.set_text(text);
        element
    }

    /// A button with an icon, which its class paints.
    pub(crate) fn add_icon_button(&self, class: &str) -> Self {
        let button = self.add("button", class);
        button.set("type", "button");
        button
    }

    /// Puts this text in the place of all children.
    pub(crate) fn set_text(&self, text: &str) {
        self.put("textContent", text);
    }

    /// Whether it is seen.
    pub(crate) fn show(&self, is_shown: bool) {
        self.put_flag("hidden", !is_shown);
    }

    /// Sets an attribute to `true` or `false`.
    pub(crate) fn set_state(&self, name: &str, is_so: bool) {
        self.set(name, if is_so { "true" } else { "false" });
    }
}

/// A property of an object; undefined where there is none, or no object.
pub(crate) fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}
