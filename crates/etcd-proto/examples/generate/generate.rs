//! From `.proto` files to Rust.

use std::path::Path;

use anyhow::Context as _;
use prost_types::FileDescriptorSet;
use protox::prost::Message as _;

const FILES: [&str; 5] = [
    "auth.proto",
    "kv.proto",
    "rpc.proto",
    "v3lock.proto",
    "v3election.proto",
];

/// Writes a Rust file for each package of `root/proto` into `out`, and the descriptors.
pub(crate) fn generate(root: &Path, out: &Path) -> anyhow::Result<()> {
    let described = compile(&root.join("proto"))?;
    tonic_prost_build::configure()
        .build_transport(false)
        .bytes(".")
        .client_mod_attribute(".", "#[cfg(feature = \"client\")]")
        .server_mod_attribute(".", "#[cfg(feature = \"server\")]")
        .emit_rerun_if_changed(false)
        .out_dir(out)
        .compile_fds(described.clone())?;
    let descriptors = without_comments(described).encode_to_vec();
    std::fs::write(out.join("descriptors.bin"), descriptors).context("descriptors.bin")
}

fn compile(folder: &Path) -> anyhow::Result<FileDescriptorSet> {
    let mut compiler = protox::Compiler::new([folder])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(FILES)?;
    Ok(compiler.file_descriptor_set())
}

fn without_comments(mut set: FileDescriptorSet) -> FileDescriptorSet {
    for file in &mut set.file {
        file.source_code_info = None;
    }
    set
}
