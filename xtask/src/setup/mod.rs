//! What the commands need beyond rustup, Node and git, and how it comes: into the user's cache (programs that cargo
//! compiles), into `node_modules` (npm, by the lock file), and for tests a browser from the system's packages.
//! Nothing else of the machine is changed.

mod cargo_tools;
mod chromium;
mod node;
mod schemathesis;
mod toolchain;

pub use chromium::Chromium;
pub use node::NodeTools;
pub use schemathesis::Schemathesis;

use anyhow::Result;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::project::Project;

/// The programs that build and run Weft.
#[derive(Debug)]
pub struct Tools {
    node: NodeTools,
    wasm_bindgen: PathBuf,
    worker_build: PathBuf,
    wasm_pack: PathBuf,
    esbuild: PathBuf,
    wasm_opt: PathBuf,
    scratch: PathBuf,
}

impl Tools {
    /// Finds the tools, and installs what is missing.
    ///
    /// # Errors
    /// Says what can't be installed, and what to do.
    pub fn ready(project: &Project) -> Result<Self> {
        toolchain::ready(project)?;
        let node = node::ready(project)?;
        let [wasm_bindgen, worker_build, wasm_pack] = cargo_tools::ready()?;
        let [esbuild, wasm_opt] = ["esbuild", "wasm-opt"].map(|name| project.npm_program(name));
        let scratch = project.path("build/.wasm-pack");
        Ok(Self { node, wasm_bindgen, worker_build, wasm_pack, esbuild, wasm_opt, scratch })
    }

    /// worker-build, which compiles the Worker and its shim. It is told where its helpers are: else it would fetch
    /// them from release pages.
    ///
    /// # Errors
    /// Where `PATH` can't be written.
    pub fn worker_build(&self) -> Result<Command> {
        let mut command = Command::new(&self.worker_build);
        command
            .env("PATH", self.path_env()?)
            .env("WASM_BINDGEN_BIN", &self.wasm_bindgen)
            .env("WASM_OPT_BIN", &self.wasm_opt)
            .env("ESBUILD_BIN", &self.esbuild);
        Ok(command)
    }

    /// wasm-pack, which compiles the widget. It takes its helpers from `PATH`.
    ///
    /// # Errors
    /// Where `PATH` can't be written.
    pub fn wasm_pack(&self) -> Result<Command> {
        let mut command = Command::new(&self.wasm_pack);
        // Its cache stays empty, as nothing is downloaded; even so it would be one more folder in the user's.
        command.env("PATH", self.path_env()?).env("WASM_PACK_CACHE", &self.scratch);
        Ok(command)
    }

    /// esbuild, which bundles and minifies scripts.
    ///
    /// # Errors
    /// Where `PATH` can't be written.
    pub fn esbuild(&self) -> Result<Command> {
        let mut command = Command::new(&self.esbuild);
        command.env("PATH", self.path_env()?);
        Ok(command)
    }

    fn path_env(&self) -> Result<OsString> {
        self.node.path_env_with(self.wasm_bindgen.parent())
    }

    /// What a build's result depends on besides its sources.
    #[must_use]
    pub fn versions() -> String {
        cargo_tools::versions()
    }
}
