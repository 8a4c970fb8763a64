//! Objects to text, as `kubectl get -o yaml` prints them.

use crate::api::value::Value;

/// Writes a value as YAML: sorted keys, block style, lists not indented deeper than their key.
pub fn print(value: &Value) -> String {
    serde_yaml::to_string(value).unwrap_or_default()
}
