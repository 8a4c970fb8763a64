//! What a real control plane answered to the same manifests and templates.

use everynode::api::hash::compute_hash;
use everynode::api::value::Value;
use everynode::manifest;

fn recording(text: &str) -> Value {
    let mut reading = manifest::read_value(text);
    reading.take().expect("a recording is JSON")
}

#[test]
fn the_hash_is_the_controllers() {
    let recorded = recording(include_str!("conformance/hashes.json"));
    for case in recorded.as_list().expect("a list") {
        let count = case.get("collisionCount").and_then(Value::as_int).and_then(|count| i32::try_from(count).ok());
        let template = case.get("template").expect("a template");
        let expected = case.get("hash").and_then(Value::as_str).expect("a hash");
        assert_eq!(compute_hash(template, count), expected, "{template}");
    }
}
