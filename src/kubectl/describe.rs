//! `kubectl describe` (kubectl `pkg/describe`).

use crate::api::Value;

pub fn pod_template(_template: &Value) -> String {
    String::new()
}
