//! Tells the crate which version of mio it is built with, as Cargo.lock has it.

use std::{env, fs, path::Path};

fn main() {
    let folder = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let lock = fs::read_to_string(Path::new(&folder).join("Cargo.lock")).expect("Cargo.lock");
    let version = lock
        .lines()
        .skip_while(|line| *line != "name = \"mio\"")
        .find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        .expect("mio is in Cargo.lock");
    println!("cargo:rustc-env=MIO_VERSION={version}");
    println!("cargo:rerun-if-changed=Cargo.lock");
}
