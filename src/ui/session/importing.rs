//! A real cluster from a dump, and what a reader takes away from here.

use std::rc::Rc;
use std::sync::Arc;

use gloo::timers::callback::Timeout;

use super::super::paint::colors::Colors;
use super::super::state::{Action, Dialog, ImportTold, Notice};
use super::{Desk, Session};
use crate::api::Kind;
use crate::engine::Scenario;
use crate::engine::import::{Import, import};
use crate::platform::save;
use crate::view::{export, map_picture, script, words};

/// How long the page may show that it reads before it does, in milliseconds.
const SHOWN_BEFORE: u32 = 40;

/// What can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    Manifests,
    Cluster,
    Log,
    Script,
    MapSvg,
    MapPng,
}

impl Desk {
    /// Says that it reads, and then does; nothing is sent anywhere.
    pub(super) fn import(&self, text: String) {
        let megabytes = text.len() >> 20;
        if megabytes < 1 {
            return self.send(Action::TakeOver(text.into()));
        }
        let size = [&megabytes.to_string(), " MB"].concat();
        let told = ImportTold { reading: true, error: String::new(), lines: vec![size] };
        self.send(Action::Open(Dialog::Import(Rc::new(told))));
        let desk = self.clone();
        Timeout::new(SHOWN_BEFORE, move || desk.send(Action::TakeOver(text.into()))).forget();
    }

    pub(super) fn export(&self, what: Export) {
        if matches!(what, Export::MapSvg | Export::MapPng) {
            return self.export_map(what == Export::MapPng);
        }
        let Ok(session) = self.0.session.try_borrow() else { return };
        let (world, name) = (session.world(), &session.state.cluster);
        let kept = match what {
            Export::Manifests => {
                save::text(&export::file_name("daemonsets", "yaml"), save::TEXT, &export::manifests(world))
            }
            Export::Cluster => save::text(&export::file_name(name, "yaml"), save::TEXT, &export::cluster(world)),
            Export::Script => save::text(&export::file_name(name, "sh"), save::TEXT, &script::script(&session.sim)),
            Export::MapSvg | Export::MapPng => true,
            Export::Log => {
                let log = export::log(session.sim.history());
                save::text(&export::file_name(&[name, "-log"].concat(), "jsonl"), save::TEXT, &log)
            }
        };
        drop(session);
        if !kept {
            let text = "The browser does not allow a file to be saved here.".to_owned();
            self.send(Action::Say(Notice { error: true, text }));
        }
    }
}

impl Desk {
    fn export_map(&self, png: bool) {
        let Ok(session) = self.0.session.try_borrow() else { return };
        let mut colors = Colors::default();
        colors.refresh();
        let set = session.state.selection.as_ref().filter(|it| it.kind == Kind::DaemonSet).map(|it| &it.key);
        let (svg, size) = map_picture::svg(&session.state.scene, set, &colors.palette(), &colors.slots);
        drop(session);
        let desk = self.clone();
        let say = move |saved: bool| {
            let text = if saved { "Saved." } else { "The browser does not allow saving here." };
            desk.send(Action::Say(Notice { error: !saved, text: text.to_owned() }));
        };
        match png {
            true => save::png("map.png", &svg, size, say),
            false => say(save::text("map.svg", save::SVG, &svg)),
        }
    }
}

impl Session {
    /// Shows the cluster of a dump; what the reader had is kept.
    pub(super) fn take_over(&mut self, text: &str) {
        let mut told = ImportTold::default();
        match import(text) {
            Ok(import) => {
                told.lines = summary(&import);
                self.keep_mine();
                self.begin(&Scenario { seed: 1, cluster: Some(Arc::new(import.cluster)), ..Scenario::default() });
            }
            Err(error) => told.error = error,
        }
        self.state.dialog = Some(Dialog::Import(Rc::new(told)));
    }
}

/// What was taken over, what was not, and what to know.
fn summary(import: &Import) -> Vec<String> {
    let count = |kind: &str| import.taken.get(kind).copied().unwrap_or(0);
    let parts = [("Node", "node"), ("DaemonSet", "DaemonSet"), ("Pod", "pod"), ("ControllerRevision", "revision")];
    let parts: Vec<String> = parts.iter().map(|(kind, noun)| words::count(count(kind), noun)).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let mut lines = vec![[&words::list(&parts, parts.len()), " are on the map, in the state they were in."].concat()];
    if !import.left_out.is_empty() {
        let kinds: Vec<String> =
            import.left_out.iter().map(|(kind, count)| [&count.to_string(), " of ", kind].concat()).collect();
        let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        lines.push(["Left out, for nothing here looks at them: ", &words::list(&kinds, 8), "."].concat());
    }
    lines.extend(import.notes.iter().cloned());
    lines
}
