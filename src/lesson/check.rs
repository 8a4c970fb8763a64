//! Whether a step is done: fields of the cluster that must hold, as the lesson's file names them.

use super::doubts::{Names, instead, nobody};
use super::fields::{Holds, Source, bound, texts};
use crate::api::schema;
use crate::api::value::{Map, Value};
use crate::api::{ConditionStatus, DaemonSet, Kind, Node, ObjectKey, Pod, UpdateStrategy};
use crate::controllers::daemonset::history;
use crate::engine::{Record, Sim};
use crate::store::World;

/// A map of which every field is known to be right; its first field says what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    about: &'static str,
    fields: Map,
}

/// What a check looks at.
pub struct Moment<'a> {
    pub sim: &'a Sim,
    /// Records of the log that were there when the step began.
    pub since: usize,
    pub selected: Option<(Kind, &'a ObjectKey)>,
    /// Whether the selected object is shown as YAML.
    pub yaml: bool,
    pub editor: &'a str,
}

/// What came of a check.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    pub done: bool,
    /// What must hold, in words.
    pub wanted: String,
    /// What holds instead; empty when it is done.
    pub now: String,
}

type Fields = &'static [(&'static str, Holds)];

/// What checks can be about, and the fields that each knows. The first one makes it a check of this sort.
pub const CHECKS: [Fields; 7] = [
    &[
        ("daemonset", Holds::Text),
        ("namespace", Holds::Text),
        ("exists", Holds::Flag),
        ("desired", Holds::Count),
        ("current", Holds::Count),
        ("ready", Holds::Count),
        ("updated", Holds::Count),
        ("available", Holds::Count),
        ("unavailable", Holds::Count),
        ("misscheduled", Holds::Count),
        ("revisions", Holds::Count),
        ("revision", Holds::Count),
        ("image", Holds::Text),
        ("strategy", Holds::OneOf(&["RollingUpdate", "OnDelete"])),
        ("rolled-out", Holds::Flag),
    ],
    &[
        ("pods", Holds::Count),
        ("namespace", Holds::Text),
        ("of", Holds::Text),
        ("at", Holds::Texts),
        ("image", Holds::Text),
        ("phase", Holds::OneOf(&["Pending", "Running", "Succeeded", "Failed"])),
        ("ready", Holds::Flag),
        ("terminating", Holds::Flag),
        ("labels", Holds::Labels),
        ("revision", Holds::Count),
    ],
    &[
        ("node", Holds::Text),
        ("exists", Holds::Flag),
        ("ready", Holds::Flag),
        ("cordoned", Holds::Flag),
        ("taint", Holds::Text),
        ("no-taint", Holds::Text),
        ("labels", Holds::Labels),
        ("condition", Holds::Text),
        ("is", Holds::OneOf(&["True", "False", "Unknown"])),
    ],
    &[("nodes", Holds::Count), ("labels", Holds::Labels)],
    &[
        ("selected", Holds::OneOf(&["any", "node", "pod", "daemonset"])),
        ("name", Holds::Text),
        ("of", Holds::Text),
        ("at", Holds::Texts),
        ("tab", Holds::OneOf(&["why", "yaml"])),
    ],
    &[
        ("happened", Holds::OneOf(&VERBS)),
        ("by", Holds::OneOf(&ACTORS)),
        ("kind", Holds::OneOf(&["Node", "Pod", "DaemonSet", "ControllerRevision"])),
        ("name", Holds::Text),
        ("at", Holds::Texts),
    ],
    &[("editor", Holds::Text)],
];

/// What kubelets report of their nodes.
const CONDITIONS: [&str; 5] = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"];
/// The acts that the log tells of, in small letters.
pub const VERBS: [&str; 17] = [
    "apply",
    "create",
    "delete",
    "update",
    "bind",
    "unschedulable",
    "start",
    "ready",
    "not ready",
    "fail",
    "remove",
    "compare",
    "status",
    "taint",
    "adopt",
    "release",
    "error",
];
/// Who acts, as the log calls them.
pub const ACTORS: [&str; 10] = [
    "you",
    "daemonset-controller",
    "scheduler",
    "kubelet",
    "garbage-collector",
    "node-lifecycle",
    "taint-eviction-controller",
    "namespace-controller",
    "resourcequota-controller",
    "pod-gc",
];

impl Check {
    pub(super) fn read(source: &mut Source, value: &Value, path: &str) -> Option<Check> {
        let sorts = || CHECKS.iter().filter_map(|fields| Some(fields.first()?.0));
        let keys = value.as_map();
        let found = CHECKS
            .iter()
            .find(|fields| fields.first().is_some_and(|(name, _)| keys.is_some_and(|keys| keys.contains_key(*name))));
        let Some(fields) = found else {
            let mend = ["A check has one of the fields ", &sorts().collect::<Vec<_>>().join(", "), "."].concat();
            source.wrong(path, "this check is about nothing".to_owned(), &mend);
            return None;
        };
        let map = source.map(value, path, fields, 1)?;
        Some(Check { about: fields.first()?.0, fields: map.clone() })
    }

    /// What can hardly be meant: the field, what is wrong with it, and what to write. `manifest` is what the editor holds
    /// when the step is done, if it is changed or applied there.
    pub(super) fn doubts(&self, names: &Names, manifest: Option<&str>) -> Vec<(&'static str, String, String)> {
        let mut doubts = Vec::new();
        let mut tell = |field, message: &str, mend: &str| doubts.push((field, message.to_owned(), mend.to_owned()));
        for (field, name) in [("node", self.text("node"))].into_iter().chain(self.at().map(|name| ("at", name))) {
            if let Some(right) = names.node(name) {
                tell(field, &nobody("node"), &instead(&right));
            }
        }
        let of = Some(self.text("of")).filter(|of| *of != "nobody").unwrap_or_default();
        for (field, name) in [("daemonset", self.text("daemonset")), ("of", of)] {
            if let Some(right) = names.daemonset(name) {
                tell(field, &nobody("DaemonSet"), &instead(right));
            }
        }
        let condition = self.text("condition");
        if let Some(right) = schema::closest(condition, &CONDITIONS).filter(|right| *right != condition) {
            tell("condition", "no node has this condition", &instead(right));
        }
        if self.fields.contains_key("is") && condition.is_empty() {
            tell("is", "`is` says nothing without `condition`", "Name the condition that is meant.");
        }
        if self.flag("exists") == Some(false)
            && self.fields.keys().any(|it| !["exists", "namespace", self.about].contains(&&**it))
        {
            tell(
                "exists",
                "what does not exist has nothing else that could hold",
                "Leave the other fields out, or this one.",
            );
        }
        let selects: &[&str] = match self.text("selected") {
            "node" => &["of"],
            "daemonset" | "any" => &["of", "at"],
            _ => &[],
        };
        for field in selects.iter().filter(|field| self.fields.contains_key(**field)) {
            tell(
                field,
                "this says nothing here",
                "Only a pod is `of` a DaemonSet; a pod and a node can be given by `at`.",
            );
        }
        let wanted = self.text("editor");
        if self.about == "editor" && manifest.is_some_and(|manifest| !manifest.contains(wanted)) {
            tell("editor", "the manifest of this step does not have this", "");
        }
        doubts
    }

    fn at(&self) -> impl Iterator<Item = &str> {
        texts(self.fields.get("at")).into_iter()
    }

    pub fn verdict(&self, moment: &Moment) -> Verdict {
        let mut words = Words::default();
        match self.about {
            "daemonset" => self.daemonset(moment, &mut words),
            "pods" => self.pods(moment, &mut words),
            "node" => self.node(moment, &mut words),
            "nodes" => {
                let labels = self.fields.get("labels");
                let count =
                    moment.sim.world().nodes.values().filter(|node| has_labels(&node.meta.labels, labels)).count();
                words.start(["nodes", &label_words(labels)].concat());
                words.count("", self.fields.get("nodes"), count as i64);
            }
            "selected" => self.selected(moment, &mut words),
            "happened" => self.happened(moment, &mut words),
            _ => {
                let wanted = self.text("editor");
                words.start("the editor".to_owned());
                words.is(["has ", wanted].concat(), "does not".to_owned(), moment.editor.contains(wanted));
            }
        }
        words.verdict()
    }

    fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.fields.get(name).and_then(Value::as_bool)
    }

    fn namespace_fits(&self, namespace: &str) -> bool {
        let wanted = self.text("namespace");
        wanted.is_empty() || wanted == namespace
    }

    fn daemonset(&self, moment: &Moment, words: &mut Words) {
        let world = moment.sim.world();
        let name = self.text("daemonset");
        let found =
            world.daemonsets.values().find(|it| *it.meta.name == *name && self.namespace_fits(&it.meta.namespace));
        words.start(name.to_owned());
        if let Some(exists) = self.flag("exists") {
            words.flag("exists", exists, found.is_some());
        }
        if found.is_none() && self.flag("exists") == Some(false) {
            return;
        }
        // What is wanted is told also of one that is still to come.
        let absent = DaemonSet::from_value(&Value::default());
        let daemonset = found.map_or(&absent, |found| &**found);
        let status = &daemonset.status;
        let current = || history::current(world, daemonset).map_or(0, |revision| revision.revision);
        for (field, value) in &self.fields {
            let number = match field.as_str() {
                "desired" => status.desired_number_scheduled,
                "current" => status.current_number_scheduled,
                "ready" => status.number_ready,
                "updated" => status.updated_number_scheduled,
                "available" => status.number_available,
                "unavailable" => status.number_unavailable,
                "misscheduled" => status.number_misscheduled,
                "revisions" => history::revisions(world, daemonset).count() as i64,
                "revision" => current(),
                _ => continue,
            };
            // As kubectl and the map call it.
            let word = if field == "updated" { "up-to-date" } else { field };
            words.count(word, Some(value), number);
        }
        let image = self.text("image");
        if !image.is_empty() {
            let now = daemonset.spec.template.spec.image();
            words.is(["with image ", image].concat(), ["image ", now].concat(), now == image);
        }
        let strategy = self.text("strategy");
        if !strategy.is_empty() {
            let now = match daemonset.spec.update_strategy {
                UpdateStrategy::OnDelete => "OnDelete",
                UpdateStrategy::RollingUpdate { .. } => "RollingUpdate",
            };
            words.is(["with strategy ", strategy].concat(), now.to_owned(), now == strategy);
        }
        if let Some(wanted) = self.flag("rolled-out") {
            words.flag("rolled out", wanted, rolled_out(world, daemonset));
        }
        if found.is_none() {
            words.now = vec!["not there yet".to_owned()];
        }
    }

    fn pods(&self, moment: &Moment, words: &mut Words) {
        let world = moment.sim.world();
        let count = world.pods.values().filter(|pod| self.is_meant(world, pod)).count();
        let mut what = vec!["pods".to_owned()];
        match self.text("of") {
            "" => {}
            "nobody" => what.push("without an owner".to_owned()),
            of => what.push(["of ", of].concat()),
        }
        let nodes = texts(self.fields.get("at"));
        if !nodes.is_empty() {
            what.push(["on ", &nodes.join(", ")].concat());
        }
        if self.fields.contains_key("image") {
            what.push(["with image ", self.text("image")].concat());
        }
        if let Some(revision) = self.fields.get("revision") {
            what.push(["of revision ", &bound_words(revision)].concat());
        }
        what.push(label_words(self.fields.get("labels")).trim().to_owned());
        for (field, yes, no) in [("ready", "ready", "not ready"), ("terminating", "terminating", "not terminating")] {
            if let Some(flag) = self.flag(field) {
                what.push(if flag { yes } else { no }.to_owned());
            }
        }
        what.push(self.text("phase").to_owned());
        what.retain(|word| !word.is_empty());
        words.start(what.join(" "));
        words.count("", self.fields.get("pods"), count as i64);
    }

    fn is_meant(&self, world: &World, pod: &Pod) -> bool {
        let owner = pod.meta.controller().filter(|owner| &*owner.kind == "DaemonSet");
        let text_fits = |name: &str, has: &str| !self.fields.contains_key(name) || self.text(name) == has;
        let flag_fits = |name: &str, has: bool| self.flag(name).is_none_or(|wanted| wanted == has);
        let owner_fits = match self.text("of") {
            "" => true,
            "nobody" => pod.meta.controller().is_none(),
            of => owner.is_some_and(|owner| &*owner.name == of),
        };
        let revision_fits = || match self.fields.get("revision").and_then(bound) {
            None => true,
            Some((least, most)) => {
                let daemonset = owner.and_then(|owner| {
                    world.daemonsets.get(&ObjectKey { namespace: pod.meta.namespace.clone(), name: owner.name.clone() })
                });
                let number = daemonset.and_then(|it| history::revision_number(world, it, pod.hash()));
                number.is_some_and(|number| (least..=most).contains(&number))
            }
        };
        owner_fits
            && self.namespace_fits(&pod.meta.namespace)
            && self.node_fits(pod.target_node().map(|node| &**node))
            && text_fits("image", pod.spec.template.image())
            && text_fits("phase", pod.status.phase.as_str())
            && flag_fits("ready", pod.is_ready())
            && flag_fits("terminating", pod.is_terminating())
            && has_labels(&pod.meta.labels, self.fields.get("labels"))
            && revision_fits()
    }

    /// Whether `at` names a node; `*` ends a prefix.
    fn node_fits(&self, node: Option<&str>) -> bool {
        let names = texts(self.fields.get("at"));
        names.is_empty()
            || node.is_some_and(|node| {
                names.iter().any(|name| match name.strip_suffix('*') {
                    Some(prefix) => node.starts_with(prefix),
                    None => node == *name,
                })
            })
    }

    fn node(&self, moment: &Moment, words: &mut Words) {
        let name = self.text("node");
        let found = moment.sim.world().nodes.get(name);
        words.start(name.to_owned());
        if let Some(exists) = self.flag("exists") {
            words.flag("exists", exists, found.is_some());
        }
        if found.is_none() && self.flag("exists") == Some(false) {
            return;
        }
        let absent = Node::from_value(&Value::default());
        let node = found.map_or(&absent, |found| &**found);
        let is = |kind: &str, status| node.condition(kind).is_some_and(|condition| condition.status == status);
        if let Some(ready) = self.flag("ready") {
            words.flag("ready", ready, is("Ready", ConditionStatus::True));
        }
        if let Some(cordoned) = self.flag("cordoned") {
            words.flag("cordoned", cordoned, node.unschedulable);
        }
        let has = |wanted: &str| {
            node.taints.iter().any(|taint| {
                let text = taint.to_string();
                // With or without value and effect.
                text == wanted || *taint.key == *wanted || [&*taint.key, ":", &*taint.effect].concat() == wanted
            })
        };
        for (field, word, wanted) in [("taint", "tainted ", true), ("no-taint", "without the taint ", false)] {
            let taint = self.text(field);
            if !taint.is_empty() {
                words.is([word, taint].concat(), "not so".to_owned(), has(taint) == wanted);
            }
        }
        let labels = self.fields.get("labels");
        if labels.is_some() {
            words.is(label_words(labels).trim().to_owned(), "not so".to_owned(), has_labels(&node.meta.labels, labels));
        }
        let condition = self.text("condition");
        if !condition.is_empty() {
            let wanted = if self.fields.contains_key("is") { self.text("is") } else { "True" };
            let now = node.condition(condition).map_or("absent", |condition| condition.status.as_str());
            words.is([condition, "=", wanted].concat(), now.to_owned(), now == wanted);
        }
        if found.is_none() {
            words.now = vec!["not there".to_owned()];
        }
    }

    fn selected(&self, moment: &Moment, words: &mut Words) {
        let world = moment.sim.world();
        let (wanted, name) = (self.text("selected"), self.text("name"));
        let kind = match wanted {
            "node" => Kind::Node,
            "pod" => Kind::Pod,
            _ => Kind::DaemonSet,
        };
        let wanted_word = if wanted == "any" { "thing" } else { wanted };
        let fits = moment.selected.is_some_and(|(selected, key)| {
            (selected == kind || wanted == "any")
                && (name.is_empty() || *key.name == *name)
                && (kind != Kind::Node || self.node_fits(Some(&*key.name)))
                && (kind != Kind::Pod || world.pods.get(key).is_some_and(|pod| self.is_meant(world, pod)))
        });
        let mut what = [if name.is_empty() { "a " } else { "" }, wanted_word].concat();
        for part in [
            name,
            &*prefixed(" of ", self.text("of")),
            &*prefixed(if kind == Kind::Node { " called " } else { " on " }, &texts(self.fields.get("at")).join(", ")),
        ] {
            let gap = if part.is_empty() || part.starts_with(' ') { "" } else { " " };
            what = [&what, gap, part].concat();
        }
        words.start(what);
        words.is("selected".to_owned(), "not selected".to_owned(), fits);
        match self.text("tab") {
            "" => {}
            tab => words.is(["shown as ", tab].concat(), "another tab".to_owned(), moment.yaml == (tab == "yaml")),
        }
    }

    fn happened(&self, moment: &Moment, words: &mut Words) {
        let verb = self.text("happened");
        let by = if self.fields.contains_key("by") { self.text("by") } else { "you" };
        let (kind, name) = (self.text("kind"), self.text("name"));
        let is_meant = |record: &Record| {
            record.verb.as_str().eq_ignore_ascii_case(verb)
                && record.actor.as_str() == by
                && (kind.is_empty() || record.object.kind.as_str() == kind)
                && (name.is_empty() || *record.object.key.name == *name)
                && self.node_fits(record.node.as_deref())
        };
        let records = moment.sim.history().records();
        let done = records.get(moment.since.min(records.len())..).unwrap_or_default().iter().any(|it| is_meant(it));
        let on = texts(self.fields.get("at")).join(", ");
        words.start([by, ":"].concat());
        let what = [verb, &prefixed(" ", kind), &prefixed(" ", name), &prefixed(" on ", &on)].concat();
        words.is(what, "not yet".to_owned(), done);
    }
}

/// Whether nothing of a rollout is left to do, as `kubectl rollout status` tells it, and the old pods are gone.
fn rolled_out(world: &World, daemonset: &DaemonSet) -> bool {
    let status = &daemonset.status;
    status.observed_generation >= daemonset.meta.generation
        && status.updated_number_scheduled >= status.desired_number_scheduled
        && status.number_available >= status.desired_number_scheduled
        && world.pods_of(daemonset.meta.uid).count() as i64 == status.desired_number_scheduled
}

fn has_labels(labels: &crate::api::Labels, wanted: Option<&Value>) -> bool {
    let wanted = wanted.and_then(Value::as_map).into_iter().flatten();
    wanted.into_iter().all(|(key, value)| labels.get(key).map(String::as_str) == value.as_str())
}

fn label_words(wanted: Option<&Value>) -> String {
    let wanted = wanted.and_then(Value::as_map).into_iter().flatten();
    let each = wanted.map(|(key, value)| [key, "=", value.as_str().unwrap_or_default()].concat());
    prefixed(" labelled ", &each.collect::<Vec<_>>().join(", "))
}

fn prefixed(prefix: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { [prefix, text].concat() }
}

fn bound_words(value: &Value) -> String {
    match value {
        Value::Int(number) => number.to_string(),
        other => other.as_str().unwrap_or_default().to_owned(),
    }
}

/// What a check wants and what there is, as they are put into words.
#[derive(Default)]
struct Words {
    subject: String,
    wanted: Vec<String>,
    now: Vec<String>,
}

impl Words {
    fn start(&mut self, subject: String) {
        self.subject = subject;
    }

    fn is(&mut self, wanted: String, now: String, done: bool) {
        self.wanted.push(wanted);
        if !done {
            self.now.push(now);
        }
    }

    fn flag(&mut self, word: &str, wanted: bool, is: bool) {
        let say = |flag: bool| if flag { word.to_owned() } else { ["not ", word].concat() };
        let say = |flag: bool| match (word, flag) {
            ("exists", true) => "is there".to_owned(),
            ("exists", false) => "is gone".to_owned(),
            _ => say(flag),
        };
        self.is(say(wanted), say(is), wanted == is);
    }

    fn count(&mut self, word: &str, wanted: Option<&Value>, now: i64) {
        let (least, most) = wanted.and_then(bound).unwrap_or((0, i64::MAX));
        let wanted = wanted.map(bound_words).unwrap_or_default();
        let gap = if word.is_empty() { "" } else { " " };
        let done = (least..=most).contains(&now);
        self.is([word, gap, &wanted].concat(), [word, gap, &now.to_string()].concat(), done);
    }

    fn verdict(mut self) -> Verdict {
        let done = self.now.is_empty();
        self.wanted.retain(|part| !part.is_empty());
        let gap = if self.wanted.is_empty() {
            ""
        } else if self.subject.ends_with(':') {
            " "
        } else {
            ": "
        };
        Verdict { done, wanted: [&self.subject, gap, &self.wanted.join(", ")].concat(), now: self.now.join(", ") }
    }
}
