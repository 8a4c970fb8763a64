//! The same scenario gives the same log: in two runs, and as the browser's test has it.

#![cfg(not(target_arch = "wasm32"))]

mod same_log;

#[test]
fn the_log_is_the_one_that_the_browser_has_too() {
    let sim = same_log::run();
    assert!(sim.history().records().len() > 300, "the scenario has become small");
    let hash = sim.history().log_hash();
    assert_eq!(hash, same_log::run().history().log_hash());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/same_log/hash.txt");
        std::fs::write(file, format!("{hash}\n")).unwrap();
        return;
    }
    assert_eq!(hash, same_log::expected(), "if the log was meant to change: UPDATE_EXPECT=1 cargo test");
}

#[test]
fn a_scenario_that_is_run_anew_gives_the_same_log() {
    let sim = same_log::run();
    let mut again = everynode::engine::Sim::new(sim.scenario());
    again.run_until_quiet();
    assert_eq!(again.history().log_hash(), sim.history().log_hash());
    assert!(again.world() == sim.world());
}
