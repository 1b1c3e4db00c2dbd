//! Markdown: against CommonMark's own examples, in pieces, under attack.

mod attacks;
mod commonmark;
mod html;
mod streaming;
mod tables;
