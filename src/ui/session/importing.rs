//! A real cluster from a dump, and what a reader takes away from here.

use std::rc::Rc;
use std::sync::Arc;

use wasm_bindgen_futures::spawn_local;

use super::super::paint::colors::Colors;
use super::super::state::{Action, Dialog, ImportTold, Notice};
use super::{Desk, Session};
use crate::api::{Kind, SimTime};
use crate::engine::import::{Import, Importing};
use crate::engine::{Scenario, Sim};
use crate::platform::{frame, page, save};
use crate::ui::state::LessonAct;
use crate::view::{export, map_picture, script, words};

/// How long a dump is read before the page may do something else, in milliseconds.
const PORTION: f64 = 30.0;
/// Objects that are read between two looks at the clock.
pub(super) const OBJECTS_AT_ONCE: usize = 16;

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
    /// Reads a dump; what takes a while says how far it is and can be stopped. Nothing is sent anywhere.
    pub(super) fn import(&self, text: String) {
        let desk = self.clone();
        spawn_local(async move {
            let Some(read) = desk.read_dump(&text).await else { return };
            drop(text);
            frame::pause().await;
            match read.and_then(Importing::finish) {
                Ok(import) => {
                    let lines = summary(&import);
                    frame::pause().await;
                    let cluster = Some(Arc::new(import.cluster));
                    let sim = Sim::new(&Scenario { seed: 1, cluster, ..Scenario::default() });
                    frame::pause().await;
                    desk.send(Action::TakeOver(Box::new(sim)));
                    desk.tell_import(ImportTold { lines, ..ImportTold::default() });
                }
                Err(error) => desk.tell_import(ImportTold { error, ..ImportTold::default() }),
            }
        });
    }

    /// None if the reader stopped it.
    async fn read_dump(&self, text: &str) -> Option<Result<Importing, String>> {
        let mut importing = Importing::default();
        loop {
            let end = page::now_ms() + PORTION;
            while page::now_ms() < end {
                match importing.read(text, OBJECTS_AT_ONCE) {
                    Ok(false) => {}
                    Ok(true) => return Some(Ok(importing)),
                    Err(error) => return Some(Err(error)),
                }
            }
            let begun = self.is_reading();
            let percent = (importing.at() * 100 / text.len().max(1)) as u32;
            let size = [&(text.len() >> 20).to_string(), " MB"].concat();
            self.tell_import(ImportTold { reading: Some(percent), lines: vec![size], ..ImportTold::default() });
            frame::pause().await;
            if begun && !self.is_reading() {
                return None;
            }
        }
    }

    fn tell_import(&self, told: ImportTold) {
        self.send(Action::Open(Dialog::Import(Rc::new(told))));
    }

    fn is_reading(&self) -> bool {
        let Ok(session) = self.0.session.try_borrow() else { return true };
        matches!(&session.state.dialog, Some(Dialog::Import(told)) if told.reading.is_some())
    }

    pub(super) fn export(&self, what: Export) {
        if matches!(what, Export::MapSvg | Export::MapPng) {
            return self.export_map(what == Export::MapPng);
        }
        let Ok(session) = self.0.session.try_borrow() else { return };
        let (world, name) = (session.world(), &session.state.cluster);
        let now = SimTime::from_micros(session.state.time.micros);
        let (name, parts): (String, Box<dyn Iterator<Item = String>>) = match what {
            Export::Manifests => {
                (export::file_name("daemonsets", "yaml"), Box::new([export::manifests(world)].into_iter()))
            }
            Export::Cluster => (export::file_name(name, "yaml"), Box::new(export::cluster_parts(world, now))),
            Export::Log => {
                let records = session.sim.history().records().to_vec();
                let lines = records.into_iter().map(|record| export::line(&record));
                (export::file_name(&[name, "-log"].concat(), "jsonl"), Box::new(lines))
            }
            Export::Script | Export::MapSvg | Export::MapPng => {
                (export::file_name(name, "sh"), Box::new(script::parts(session.sim.clone())))
            }
        };
        drop(session);
        self.save_parts(name, save::TEXT, parts);
    }

    /// Does something with each part of what is long, and the page goes on meanwhile.
    pub(super) async fn in_portions<T>(&self, parts: impl Iterator<Item = T>, mut take: impl FnMut(T)) {
        let mut end = page::now_ms() + PORTION;
        for part in parts {
            take(part);
            if page::now_ms() > end {
                frame::pause().await;
                end = page::now_ms() + PORTION;
            }
        }
    }

    /// Offers a file that is written a part at a time, and the page goes on meanwhile.
    pub(super) fn save_parts(&self, name: String, kind: &'static str, parts: Box<dyn Iterator<Item = String>>) {
        let desk = self.clone();
        spawn_local(async move {
            let file = save::Parts::default();
            desk.in_portions(parts, |part| file.push(&part)).await;
            if !file.offer(&name, kind) {
                let text = "The browser does not allow a file to be saved here.".to_owned();
                desk.send(Action::Say(Notice { error: true, text }));
            }
        });
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
    pub(super) fn take_over(&mut self, sim: Sim) {
        self.keep_mine();
        self.begin(sim);
        self.say_left();
        // What a new visitor can try is said of the walk-through's cluster.
        self.act(Action::Lesson(LessonAct::EndVisit));
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
