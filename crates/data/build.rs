//! Lists the files under `data/` for embedding, compresses the long ones and computes their
//! content hash.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use miniz_oxide::deflate::compress_to_vec;

#[path = "src/hash.rs"]
#[expect(unreachable_pub, dead_code, reason = "the library hands it on, and more of it")]
mod hash;

/// Between speed and size; the highest level gains one part in a hundred and takes twice as long.
const LEVEL: u8 = 8;

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let root = manifest.join("../../data").canonicalize()?;
    let mut files = Vec::new();
    collect(&root, &root, &mut files)?;
    files.sort();
    let mut texts = String::new();
    let mut packed = String::new();
    let mut contents: Vec<Vec<u8>> = Vec::new();
    for (name, path) in &files {
        let content = fs::read(path)?;
        if is_long(name) {
            let place = out.join(format!("{}.deflate", name.replace('/', "-")));
            fs::write(&place, compress_to_vec(&content, LEVEL))?;
            let length = content.len();
            let _ = writeln!(
                packed,
                "    PackedFile {{ path: {name:?}, length: {length}, packed: include_bytes!({place:?}) }},"
            );
        } else {
            let _ = writeln!(texts, "    File {{ path: {name:?}, text: include_str!({path:?}) }},");
        }
        contents.push(content);
    }
    let names = files.iter().map(|(name, _)| name.as_str());
    let hex = hash::content_hash(names.zip(contents.iter().map(Vec::as_slice)));
    let code = format!(
        "/// Every short file of the data folder, by path.\npub static FILES: &[File] = &[\n{texts}];\n\
         /// Every long file of the data folder, by path.\npub static PACKED_FILES: &[PackedFile] = &[\n{packed}];\n\
         /// SHA-256 over the paths and contents of [`FILES`] and [`PACKED_FILES`].\n\
         pub const CONTENT_HASH: &str = {hex:?};\n"
    );
    fs::write(out.join("files.rs"), code)
}

/// Editions of lists: megabytes that most questions do not need.
fn is_long(name: &str) -> bool {
    name.ends_with(".jsonl")
}

/// All TOML files, tables of returns and editions of lists below `folder`, with their paths
/// below `root`.
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
        let is_table = name.starts_with("quotes/") && name.ends_with(".csv");
        let is_edition = name.starts_with("parties/") && is_long(&name);
        if name.ends_with(".toml") || is_table || is_edition {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push((name, path));
        }
    }
    Ok(())
}
