//! placeholder until the real hash is merged
use super::Value;
pub fn compute_hash(template: &Value, _collision_count: Option<i32>) -> String {
    let mut h: u32 = 2166136261;
    for b in template.to_json().bytes() {
        h ^= u32::from(b);
        h = h.wrapping_mul(16777619);
    }
    h.to_string().bytes().map(|b| char::from(b"bcdfghjklmnpqrstvwxz2456789"[usize::from(b) % 27])).collect()
}
