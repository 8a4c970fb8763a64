//! What a reader can point at.

use crate::api::{Kind, Name, ObjectKey};

/// A thing on the page that can be selected, and shown in the inspector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectRef {
    pub kind: Kind,
    pub key: ObjectKey,
}

impl ObjectRef {
    pub fn node(name: &Name) -> ObjectRef {
        ObjectRef { kind: Kind::Node, key: ObjectKey::cluster(name.clone()) }
    }

    pub fn is_node(&self, name: &Name) -> bool {
        self.kind == Kind::Node && self.key.name == *name
    }

    pub fn is_pod(&self, key: &ObjectKey) -> bool {
        self.kind == Kind::Pod && self.key == *key
    }

    /// As one word, for the document and for saving; [`ObjectRef::parse`] reads it back.
    pub fn to_text(&self) -> String {
        address(self.kind, &self.key)
    }

    pub fn parse(text: &str) -> Option<ObjectRef> {
        let mut parts = text.splitn(3, '/');
        let (kind, namespace, name) = (parts.next()?, parts.next()?, parts.next()?);
        let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind)?;
        Some(ObjectRef { kind, key: ObjectKey::new(namespace, name) })
    }
}

/// `Pod/default/nginx-x7k2p`
pub fn address(kind: Kind, key: &ObjectKey) -> String {
    [kind.as_str(), "/", &key.namespace, "/", &key.name].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back() {
        let pod = ObjectRef { kind: Kind::Pod, key: ObjectKey::new("default", "nginx-x7k2p") };
        assert_eq!(ObjectRef::parse(&pod.to_text()), Some(pod));
        let node = ObjectRef::node(&"worker-1".into());
        assert_eq!(node.to_text(), "Node//worker-1");
        assert_eq!(ObjectRef::parse("Node//worker-1"), Some(node));
        assert_eq!(ObjectRef::parse("Car//x"), None);
    }
}
