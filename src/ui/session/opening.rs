//! Runs that come from elsewhere (a link, a file, the storage) or go there, and what the reader had before one came.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::super::state::{Action, Dialog, Job, LeftTab, Notice, OpeningStage, Part, Parts, Speed};
use super::super::{menus, saved};
use super::importing::OBJECTS_AT_ONCE;
use super::lesson::THE_LESSON;
use super::{Desk, Listing, Session, TUTORIAL};
use crate::api::SimTime;
use crate::engine::file::{self, Decoding, Position, SavedRun, TextKind};
use crate::engine::import::BYTES_MAX;
use crate::engine::{LogHash, Replay, Scenario};
use crate::platform::{page, storage, transfer};
use crate::view::{ObjectRef, words};

/// What a link's fragment begins with.
const FRAGMENT: &str = "#run=";
/// Browsers take no longer addresses; what such a link holds belongs into a file.
const LINK_MAX: usize = 2_000_000;
/// What a link unpacks to at most: more than anybody writes, less than harms a page.
const LINK_BYTES_MAX: usize = 8 * 1024 * 1024;
/// More objects of a real cluster than these come to more than that.
const LINK_OBJECTS_MAX: usize = 10_000;
/// Milliseconds in which a run is brought back at once. After that it takes its time, and the reader can stop it.
const AT_ONCE: f64 = 20.0;
/// Steps of a run that are done again in one go, and records of its log that are looked through.
const STEPS_AT_ONCE: usize = 4;
const RECORDS_AT_ONCE: usize = 256;
/// Works of the reader's that are kept when others are opened in their place.
pub(super) const KEPT_MAX: usize = 3;

/// In what is kept of the reader's works: the branches of time that belong to them, and how far the lesson had come.
const BRANCHES: &str = "branches";
const LESSON: &str = "lesson";

/// A run that is being done again.
pub(super) struct Opening {
    replay: Replay,
    run: SavedRun,
    /// Whether somebody else sent it: then the reader loses nothing as long as nothing is done to it.
    sent: bool,
    /// Of the log as it is done again, and whether that is all of it.
    hash: LogHash,
    hashed: bool,
    listing: Listing,
}

impl Opening {
    /// Takes some more of the log that was done again into the hash and the lists. Whether that was all of it.
    fn looks_through(&mut self, log_all: bool) -> bool {
        let records = self.replay.records();
        let next = |done: usize| records.get(done..(done + RECORDS_AT_ONCE).min(records.len())).unwrap_or_default();
        if self.run.log.is_some() {
            self.hash.go_on(next(self.hash.records));
        }
        self.hashed = self.run.log.is_none() || self.hash.records == records.len();
        next(self.listing.records).iter().for_each(|record| self.listing.note(record, log_all));
        self.hashed && self.listing.records == records.len()
    }
}

/// A work of the reader's that made place for another: its name and [`file::encode`]d.
pub(super) type Kept = (String, String);

impl Desk {
    /// Opens the link that the address is, takes what is dropped from now on, and links that the address becomes.
    pub(super) fn welcome(&self) {
        self.open_address();
        let desk = self.clone();
        page::on_fragment(move || desk.open_address());
        if storage::is_off() {
            return self.listen_to_host();
        }
        let desk = self.clone();
        page::on_leave(move || desk.save_what_waits());
        let desk = self.clone();
        spawn_local(transfer::watch_drops(BYTES_MAX, move |texts| desk.receive(texts)));
    }

    /// Saves at once what would be saved in a moment.
    fn save_what_waits(&self) {
        let Ok(mut session) = self.0.session.try_borrow_mut() else { return };
        if session.timers.iter().any(|(job, _)| *job == Job::Save) {
            session.due(Job::Save);
        }
    }

    /// Makes a link and shows it.
    pub(super) fn share(&self) {
        let desk = self.clone();
        spawn_local(async move {
            let Some(run) = desk.run_with_log().await else { return };
            let log = run.log.unwrap_or_default();
            if run.scenario.cluster.as_ref().is_some_and(|cluster| cluster.objects.len() > LINK_OBJECTS_MAX) {
                return desk.send(Action::Open(Dialog::Share { link: "".into(), log }));
            }
            let mut text = String::new();
            desk.in_portions(file::encode_parts(&run), |part| text.push_str(&part)).await;
            match transfer::pack(&text).await {
                Ok(packed) => {
                    let fits = text.len() <= LINK_BYTES_MAX && packed.len() <= LINK_MAX;
                    let link = if fits { [&page::address(), FRAGMENT, &packed].concat() } else { String::new() };
                    desk.send(Action::Open(Dialog::Share { link: link.into(), log }));
                }
                Err(text) => desk.send(Action::Say(Notice { error: true, text })),
            }
        });
    }

    pub(super) fn save_to_file(&self) {
        let desk = self.clone();
        spawn_local(async move {
            if let Some(run) = desk.run_with_log().await {
                let parts = Box::new(file::encode_parts(&run));
                desk.save_parts("everynode-run.json".to_owned(), "application/json", parts);
            }
        });
    }

    pub(super) fn open_files(&self) {
        let desk = self.clone();
        spawn_local(async move { desk.receive(transfer::pick(BYTES_MAX).await) });
    }

    /// The run as it is now, with the hash of its log; the page goes on while that is worked out.
    async fn run_with_log(&self) -> Option<SavedRun> {
        let (mut run, records) = {
            let session = self.0.session.try_borrow().ok()?;
            (session.saved_run(), session.sim.history().records().to_vec())
        };
        let mut hash = LogHash::default();
        self.in_portions(records.chunks(RECORDS_AT_ONCE), |chunk| hash.go_on(chunk)).await;
        run.log = Some(hash.hash);
        Some(run)
    }

    fn open_address(&self) {
        let fragment = page::fragment();
        let Some(packed) = fragment.strip_prefix(FRAGMENT).map(str::to_owned) else { return };
        let desk = self.clone();
        spawn_local(async move {
            let text = match packed.len() {
                0..=LINK_MAX => transfer::unpack(&packed, LINK_BYTES_MAX).await,
                _ => Err("It is too long for a link.".to_owned()),
            };
            match text {
                Ok(text) => desk.open("This link cannot be opened. ", &text).await,
                Err(reason) => desk.refuse("This link cannot be opened. ", &reason),
            }
        });
    }

    /// What came by a drop or from files.
    fn receive(&self, texts: Result<Vec<String>, String>) {
        match texts {
            Ok(mut texts) => {
                let kinds: Vec<TextKind> = texts.iter().map(|text| file::kind_of(text)).collect();
                match kinds.iter().position(|kind| *kind != TextKind::Manifest) {
                    Some(at) if kinds[at] == TextKind::Cluster => self.import(texts.swap_remove(at)),
                    Some(at) => {
                        let (desk, text) = (self.clone(), texts.swap_remove(at));
                        spawn_local(async move { desk.open("This file cannot be opened. ", &text).await });
                    }
                    None if texts.is_empty() => {}
                    None => self.send(Action::Receive(texts.join("\n---\n"))),
                }
            }
            Err(reason) => self.refuse("This file cannot be opened. ", &reason),
        }
    }

    async fn open(&self, refusal: &str, text: &str) {
        let mut decoding = Decoding::default();
        let mut run = None;
        let portions = std::iter::from_fn(|| {
            run = decoding.go_on(text, OBJECTS_AT_ONCE);
            run.is_none().then_some(())
        });
        self.in_portions(portions, |()| {}).await;
        let Some(run) = run else { return };
        match run {
            Ok(run) => self.send(Action::OpenRun(Rc::new(run))),
            Err(reason) => self.refuse(refusal, &reason),
        }
    }

    fn refuse(&self, refusal: &str, reason: &str) {
        self.send(Action::Say(Notice { error: true, text: [refusal, reason].concat() }));
    }
}

impl Session {
    /// The run as it is now, and how it is looked at.
    pub(super) fn saved_run(&self) -> SavedRun {
        let sim = &self.sim;
        let view = [
            ("speed", Some(self.state.time.speed.word())),
            ("selection", self.state.selection.as_ref().map(ObjectRef::to_text)),
            ("paused", (!self.state.time.playing).then(String::new)),
        ];
        SavedRun {
            scenario: sim.scenario().clone(),
            position: Position { steps: sim.steps(), at: sim.now() },
            log: None,
            shown: self.past.is_some().then_some(SimTime::from_micros(self.clock as u64)),
            text: (*self.state.editor.text).clone(),
            view: view.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?))).collect(),
        }
    }

    /// Opens a run of somebody else's; what the reader had is kept.
    pub(super) fn open_run(&mut self, run: &SavedRun) {
        self.keep_mine();
        self.leave_lesson();
        self.state.left = LeftTab::Manifest;
        self.state.dialog = None;
        self.state.selection = None;
        self.bring_back_branches("", None);
        self.bring_back(run.clone(), true);
    }

    pub(super) fn bring_back(&mut self, run: SavedRun, sent: bool) {
        let (replay, hash) = (Replay::new(&run.scenario, run.position), LogHash::default());
        self.opening = Some(Opening { replay, run, sent, hash, hashed: false, listing: Listing::default() });
        self.go_on_opening(AT_ONCE);
    }

    /// Goes on to do a run again, for so many milliseconds.
    pub(super) fn go_on_opening(&mut self, budget: f64) {
        let end = page::now_ms() + budget;
        while let Some(opening) = &mut self.opening {
            if opening.replay.run(STEPS_AT_ONCE) && opening.looks_through(self.state.log_all) {
                // To show all of a large cluster is enough for one frame.
                if page::now_ms() <= end - budget / 2.0 {
                    self.finish_opening();
                }
                return;
            }
            if page::now_ms() > end {
                self.state.opening = Some(OpeningStage::DoneAgain((opening.replay.part() * 100.0) as u32));
                return;
            }
        }
    }

    /// Shows the run, however far it has come.
    pub(super) fn finish_opening(&mut self) {
        self.state.opening = None;
        self.wait_no_longer();
        self.state.waiting = false;
        let Some(Opening { replay, run, sent, hash, hashed, listing }) = self.opening.take() else { return };
        self.sim = replay.into_sim();
        self.keep_scenario = true;
        let view = |name: &str| run.view.get(name).map(String::as_str);
        if let Some(speed) = view("speed").and_then(Speed::parse) {
            self.state.time.speed = speed;
        }
        self.state.time.playing = view("paused").is_none();
        if let Some(selection) = view("selection") {
            self.state.selection = ObjectRef::parse(selection);
        }
        self.base = if sent { (self.sim.scenario().clone(), run.text.clone()) } else { nothing() };
        self.listing = listing;
        self.begin_anew();
        self.load(run.text);
        if let Some(shown) = run.shown {
            self.seek(shown.micros());
        }
        // From now on the storage holds it, with all that is done to it.
        self.save();
        self.tell_host_loaded();
        if self.state.parts.is_embedded() {
            return;
        }
        page::forget_fragment();
        // Said below, or of no interest: what is shown was the reader's own.
        let left = self.left_lesson.take().map_or_else(String::new, |name| [" You left ", &name, "."].concat());
        if !hashed {
            let text = "This is the run that was shared, as far as it was done again.";
            self.say(Notice { error: false, text: [text, &left].concat() });
        } else if run.log.is_some_and(|log| log != hash.hash) {
            let text = "This run was recorded by another version of Everynode. Its commands were given again, but this \
                        version's controllers acted differently: the log is not the same.";
            self.say(Notice { error: false, text: [text, &left].concat() });
        } else if run.log.is_some() {
            let text = "This is the run as it was shared, act for act.";
            self.say(Notice { error: false, text: [text, &left].concat() });
        } else if sent {
            // What was said of an earlier link is no longer true.
            self.say(Notice { error: false, text: ["This is the run that was shared.", &left].concat() });
        }
    }

    /// A manifest from elsewhere goes into the editor.
    pub(super) fn receive(&mut self, text: String) {
        self.keep_mine();
        self.load(text);
        self.base.1 = (*self.state.editor.text).clone();
        self.say(Notice { error: false, text: "It is in the editor now.".to_owned() });
    }

    /// Keeps what is there, if there is something that the reader has done, before another thing takes its place.
    pub(super) fn keep_mine(&mut self) {
        if self.state.parts.is_embedded() {
            return;
        }
        let text = &*self.state.editor.text;
        let pristine = self.sim.scenario().commands.is_empty() && text == TUTORIAL;
        let lesson = self.way_back();
        if lesson.is_none() && (pristine || (self.sim.scenario(), text) == (&self.base.0, &self.base.1)) {
            return;
        }
        let mut run = self.saved_run();
        self.clusters.take_out(&mut run);
        let name = match lesson {
            Some((name, progress)) => {
                run.view.insert(LESSON.to_owned(), progress);
                self.left_lesson = Some(name.clone());
                name
            }
            None => {
                let commands = words::count(self.sim.scenario().commands.len(), "command");
                [&*self.state.cluster, ", ", &commands].concat()
            }
        };
        let branches = self.branches_as_text();
        self.state.can_go_back = Some(if self.left_lesson.is_some() { "Back to the lesson" } else { "Back to mine" });
        self.keep(name, run, branches);
    }

    /// Keeps a run, with its cluster taken out, and its branches among the ways back.
    pub(super) fn keep(&mut self, name: String, mut run: SavedRun, branches: Option<String>) {
        if let Some(branches) = branches {
            run.view.insert(BRANCHES.to_owned(), branches);
        }
        // A lesson can be left often: no more than one way leads back to lessons.
        if name.starts_with(THE_LESSON) {
            self.kept.retain(|(name, _)| !name.starts_with(THE_LESSON));
        }
        self.kept.insert(0, (name, file::encode(&run)));
        self.kept.truncate(KEPT_MAX);
        if !saved::set_kept(&self.kept) {
            let text = "The browser has no room to keep what you had for the next visit: while this page is open it is \
                        under the name of the cluster, at the top.";
            self.say(Notice { error: true, text: text.to_owned() });
        }
    }

    pub(super) fn back_to_mine(&mut self, index: usize) {
        if index < self.kept.len() {
            let (_, text) = self.kept.remove(index);
            saved::set_kept(&self.kept);
            match file::decode(&text) {
                Ok(mut run) => {
                    self.keep_mine();
                    match run.view.remove(LESSON) {
                        Some(progress) => self.return_to_lesson(&progress),
                        None => self.leave_lesson(),
                    }
                    let branches = run.view.remove(BRANCHES).unwrap_or_default();
                    self.bring_back_mine(run, branches);
                    self.say_left();
                }
                Err(text) => self.say(Notice { error: true, text }),
            }
            self.state.can_go_back = None;
        }
    }

    /// What was kept, as items of a menu.
    pub(super) fn kept_items(&self) -> Vec<super::super::state::MenuItem> {
        let label = |(index, (name, _)): (usize, &Kept)| {
            let back = if name.starts_with(THE_LESSON) { "Back to " } else { "Back to mine: " };
            menus::item(&[back, name].concat(), Action::BackToMine(index))
        };
        self.kept.iter().enumerate().map(label).collect()
    }
}

/// The parts of a figure that its address names.
pub(super) fn parts() -> Parts {
    let named = Part::NAMES.iter().filter(|(name, _)| page::parameter(name).is_some());
    Parts::Embedded(named.map(|(_, part)| *part).collect())
}

/// Whether the address is a link to a run.
pub(super) fn has_link() -> bool {
    page::fragment().starts_with(FRAGMENT)
}

/// What a reader has who has done nothing yet.
pub(super) fn nothing() -> (Scenario, String) {
    (Scenario::walk_through(), TUTORIAL.to_owned())
}
