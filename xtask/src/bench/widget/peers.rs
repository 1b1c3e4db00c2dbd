//! The chat widgets that ours is measured beside, as npm has them: by version and content, in a folder below `target`.
//! They are no dependencies: nothing of Weft is built with them.

use anyhow::{Context as _, Result, bail};
use base64ct::{Base64, Encoding as _};
use sha2::{Digest as _, Sha512};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::progress::run_quietly;
use crate::project::Project;

/// A package of npm's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    pub(super) package: &'static str,
    pub(super) version: &'static str,
    /// SHA-512 of its archive, as npm writes it behind `sha512-`.
    integrity: &'static str,
}

pub(super) const DEEP_CHAT: Peer = Peer {
    package: "deep-chat",
    version: "2.4.2",
    integrity: "wQNd6Z6HDoH7OMeoQKpmxDm9XdWrRjMkBJ2yl5tsYND9Dz2UCv/BdGVM8vK2V0mhO1u+OniHYPWDGvjlNxjCeQ==",
};
pub(super) const AI_SEARCH: Peer = Peer {
    package: "@cloudflare/ai-search-snippet",
    version: "0.0.42",
    integrity: "LSNCvszcgEb+hgH1jpKCGaBrXScbahpjFVoXuDGiUyC9Td7hDR57+YdMMcBbhDa7S4GYaoCO1aziJYjvC0fwnw==",
};
pub(super) const N8N_CHAT: Peer = Peer {
    package: "@n8n/chat",
    version: "1.37.0",
    integrity: "V1EQxDp/+rW6o/5OZgbwDfgPJXG8Jrn3TIdq7Z/26QTP90Uo3g2gv8CMnaQcphdTQVR+K06X34DOCRHXa8Tqnw==",
};

impl Peer {
    /// Its files, fetched where they aren't there yet.
    ///
    /// # Errors
    /// Where npm can't fetch it, or it isn't what was measured before.
    pub(super) fn ready(self, project: &Project) -> Result<PathBuf> {
        let cache = project.path("target/bench/peers");
        let name = format!("{}-{}", self.package.trim_start_matches('@').replace('/', "-"), self.version);
        let (archive, dir) = (cache.join(format!("{name}.tgz")), cache.join(&name));
        fs::create_dir_all(&dir).with_context(|| format!("can't make the folder {}", dir.display()))?;
        if !archive.is_file() {
            println!("Fetching {} {} with npm, to measure beside it.", self.package, self.version);
            let mut npm = Command::new("npm");
            npm.current_dir(&cache).args([
                "pack",
                &format!("{}@{}", self.package, self.version),
                "--pack-destination",
                ".",
            ]);
            run_quietly(&mut npm, "npm pack", &cache.join("npm.log"))?;
        }
        self.check(&archive)?;
        if !dir.join("package.json").is_file() {
            let mut tar = Command::new("tar");
            tar.arg("xzf").arg(&archive).args(["--strip-components=1", "-C"]).arg(&dir);
            run_quietly(&mut tar, "tar", &cache.join("tar.log"))?;
        }
        Ok(dir.join("dist"))
    }

    fn check(self, archive: &Path) -> Result<()> {
        let content = fs::read(archive).with_context(|| format!("can't read {}", archive.display()))?;
        let found = Base64::encode_string(&Sha512::digest(&content));
        if found != self.integrity {
            bail!("{} is not {} {} as it was: sha512-{found}", archive.display(), self.package, self.version);
        }
        Ok(())
    }
}
