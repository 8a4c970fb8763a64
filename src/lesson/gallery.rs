//! The index of the examples: static/examples/index.yaml.

use std::rc::Rc;

use super::cluster;
use super::fields::{Holds, Source, item, join, list, text, texts};
use crate::api::value::Value;
use crate::engine::{NodeTemplate, Scenario};
use crate::manifest::Finding;

const CLUSTER: &[(&str, Holds)] = &[("about", Holds::Text), ("nodes", Holds::List)];
const EXAMPLE: &[(&str, Holds)] = &[
    ("file", Holds::Text),
    ("title", Holds::Text),
    ("group", Holds::Text),
    ("what", Holds::Text),
    ("why", Holds::Text),
    ("cluster", Holds::Text),
    ("look", Holds::Text),
    ("runs", Holds::Texts),
    ("after", Holds::Text),
];

/// The examples, in the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gallery {
    pub examples: Vec<Example>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The manifest, beside the index.
    pub file: String,
    pub title: String,
    pub group: String,
    /// What it is for.
    pub what: String,
    /// Why it is a DaemonSet.
    pub why: String,
    /// What is interesting about where its pods land.
    pub look: String,
    /// The nodes that get a pod; `*` ends a prefix.
    pub runs: Vec<String>,
    /// An example that is applied before.
    pub after: String,
    pub cluster: Rc<ExampleCluster>,
}

/// A cluster on which an example is interesting.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExampleCluster {
    pub name: String,
    pub about: String,
    pub nodes: Vec<(NodeTemplate, u32)>,
}

impl ExampleCluster {
    pub fn scenario(&self) -> Scenario {
        Scenario { nodes: self.nodes.clone(), ..Scenario::walk_through() }
    }
}

impl Gallery {
    /// Reads the index, and tells what is wrong with it.
    pub fn read(index: &str) -> (Gallery, Vec<Finding>) {
        let (mut source, value) = Source::read(index);
        let mut gallery = Gallery::default();
        let root = source.map(&value, "", &[("clusters", Holds::Map), ("examples", Holds::List)], 2);
        let Some(root) = root else { return (gallery, source.findings) };
        let mut clusters = Vec::new();
        for (name, value) in root.get("clusters").and_then(Value::as_map).into_iter().flatten() {
            let path = join("clusters", name);
            let Some(map) = source.map(value, &path, CLUSTER, CLUSTER.len()) else { continue };
            let nodes = cluster::groups(&mut source, list(map, "nodes"), &join(&path, "nodes"));
            clusters.push(Rc::new(ExampleCluster { name: name.clone(), about: text(map, "about"), nodes }));
        }
        for (index, value) in list(root, "examples").iter().enumerate() {
            let path = item("examples", index);
            let Some(map) = source.map(value, &path, EXAMPLE, EXAMPLE.len() - 1) else { continue };
            let wanted = text(map, "cluster");
            let Some(cluster) = clusters.iter().find(|cluster| cluster.name == wanted) else {
                source.wrong(&join(&path, "cluster"), ["there is no cluster ", &wanted].concat(), "");
                continue;
            };
            gallery.examples.push(Example {
                file: text(map, "file"),
                title: text(map, "title"),
                group: text(map, "group"),
                what: text(map, "what"),
                why: text(map, "why"),
                look: text(map, "look"),
                runs: texts(map.get("runs")).into_iter().map(str::to_owned).collect(),
                after: text(map, "after"),
                cluster: Rc::clone(cluster),
            });
        }
        (gallery, source.findings)
    }
}

impl Example {
    /// Whether it is meant by what the reader looks for: each word must be somewhere in it.
    pub fn matches(&self, query: &str) -> bool {
        let texts = [&self.title, &self.group, &self.file, &self.what, &self.why, &self.look, &self.cluster.about];
        let words = query.to_ascii_lowercase();
        let all = texts.map(|text| text.to_ascii_lowercase()).join("\n");
        words.split_whitespace().all(|word| all.contains(word))
    }

    /// Whether its pods are said to run on a node.
    pub fn runs_on(&self, node: &str) -> bool {
        self.runs.iter().any(|name| match name.strip_suffix('*') {
            Some(prefix) => node.starts_with(prefix),
            None => node == name,
        })
    }
}
