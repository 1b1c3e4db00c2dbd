//! `cargo xtask bench`: what Weft's own parts cost, measured on this machine against the real Worker. Each bench compares
//! things that it runs side by side, turn by turn, so that ratios mean something on a busy machine too; the milliseconds
//! are this machine's. Not a part of `cargo xtask test`.

mod chat;
mod limits;
mod samples;
mod talk;
mod widget;
mod worker;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use serde::Serialize;
use std::fs;

use crate::build;
use crate::clock::{Stopwatch, in_words};
use crate::project::Project;
use crate::setup::Tools;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Bench {
    /// What a key's window and a visitor's quota add to a request
    Limits,
    /// What a chat costs: delay, memory, calls of objects and rows
    Chat,
    /// What a page pays for the widget, beside three others
    Widget,
}

/// Runs these benches; none named: all.
///
/// # Errors
/// Where something can't be built, or what is measured doesn't work: an error's speed is no figure.
pub fn run(project: &Project, names: &[Bench]) -> Result<()> {
    let tools = Tools::ready(project)?;
    let names = if names.is_empty() { Bench::value_variants() } else { names };
    for name in names {
        let stopwatch = Stopwatch::start();
        match name {
            Bench::Limits => {
                build::all(project, &tools)?;
                limits::run(project)?;
            }
            Bench::Chat => {
                build::all(project, &tools)?;
                chat::run(project)?;
            }
            Bench::Widget => {
                build::widget_alone(project, &tools)?;
                widget::run(project)?;
            }
        }
        println!("Took {}.", in_words(stopwatch.elapsed()));
    }
    Ok(())
}

/// Writes a bench's figures to `target/bench/<name>.json`.
fn write_report(project: &Project, name: &str, report: &impl Serialize) -> Result<()> {
    let dir = project.path("target/bench");
    fs::create_dir_all(&dir).with_context(|| format!("can't make the folder {}", dir.display()))?;
    let path = dir.join(format!("{name}.json"));
    let text = serde_json::to_string_pretty(report).context("figures are JSON")?;
    fs::write(&path, text + "\n").with_context(|| format!("can't write {}", path.display()))?;
    println!("Written: {}", path.display());
    Ok(())
}
