//! Lists the files under `data/` for embedding and computes their content hash.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "src/hash.rs"]
#[expect(unreachable_pub, reason = "the library hands it on")]
mod hash;

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let root = manifest.join("../../data").canonicalize()?;
    let mut files = Vec::new();
    collect(&root, &root, &mut files)?;
    files.sort();
    let mut code =
        String::from("/// Every file of the data folder, by path.\npub static FILES: &[File] = &[\n");
    let mut contents: Vec<Vec<u8>> = Vec::new();
    for (name, path) in &files {
        contents.push(fs::read(path)?);
        let _ = writeln!(code, "    File {{ path: {name:?}, text: include_str!({path:?}) }},");
    }
    code.push_str("];\n");
    let names = files.iter().map(|(name, _)| name.as_str());
    let hex = hash::content_hash(names.zip(contents.iter().map(Vec::as_slice)));
    let _ = writeln!(
        code,
        "/// SHA-256 over the paths and contents of [`FILES`].\npub const CONTENT_HASH: &str = {hex:?};"
    );
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("files.rs");
    fs::write(out, code)
}

/// All TOML files and tables of returns below `folder`, with their paths below `root`.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
            continue;
        }
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        // Measured tables are for calibration only and stay outside; daily returns are needed at run time.
        if name.ends_with(".toml") || (name.starts_with("quotes/") && name.ends_with(".csv")) {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push((name, path));
        }
    }
    Ok(())
}
