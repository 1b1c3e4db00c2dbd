//! A visitor's hands: real key strokes and mouse moves, which go the way through the browser that a person's do.

use super::page::Page;
use serde_json::json;

/// A place on the page, in CSS pixels of the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// A key that types nothing, or more than it types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// ⏎
    Enter,
    /// ⏎ with Shift.
    ShiftEnter,
    /// ⇥
    Tab,
    /// ⇥ with Shift.
    ShiftTab,
    /// Esc
    Escape,
    /// ⌫
    Backspace,
    /// The space bar.
    Space,
}

impl Key {
    /// Name, Windows key code, what it types, modifiers (8 is Shift).
    const fn parts(self) -> (&'static str, u32, &'static str, u32) {
        match self {
            Self::Enter => ("Enter", 13, "\r", 0),
            Self::ShiftEnter => ("Enter", 13, "\r", 8),
            Self::Tab => ("Tab", 9, "", 0),
            Self::ShiftTab => ("Tab", 9, "", 8),
            Self::Escape => ("Escape", 27, "", 0),
            Self::Backspace => ("Backspace", 8, "", 0),
            Self::Space => (" ", 32, " ", 0),
        }
    }
}

impl Page {
    /// Moves the mouse there.
    pub fn hover(&self, at: Point) {
        let _ = self.call("Input.dispatchMouseEvent", &json!({ "type": "mouseMoved", "x": at.x, "y": at.y }));
    }

    /// Moves the mouse there and clicks.
    pub fn click(&self, at: Point) {
        self.hover(at);
        for kind in ["mousePressed", "mouseReleased"] {
            let params = json!({ "type": kind, "x": at.x, "y": at.y, "button": "left", "clickCount": 1 });
            let _ = self.call("Input.dispatchMouseEvent", &params);
        }
    }

    /// Presses a key and lets it go.
    pub fn press(&self, key: Key) {
        let (name, code, text, modifiers) = key.parts();
        self.stroke(name, if name == " " { "Space" } else { name }, code, text, modifiers);
    }

    /// Types a text, key by key, where the focus is.
    pub fn type_text(&self, text: &str) {
        for letter in text.chars() {
            let typed = letter.to_string();
            let upper = letter.to_ascii_uppercase();
            let (code, key_code) = match upper {
                'A'..='Z' => (format!("Key{upper}"), u32::from(upper)),
                '0'..='9' => (format!("Digit{upper}"), u32::from(upper)),
                ' ' => ("Space".to_owned(), 32),
                _ => (String::new(), 0),
            };
            self.stroke(&typed, &code, key_code, &typed, u32::from(letter.is_ascii_uppercase()) * 8);
        }
    }

    /// Puts a text in where the focus is, at once, as from a clipboard.
    pub fn insert_text(&self, text: &str) {
        let _ = self.call("Input.insertText", &json!({ "text": text }));
    }

    /// Begins a word by an input method: it is shown, and not yet taken.
    pub fn compose(&self, word: &str) {
        let end = word.encode_utf16().count();
        let params = json!({ "text": word, "selectionStart": end, "selectionEnd": end });
        let _ = self.call("Input.imeSetComposition", &params);
    }

    fn stroke(&self, key: &str, code: &str, key_code: u32, text: &str, modifiers: u32) {
        let mut params = json!({
            "type": if text.is_empty() { "rawKeyDown" } else { "keyDown" },
            "key": key,
            "code": code,
            "windowsVirtualKeyCode": key_code,
            "modifiers": modifiers,
        });
        if !text.is_empty() {
            params["text"] = json!(text);
        }
        let _ = self.call("Input.dispatchKeyEvent", &params);
        params["type"] = json!("keyUp");
        if let Some(fields) = params.as_object_mut() {
            fields.remove("text");
        }
        let _ = self.call("Input.dispatchKeyEvent", &params);
    }
}
