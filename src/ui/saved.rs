//! What survives a reload: the reader's text, the cluster and what was done to it, and how the page was set.

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::api::typed::{from_value, to_value};
use crate::api::value::{Map, Value};
use crate::engine::Scenario;
use crate::platform::storage;

pub const TEXT: &str = "everynode.text";
pub const SCENARIO: &str = "everynode.scenario";
/// The moment that was reached, in microseconds.
pub const NOW: &str = "everynode.now";
/// boot.js reads it too.
pub const THEME: &str = "everynode.theme";
pub const SPEED: &str = "everynode.speed";
pub const SELECTION: &str = "everynode.selection";

pub fn scenario_to_text(scenario: &Scenario) -> Option<String> {
    JSON::stringify(&js_from_value(&to_value(scenario))).ok()?.as_string()
}

/// The saved scenario, unless it is of another time and does not read any more.
pub fn scenario() -> Option<Scenario> {
    let json = JSON::parse(&storage::get(SCENARIO)?).ok()?;
    from_value(&value_from_js(&json)).ok()
}

fn js_from_value(value: &Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        Value::Bool(bool) => (*bool).into(),
        Value::Int(number) => (*number as f64).into(),
        Value::Float(number) => (*number).into(),
        Value::Str(text) => text.as_str().into(),
        Value::List(list) => list.iter().map(js_from_value).collect::<Array>().into(),
        Value::Map(map) => {
            let object = Object::new();
            for (key, value) in map {
                let _ = Reflect::set(&object, &key.as_str().into(), &js_from_value(value));
            }
            object.into()
        }
    }
}

fn value_from_js(json: &JsValue) -> Value {
    if let Some(bool) = json.as_bool() {
        Value::Bool(bool)
    } else if let Some(number) = json.as_f64() {
        if number.fract() == 0.0 { Value::Int(number as i64) } else { Value::Float(number) }
    } else if let Some(text) = json.as_string() {
        Value::Str(text)
    } else if let Some(list) = json.dyn_ref::<Array>() {
        Value::List(list.iter().map(|item| value_from_js(&item)).collect())
    } else if let Some(object) = json.dyn_ref::<Object>() {
        let entry = |key: JsValue| Some((key.as_string()?, value_from_js(&Reflect::get(object, &key).ok()?)));
        Value::Map(Object::keys(object).iter().filter_map(entry).collect::<Map>())
    } else {
        Value::Null
    }
}
