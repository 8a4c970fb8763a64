//! Runs a recorded kubectl session through the simulation and prints what each command answers.
//!
//!     cargo run --release --example kubectl -- session.json

use everynode::api::value::Value;
use everynode::manifest;

#[path = "../tests/session_support/mod.rs"]
mod session;

fn main() -> Result<(), String> {
    let file = std::env::args().nth(1).ok_or("usage: kubectl session.json")?;
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
    let recording = manifest::read_value(&text).ok_or("the file is no JSON")?;
    println!("{}", Value::List(session::run(&recording)).to_json());
    Ok(())
}
