//! Leaves out of the release program what nothing reads, and packs what is read once.
//!
//! The tables for unwinding, a tenth of it, say how to walk up the stack after a panic. The release profile ends the program at a panic
//! instead, so nothing reads them: they are C's and the standard library's, and the linker would
//! keep them all the same. Where the linker does not know the script, the program is only larger.
//!
//! The list of addresses to be set at the start takes 24 bytes for each of them; packed, a few bits.
//! The loader of glibc reads that form since 2.36: it is used where this machine's is one of those.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=no-unwind.ld");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    // The profile that the program is released with; which panics end it, is not told here.
    if !(is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux")) {
        return;
    }
    let Ok(folder) = env::var("CARGO_MANIFEST_DIR") else {
        return;
    };
    let script = Path::new(&folder).join("no-unwind.ld");
    println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
    if env::var("HOST").ok() == env::var("TARGET").ok() && glibc().is_some_and(|it| it >= (2, 36)) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of this machine's glibc; `None` if its C library is another one.
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
