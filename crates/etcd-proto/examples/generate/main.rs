//! Generates `src/generated` from `proto` again: `cargo run -p quorate-etcd-proto --example generate`.

use std::path::Path;

mod generate;

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    generate::generate(root, &root.join("src/generated"))
}
