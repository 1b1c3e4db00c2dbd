//! The widgets: each as its own documentation says to put it on a page, and how a visitor opens it and asks. All of them
//! are given the same question and the same answer, without a pause, from the same site.

use anyhow::Result;
use std::path::PathBuf;

use super::peers::{AI_SEARCH, DEEP_CHAT, N8N_CHAT, Peer};
use super::site::Site;
use crate::assets;
use crate::project::Project;

/// A widget on a page.
#[derive(Debug)]
pub(super) struct Contender {
    pub(super) name: &'static str,
    peer: Option<Peer>,
    /// Where the page asks for its files.
    prefix: &'static str,
    /// What stands in the page; `ORIGIN` is the site's.
    embed: &'static str,
    /// True once its launcher, or where it has none it itself, is there.
    pub(super) is_there: &'static str,
    /// Opens it; empty: it is open from the beginning.
    pub(super) open: &'static str,
    /// True once it is open, with a field to write into.
    pub(super) is_open: &'static str,
    /// Asks; empty: it is no chat.
    pub(super) ask: &'static str,
}

/// `all(selector)` finds in closed shadow roots too: see [`super::PRELUDE`].
pub(super) const CONTENDERS: [Contender; 5] = [
    // What a page costs without any.
    Contender {
        name: "an empty page",
        peer: None,
        prefix: "/none/",
        embed: "",
        is_there: "true",
        open: "",
        is_open: "true",
        ask: "",
    },
    Contender {
        name: "Weft",
        peer: None,
        prefix: "/widget/",
        embed: "<script src='ORIGIN/widget/weft.js' data-key='wf_pk_bench_1' defer></script>",
        is_there: "all('button').length > 0",
        open: "weft.open()",
        is_open: "all('textarea').some((e) => e.checkVisibility())",
        ask: "weft.send('When does my order leave?')",
    },
    Contender {
        name: "deep-chat",
        peer: Some(DEEP_CHAT),
        prefix: "/deep-chat/",
        embed: "<script type=module src='ORIGIN/deep-chat/deepChat.bundle.js'></script>\
                <deep-chat connect='{\"url\":\"ORIGIN/deep-chat\"}'></deep-chat>",
        is_there: "all('#text-input').length > 0",
        open: "",
        is_open: "all('#text-input').length > 0",
        ask: "document.querySelector('deep-chat').submitUserMessage({ text: 'When does my order leave?' })",
    },
    Contender {
        name: "ai-search-snippet",
        peer: Some(AI_SEARCH),
        prefix: "/ai-search/",
        embed: "<script type=module src='ORIGIN/ai-search/search-snippet.chat.es.js'></script>\
                <chat-bubble-snippet api-url='ORIGIN/ai-search'></chat-bubble-snippet>",
        is_there: "all('.bubble-button').length > 0",
        open: "all('.bubble-button')[0].click()",
        is_open: "all('.chat-input').some((e) => e.checkVisibility())",
        ask: "document.querySelector('chat-bubble-snippet').sendMessage('When does my order leave?')",
    },
    Contender {
        name: "n8n chat",
        peer: Some(N8N_CHAT),
        prefix: "/n8n-chat/",
        embed: "<link href='ORIGIN/n8n-chat/style.css' rel=stylesheet><script type=module>\
                import { createChat } from 'ORIGIN/n8n-chat/chat.bundle.es.js';\
                createChat({ webhookUrl: 'ORIGIN/n8n' });</script>",
        is_there: "all('.chat-window-toggle').length > 0",
        open: "all('.chat-window-toggle')[0].click()",
        is_open: "all('.chat-inputs textarea').some((e) => e.checkVisibility())",
        ask: "(() => { const field = all('.chat-inputs textarea')[0]; field.value = 'When does my order leave?'; \
              field.dispatchEvent(new Event('input', { bubbles: true })); \
              setTimeout(() => all('.chat-input-send-button')[0].click(), 50); })()",
    },
];

impl Contender {
    /// Where its files are.
    ///
    /// # Errors
    /// Where they can't be fetched.
    pub(super) fn files(&self, project: &Project) -> Result<PathBuf> {
        self.peer.map_or_else(|| Ok(assets::dir(project)), |peer| peer.ready(project))
    }

    /// A site with it on a page.
    ///
    /// # Errors
    /// Where no port is free.
    pub(super) fn site(&self, files: PathBuf) -> Result<Site> {
        let html = |origin: &str| {
            let embed = self.embed.replace("ORIGIN", origin);
            format!(
                "<!doctype html><html lang=en><meta charset=utf-8><title>A page</title>\
                 <meta name=viewport content='width=device-width'><link rel=icon href=data:,>\
                 <body><h1>A page</h1><p>Some text.</p>{embed}"
            )
        };
        Site::start(html, self.prefix, files)
    }

    /// As in the report.
    pub(super) fn version(&self) -> &'static str {
        self.peer.map_or("", |peer| peer.version)
    }
}
