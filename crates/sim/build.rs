//! Lists the `tracing` call sites of the services and of the fake PSP, for `sim coverage`: a call
//! site that was never reached is unknown at run time.

#[path = "src/coverage/scan.rs"]
mod scan;

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// The crates whose call sites are points, by their folders next to this one.
const CRATES: [&str; 2] = ["fake-psp", "system"];

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where"));
    let crates = here.parent().expect("crates are in a folder");
    let mut table = String::from("&[\n");
    for name in CRATES {
        let sources = crates.join(name).join("src");
        println!("cargo:rerun-if-changed={}", sources.display());
        let mut files = Vec::new();
        rust_files(&sources, &mut files);
        files.sort();
        for path in files {
            let text = fs::read_to_string(&path).expect("sources are readable");
            let inside = path.strip_prefix(crates).expect("it was found there");
            // As `file!` has it.
            let file = format!("crates/{}", inside.display());
            for site in scan::sites(&text) {
                writeln!(
                    table,
                    "    Point {{ file: {file:?}, line: {}, level: {:?}, message: {:?} }},",
                    site.line, site.level, site.message
                )
                .expect("writing to a string never fails");
            }
        }
    }
    table.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where"));
    fs::write(out.join("points.rs"), table).expect("cargo's folder is writable");
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("sources are readable") {
        let path = entry.expect("sources are readable").path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}
