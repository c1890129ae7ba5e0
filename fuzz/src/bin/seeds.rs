//! Writes what each fuzzer begins with, made from the recorded requests, into `corpus/TARGET`.

use std::error::Error;
use std::fs;
use std::path::Path;

use quorate_agent::fuzzing::{TARGETS, seeds};

fn main() -> Result<(), Box<dyn Error>> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixtures = fuzz.join("../crates/wire/fixtures/consul-1.8.7");
    for (target, _) in TARGETS {
        let folder = fuzz.join("corpus").join(target);
        fs::create_dir_all(&folder)?;
        let seeds = seeds(target, &fixtures);
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:04}")), seed)?;
        }
        println!("{target}: {} seeds", seeds.len());
    }
    Ok(())
}
