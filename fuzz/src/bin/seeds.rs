//! Writes what each fuzzer begins with, made from the recorded requests, into `corpus/TARGET`.

use std::error::Error;
use std::fs;
use std::path::Path;

use quorate_agent::fuzzing as agent;
use quorate_gossip::fuzzing as gossip;

fn main() -> Result<(), Box<dyn Error>> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let fixtures = crates.join("wire/fixtures/consul-1.8.7");
    for (target, _) in agent::TARGETS {
        write(target, &agent::seeds(target, &fixtures))?;
    }
    let fixtures = crates.join("gossip/fixtures/serf-0.10.1");
    for (target, _) in gossip::TARGETS {
        write(target, &gossip::seeds(target, &fixtures))?;
    }
    Ok(())
}

fn write(target: &str, seeds: &[Vec<u8>]) -> Result<(), Box<dyn Error>> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = fuzz.join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("seed-{number:04}")), seed)?;
    }
    println!("{target}: {} seeds", seeds.len());
    Ok(())
}
