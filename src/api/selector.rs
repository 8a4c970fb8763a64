//! Label selectors and node selectors, and how they match.

use super::meta::Labels;
use super::value::Value;

/// `metav1.LabelSelector`: all of `matchLabels` and all of `matchExpressions` must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelSelector {
    pub match_labels: Option<Labels>,
    pub match_expressions: Option<Vec<Requirement>>,
}

/// One condition on the value at a key; `operator` is a word of the API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requirement {
    pub key: String,
    pub operator: String,
    pub values: Option<Vec<String>>,
}

impl LabelSelector {
    pub fn from_value(value: &Value) -> Self {
        LabelSelector {
            match_labels: value.labels("matchLabels"),
            match_expressions: Requirement::list(value, "matchExpressions"),
        }
    }

    /// True for `{}`, which validation forbids for DaemonSets, since it would select everything.
    pub fn is_empty(&self) -> bool {
        self.match_labels.as_ref().is_none_or(Labels::is_empty)
            && self.match_expressions.as_ref().is_none_or(Vec::is_empty)
    }

    /// Models apimachinery `LabelSelectorAsSelector` and `Matches`. An empty selector matches everything.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.match_labels.iter().flatten().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().flatten().all(|requirement| requirement.matches(labels))
    }
}

impl Requirement {
    pub fn from_value(value: &Value) -> Self {
        let text = |key: &str| value.text(key).to_owned();
        Requirement { key: text("key"), operator: text("operator"), values: value.texts("values") }
    }

    fn list(value: &Value, key: &str) -> Option<Vec<Requirement>> {
        Some(value.get(key)?.as_list()?.iter().map(Requirement::from_value).collect())
    }

    pub fn to_value(&self) -> Value {
        let mut value = Value::from([("key", self.key.as_str().into()), ("operator", self.operator.as_str().into())]);
        if let Some(values) = &self.values {
            value.make_map().insert("values".to_owned(), values.clone().into());
        }
        value
    }

    pub fn values(&self) -> &[String] {
        self.values.as_deref().unwrap_or_default()
    }

    /// Whether labels satisfy the requirement. An operator that does not exist matches nothing, as a selector that
    /// fails to parse does in `nodeaffinity.NewNodeSelector`.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matches_value(labels.get(&self.key).map(String::as_str))
    }

    fn matches_value(&self, value: Option<&str>) -> bool {
        let listed = || value.is_some_and(|value| self.values().iter().any(|listed| listed == value));
        match self.operator.as_str() {
            "In" => listed(),
            "NotIn" => !listed(),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            "Gt" => self.compare(value).is_some_and(|(actual, bound)| actual > bound),
            "Lt" => self.compare(value).is_some_and(|(actual, bound)| actual < bound),
            _ => false,
        }
    }

    fn compare(&self, value: Option<&str>) -> Option<(i64, i64)> {
        match self.values() {
            [bound] => Some((value?.parse().ok()?, bound.parse().ok()?)),
            _ => None,
        }
    }
}

/// `key In (a, b)`, as kubectl and error messages write it.
impl std::fmt::Display for Requirement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.key, self.operator)?;
        if !self.values().is_empty() {
            write!(f, " ({})", self.values().join(", "))?;
        }
        Ok(())
    }
}

/// The one field that a field requirement can name.
pub const FIELD_NAME: &str = "metadata.name";

/// One alternative of a required node affinity: all its expressions and fields must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeSelectorTerm {
    pub match_expressions: Option<Vec<Requirement>>,
    pub match_fields: Option<Vec<Requirement>>,
}

impl NodeSelectorTerm {
    fn from_value(value: &Value) -> Self {
        NodeSelectorTerm {
            match_expressions: Requirement::list(value, "matchExpressions"),
            match_fields: Requirement::list(value, "matchFields"),
        }
    }

    pub fn expressions(&self) -> &[Requirement] {
        self.match_expressions.as_deref().unwrap_or_default()
    }

    pub fn fields(&self) -> &[Requirement] {
        self.match_fields.as_deref().unwrap_or_default()
    }

    /// Terms without a condition are skipped when matching.
    pub fn is_empty(&self) -> bool {
        self.expressions().is_empty() && self.fields().is_empty()
    }

    /// The first requirement that the node does not satisfy, or `None` if the term matches.
    pub fn first_failing(&self, node_name: &str, labels: &Labels) -> Option<&Requirement> {
        let fails_field = |field: &&Requirement| {
            field.key != FIELD_NAME || field.values().len() != 1 || !field.matches_value(Some(node_name))
        };
        let fails_expression = |expression: &&Requirement| !expression.matches(labels);
        self.expressions().iter().find(fails_expression).or_else(|| self.fields().iter().find(fails_field))
    }
}

/// The alternatives of a required node affinity: one must match. Without any non-empty term nothing matches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeSelector {
    pub node_selector_terms: Option<Vec<NodeSelectorTerm>>,
}

impl NodeSelector {
    pub fn from_value(value: &Value) -> Self {
        let terms = value.get("nodeSelectorTerms").and_then(Value::as_list);
        NodeSelector {
            node_selector_terms: terms.map(|terms| terms.iter().map(NodeSelectorTerm::from_value).collect()),
        }
    }

    pub fn terms(&self) -> &[NodeSelectorTerm] {
        self.node_selector_terms.as_deref().unwrap_or_default()
    }

    /// Models component-helpers `nodeaffinity.NodeSelector.Match`.
    pub fn matches(&self, node_name: &str, labels: &Labels) -> bool {
        self.terms().iter().any(|term| !term.is_empty() && term.first_failing(node_name, labels).is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(operator: &str, values: &[&str]) -> Requirement {
        Requirement {
            key: "disk".into(),
            operator: operator.into(),
            values: Some(values.iter().map(|v| (*v).to_owned()).collect()),
        }
    }

    #[test]
    fn every_operator_follows_the_table() {
        let ssd = Labels::from([("disk".to_owned(), "ssd".to_owned())]);
        let five = Labels::from([("disk".to_owned(), "5".to_owned())]);
        let none = Labels::new();
        for (operator, values, labels, expected) in [
            ("In", &["ssd", "nvme"][..], &ssd, true),
            ("In", &["hdd"], &ssd, false),
            ("In", &["ssd"], &none, false),
            ("NotIn", &["hdd"], &ssd, true),
            ("NotIn", &["hdd"], &none, true),
            ("NotIn", &["ssd"], &ssd, false),
            ("Exists", &[], &ssd, true),
            ("Exists", &[], &none, false),
            ("DoesNotExist", &[], &none, true),
            ("DoesNotExist", &[], &ssd, false),
            ("Gt", &["4"], &five, true),
            ("Gt", &["5"], &five, false),
            ("Gt", &["4"], &ssd, false),
            ("Gt", &["4"], &none, false),
            ("Lt", &["6"], &five, true),
            ("Lt", &["5"], &five, false),
            ("Lt", &["x"], &five, false),
            ("Near", &["5"], &five, false),
        ] {
            assert_eq!(requirement(operator, values).matches(labels), expected, "{operator} {values:?} {labels:?}");
        }
    }

    #[test]
    fn terms_are_alternatives_and_empty_ones_match_nothing() {
        let term = |field: &str| NodeSelectorTerm {
            match_expressions: None,
            match_fields: Some(vec![Requirement {
                key: "metadata.name".into(),
                operator: "In".into(),
                values: Some(vec![field.into()]),
            }]),
        };
        let selector = |terms| NodeSelector { node_selector_terms: Some(terms) };
        let labels = Labels::new();
        assert!(selector(vec![term("a"), term("b")]).matches("b", &labels));
        assert!(!selector(vec![term("a")]).matches("b", &labels));
        assert!(!selector(vec![NodeSelectorTerm::default()]).matches("b", &labels));
        assert!(!selector(vec![]).matches("b", &labels));
    }
}
