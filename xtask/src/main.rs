//! The command line: `cargo xtask <command>`.

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use xtask::bench::{self, Bench};
use xtask::project::Project;
use xtask::setup::{Chromium, Schemathesis, Tools};
use xtask::{build, check, dev, doctor, schemathesis, size, test};

/// Builds, runs and tests Weft. Each command installs what it needs: programs into the user's cache and npm's into
/// `node_modules`, nothing else.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the Worker and a demo customer on this machine; Ctrl-C ends both
    ///
    /// Writes `.dev.vars` with random secrets on the first run. A variable of the same name in the environment wins.
    Dev {
        /// Port of the Worker on 127.0.0.1
        #[arg(long, default_value_t = 8787, value_parser = clap::value_parser!(u16).range(1..))]
        port: u16,
        /// Port of the demo site on 127.0.0.1
        #[arg(long, default_value_t = 8788, value_parser = clap::value_parser!(u16).range(1..))]
        demo_port: u16,
        /// Folder for storage, keys and logs [default: .weft/dev]
        #[arg(long, value_name = "DIR")]
        state: Option<PathBuf>,
    },
    /// Run every test, real browser included; CI runs the same
    ///
    /// Without a flag all parts run. With filters, only tests whose name holds one of them run, and the checks don't.
    Test {
        /// Only unit tests on this machine
        #[arg(long)]
        native: bool,
        /// Only tests over HTTP and WebSocket against the Worker, schemathesis among them
        #[arg(long)]
        api: bool,
        /// Only tests in a browser
        #[arg(long)]
        browser: bool,
        /// Only formatting, lints and the purity of `shared`
        #[arg(long)]
        check: bool,
        /// Parts of test names
        filters: Vec<String>,
    },
    /// Check formatting, lints on both targets, and that `shared` is pure
    Check,
    /// Build the Worker and the widget, ready for `npx wrangler deploy`
    Build,
    /// Print the bytes that a page loads; fail where they are over the limits
    Size,
    /// Write docs/openapi.json and docs/openapi.html anew, after a change of the HTTP API
    Openapi,
    /// Hold a running Worker against the description of its API, with schemathesis
    ///
    /// Asks as the operator, as a server and as a page: some thousand requests, good and bad, with a fixed seed. Fails where
    /// an answer is a server error or isn't what the document promises. Needs python3; the rest it installs.
    Schemathesis,
    /// Measure what Weft's own parts cost, as ratios to the same thing without them
    ///
    /// Prints a table and writes `target/bench/NAME.json`. Milliseconds are this machine's; ratios come from one run in which
    /// both sides take turns.
    Bench {
        /// What to measure; all unless named
        #[arg(value_enum, value_name = "NAME")]
        names: Vec<Bench>,
    },
    /// Look at a page with Weft from outside, and say what is wrong and how to mend it
    ///
    /// Checks script tag, key, origin, content security policy, refresh endpoint, token, WebSocket, files and clocks. It sends
    /// no message. To have the token checked of a site with a login, put the cookie of a visitor who is signed in into the
    /// variable `WEFT_DOCTOR_COOKIE`. Ends with 0; with 1 where something fails; with 2 where the page can't be read.
    Doctor {
        /// The page's address
        url: String,
        /// The publishable key, where the page's HTML doesn't hold it
        #[arg(long)]
        key: Option<String>,
        /// Weft's address, where the page's HTML doesn't hold it
        #[arg(long, value_name = "URL")]
        weft: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Install all that the other commands need, Chromium included
    Setup,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    if let Command::Doctor { url, key, weft, json } = command {
        return Ok(doctor::run(&doctor::Options { url, key, weft, json }));
    }
    let project = Project::find()?;
    match command {
        Command::Dev { port, demo_port, state } => dev::run(&project, &dev::Options { port, demo_port, state }),
        Command::Test { native, api, browser, check, filters } => {
            test::run_all(&project, &test::Options { check, native, api, browser, filters })
        }
        Command::Check => check::all(&project),
        Command::Build => build::all(&project, &Tools::ready(&project)?),
        Command::Size => {
            build::all(&project, &Tools::ready(&project)?)?;
            size::print(&project)
        }
        Command::Openapi => build::run(
            build::cargo(&project).args(["run", "--quiet", "--package", "weft-apidoc"]),
            "writing the OpenAPI document",
        ),
        Command::Schemathesis => schemathesis::run(&project),
        Command::Bench { names } => bench::run(&project, &names),
        // It needs no project, and has exit codes of its own.
        Command::Doctor { .. } => Ok(()),
        Command::Setup => {
            let tools = Tools::ready(&project);
            let schemathesis = Schemathesis::ready();
            let chromium = Chromium::ready(&project);
            // Both are tried before one's failure is told.
            tools?;
            schemathesis?;
            println!("All is there. Tests use {}.", chromium?.program().display());
            Ok(())
        }
    }
    .map(|()| ExitCode::SUCCESS)
}
