//! Taints and tolerations.

use super::typed::{self, TypeError, Typed};
use super::value::{Map, Value};

/// A mark on a node that keeps pods away unless they tolerate it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taint {
    pub key: String,
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
}

pub const NO_SCHEDULE: &str = "NoSchedule";
pub const NO_EXECUTE: &str = "NoExecute";

pub const NOT_READY: &str = "node.kubernetes.io/not-ready";
pub const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
pub const DISK_PRESSURE: &str = "node.kubernetes.io/disk-pressure";
pub const MEMORY_PRESSURE: &str = "node.kubernetes.io/memory-pressure";
pub const PID_PRESSURE: &str = "node.kubernetes.io/pid-pressure";
pub const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
pub const NETWORK_UNAVAILABLE: &str = "node.kubernetes.io/network-unavailable";
pub const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";
pub const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";

impl Taint {
    pub fn new(key: &str, value: &str, effect: &str) -> Self {
        Taint { key: key.to_owned(), value: value.to_owned(), effect: effect.to_owned() }
    }

    /// Reads kubectl's form `key=value:Effect`, `key:Effect`.
    pub fn parse(text: &str) -> Option<Self> {
        let (pair, effect) = text.trim().rsplit_once(':')?;
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let known = [NO_SCHEDULE, NO_EXECUTE, "PreferNoSchedule"].contains(&effect);
        (known && !key.is_empty()).then(|| Taint::new(key, value, effect))
    }

    pub fn to_value(&self) -> Value {
        let mut value = texts(&[("value", &self.value)]);
        for (key, text) in [("key", &self.key), ("effect", &self.effect)] {
            value.make_map().insert(key.to_owned(), text.as_str().into());
        }
        value
    }

    pub fn from_value(value: &Value) -> Self {
        Taint::new(value.text("key"), value.text("value"), value.text("effect"))
    }
}

impl Typed for Taint {
    fn read(value: &Value) -> Result<Self, TypeError> {
        typed::fields(value).map(|_| Taint::from_value(value))
    }
    fn write(&self) -> Value {
        self.to_value()
    }
}

/// A map of those texts that are not empty.
fn texts(fields: &[(&str, &String)]) -> Value {
    let mut map = Map::new();
    for (key, text) in fields {
        if !text.is_empty() {
            map.insert((*key).to_owned(), text.as_str().into());
        }
    }
    Value::Map(map)
}

/// kubectl's form: `key=value:Effect`.
impl std::fmt::Display for Taint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.key)?;
        if !self.value.is_empty() {
            write!(f, "={}", self.value)?;
        }
        write!(f, ":{}", self.effect)
    }
}

/// What a pod endures. Empty fields match everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Toleration {
    pub key: String,
    pub operator: String,
    pub value: String,
    pub effect: String,
    pub toleration_seconds: Option<i64>,
}

impl Toleration {
    pub fn exists(key: &str, effect: &str) -> Self {
        Toleration { key: key.to_owned(), operator: "Exists".to_owned(), effect: effect.to_owned(), ..Self::default() }
    }

    pub fn from_value(value: &Value) -> Self {
        let text = |key: &str| value.text(key).to_owned();
        Toleration {
            key: text("key"),
            operator: text("operator"),
            value: text("value"),
            effect: text("effect"),
            toleration_seconds: value.int("tolerationSeconds"),
        }
    }

    pub fn to_value(&self) -> Value {
        let mut value = texts(&[
            ("key", &self.key),
            ("operator", &self.operator),
            ("value", &self.value),
            ("effect", &self.effect),
        ]);
        if let Some(seconds) = self.toleration_seconds {
            value.make_map().insert("tolerationSeconds".to_owned(), seconds.into());
        }
        value
    }

    /// Models core/v1 `Toleration.ToleratesTaint`; operators Lt and Gt are behind an alpha gate and never match.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        self.misses(taint).is_none()
    }

    /// What keeps it from tolerating a taint: the first field that differs, in the original's order.
    pub fn misses(&self, taint: &Taint) -> Option<&'static str> {
        if !self.effect.is_empty() && self.effect != taint.effect {
            return Some("effect");
        }
        if !self.key.is_empty() && self.key != taint.key {
            return Some("key");
        }
        match self.operator.as_str() {
            "" | "Equal" if self.value == taint.value => None,
            "" | "Equal" => Some("value"),
            "Exists" => None,
            _ => Some("operator"),
        }
    }
}

/// As `kubectl describe` writes it: `key=value:Effect`, `key:Effect op=Exists`.
impl std::fmt::Display for Toleration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.key)?;
        if !self.value.is_empty() {
            write!(f, "={}", self.value)?;
        }
        if !self.effect.is_empty() {
            write!(f, ":{}", self.effect)?;
        }
        if self.operator == "Exists" && self.value.is_empty() {
            let space = if self.key.is_empty() && self.effect.is_empty() { "" } else { " " };
            write!(f, "{space}op=Exists")?;
        }
        match self.toleration_seconds {
            Some(seconds) => write!(f, " for {seconds}s"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerations_follow_the_table() {
        let taint = Taint::new("dedicated", "gpu", NO_SCHEDULE);
        let toleration = |key: &str, operator: &str, value: &str, effect: &str| Toleration {
            key: key.into(),
            operator: operator.into(),
            value: value.into(),
            effect: effect.into(),
            toleration_seconds: None,
        };
        for (t, expected) in [
            (toleration("dedicated", "", "gpu", NO_SCHEDULE), true),
            (toleration("dedicated", "Equal", "gpu", ""), true),
            (toleration("dedicated", "Equal", "cpu", ""), false),
            (toleration("dedicated", "Exists", "", NO_EXECUTE), false),
            (toleration("dedicated", "Exists", "", ""), true),
            (toleration("", "Exists", "", ""), true),
            (toleration("other", "Exists", "", ""), false),
            (toleration("dedicated", "Gt", "gpu", ""), false),
        ] {
            assert_eq!(t.tolerates(&taint), expected, "{t:?}");
        }
    }

    #[test]
    fn taints_are_read_and_written_as_kubectl_does() {
        for text in ["dedicated=gpu:NoSchedule", "dedicated:NoExecute"] {
            assert_eq!(Taint::parse(text).unwrap().to_string(), text);
        }
        for text in ["dedicated", ":NoSchedule", "a=b:Never"] {
            assert_eq!(Taint::parse(text), None, "{text}");
        }
    }
}
