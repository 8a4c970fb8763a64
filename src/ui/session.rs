//! The imperative shell: owns the simulation, runs it within the frame's budget, and hands out what the page shows.

mod branches;
mod clusters;
mod console;
mod embedding;
mod importing;
mod lesson;
mod look_ahead;
mod opening;
mod text;
mod time;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use gloo::timers::callback::Timeout;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlElement;
use yew::Callback;

pub use importing::Export;
pub use text::TUTORIAL;

use super::inspector::PANEL;
use super::shared::Shared;
use super::state::*;
use super::{menus, saved};
use crate::api::{Labels, Name, Node, ObjectKey, SimTime, Taint};
use crate::engine::file::SavedRun;
use crate::engine::import::is_dump;
use crate::engine::{self, Check, Command, LoopStage, Outcome, Record, Scenario, Sim};
use crate::kubectl;
use crate::platform::frame::{Frames, pause};
use crate::platform::{crash, page, storage};
use crate::store::{Object, World};
use crate::view::inspect::{Moment, describe_command, inspect};
use crate::view::log::{LogWindow, announcement, target};
use crate::view::stage::Busy;
use crate::view::{
    self, LogRow, NodeCard, ObjectRef, Offer, Plots, SceneBuilder, Tone, Track, export, fix, motion, words,
};

/// How long the simulation may run in one frame, in milliseconds; the rest is for drawing.
const FRAME_BUDGET: f64 = 8.0;
/// Steps between two looks at the clock.
const STEPS_AT_ONCE: usize = 32;
/// After a pause of the browser (another tab in front), time goes on from where it was.
const FRAME_MAX: f64 = 100.0;
/// Rows of the log that exist at once.
const LOG_ROWS: usize = 64;
/// While things move, the inspector follows at this pace, in milliseconds.
const INSPECT_EVERY: f64 = 200.0;
/// For so many times as long as the inspector took, it rests.
const INSPECT_REST: f64 = 15.0;
/// How long a stage of the control loop is shown at least, in milliseconds.
const STAGE_SHOWN: f64 = 600.0;
/// With more nodes than this, what Apply would do is worked out anew only when things have come to rest.
const PREVIEW_NODES: usize = 500;

/// What the components hold: where actions go. There is one, so properties that hold it compare equal.
#[derive(Clone)]
pub struct Desk(Rc<Inner>);

impl PartialEq for Desk {
    fn eq(&self, other: &Desk) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

type Render = Box<dyn Fn(AppState)>;

struct Inner {
    session: RefCell<Session>,
    /// Actions that came while another one was being carried out.
    waiting: RefCell<VecDeque<Action>>,
    render: RefCell<Option<Render>>,
    frames: Frames,
}

/// A text of the editor, and of which DaemonSet and taint it is known whether a toleration can be written into it.
type Tolerable = (Shared<String>, Vec<(ObjectKey, Taint, bool)>);

struct Session {
    state: AppState,
    sim: Sim,
    past: Option<time::Past>,
    /// Time goes on as soon as the page shows the present again.
    plays_again: bool,
    branches: branches::Branches,
    /// The dry run that is shown, or being worked at.
    ahead: Option<look_ahead::LookAhead>,
    /// What the reader wants done to the past, asked about before.
    asked_to_fork: Option<Action>,
    builder: SceneBuilder,
    /// Records that the scene, the log and the track know of.
    seen: usize,
    /// The records that the log shows, by number.
    rows: Vec<u64>,
    /// The first row that is wanted; none for the newest.
    log_first: Option<usize>,
    track: Track,
    plots: Plots,
    /// When the timeline was made last, and how long that took.
    timeline_at: f64,
    timeline_took: f64,
    /// How often the time that it shows is halved.
    zoom: u32,
    /// Where that time begins, and how long it is.
    window: (u64, u64),
    /// What the timeline was made of.
    timeline_of: time::Made,
    check: Check,
    console: console::Console,
    /// Where the clock is between two steps, in microseconds.
    clock: f64,
    last_frame: Option<f64>,
    inspected_at: f64,
    /// The records and the time that the inspector has shown.
    inspected: (usize, u64),
    /// Which taints the editor's text can be made to tolerate.
    tolerable: RefCell<Tolerable>,
    /// What the controller has been doing since then.
    busy: Busy,
    /// When it last did something, and when the stretch that is counted began.
    busy_since: f64,
    busy_began: f64,
    announced: usize,
    keep_scenario: bool,
    storage_full: bool,
    /// A run that is being done again; until that is done, the page stands still.
    opening: Option<opening::Opening>,
    /// The lists of a run that was opened, until they are shown.
    listing: Listing,
    /// What the reader has lost nothing by losing: nothing done yet, or just opened.
    base: (Scenario, String),
    kept: Vec<opening::Kept>,
    /// The clusters of these, and of what is shown.
    clusters: clusters::Clusters,
    /// A dump that was put into the editor.
    pasted: Option<String>,
    lesson: Option<lesson::Run>,
    /// The lesson that was just left, to be told.
    left_lesson: Option<String>,
    /// The file of a lesson that is to be gone on with.
    wanted_lesson: Option<String>,
    first: Option<lesson::FirstVisit>,
    /// In a figure whose page wants to talk.
    talk: Option<embedding::Talk>,
    /// Jobs that are due later, each at most once.
    timers: Vec<(Job, Timeout)>,
    asked: Vec<(Job, u32)>,
}

impl Desk {
    /// Begins where the reader left, or with the walk-through.
    pub fn start() -> Desk {
        let session = Session::start();
        let desk = Desk(Rc::new(Inner {
            session: RefCell::new(session),
            waiting: RefCell::default(),
            render: RefCell::default(),
            frames: Frames::default(),
        }));
        let frame = Rc::downgrade(&desk.0);
        desk.0.frames.on_frame(move |time| {
            if let Some(inner) = frame.upgrade() {
                Desk(inner).frame(time);
            }
        });
        desk
    }

    pub fn state(&self) -> AppState {
        self.0.session.try_borrow().map_or_else(|_| AppState::default(), |session| session.state.clone())
    }

    /// Sets what shows a new state.
    pub fn connect(&self, render: impl Fn(AppState) + 'static) {
        self.0.render.replace(Some(Box::new(render)));
        let desk = self.clone();
        spawn_local(async move {
            pause().await;
            desk.send(Action::Due(Job::Check));
        });
        self.welcome();
        self.open_lesson_of_address();
        self.welcome_visitor();
    }

    /// A callback that sends an action.
    pub fn on<E>(&self, action: Action) -> Callback<E> {
        let desk = self.clone();
        Callback::from(move |_| desk.send(action.clone()))
    }

    pub fn send(&self, action: Action) {
        // What takes a while, or needs the browser.
        match action {
            Action::Share => return self.share(),
            Action::SaveFile => return self.save_to_file(),
            Action::OpenFile => return self.open_files(),
            Action::Import(text) => return self.import(text),
            Action::Export(what) => return self.export(what),
            _ => {}
        }
        if let Action::Copy(text) = action {
            let desk = self.clone();
            return page::copy(&text, move |copied| {
                let text = if copied { "Copied." } else { "The browser does not allow copying here." };
                desk.send(Action::Say(Notice { error: !copied, text: text.to_owned() }));
            });
        }
        self.0.waiting.borrow_mut().push_back(action);
        // An action out of an action waits until that is done.
        let Ok(mut session) = self.0.session.try_borrow_mut() else { return };
        loop {
            let next = self.0.waiting.borrow_mut().pop_front();
            let Some(action) = next else { break };
            session.act(action);
        }
        session.refresh();
        self.publish(session);
    }

    /// Does something to the cluster; what is wrong with it comes back to who asked.
    pub fn run(&self, command: Command) -> Result<(), Vec<String>> {
        let Ok(mut session) = self.0.session.try_borrow_mut() else { return Ok(()) };
        let run = Action::Run(command.clone());
        // The answer to that question goes on with the command; the form that asks has nothing to show any more.
        let errors = if session.asks_first(&run) { Vec::new() } else { session.submit(command).errors };
        let asked = session.asked_to_fork.is_some();
        session.refresh();
        self.publish(session);
        if errors.is_empty() && !asked { Ok(()) } else { Err(errors) }
    }

    /// A name for one more node: the next number after the last worker's.
    pub fn next_node_name(&self) -> String {
        let Ok(session) = self.0.session.try_borrow() else { return String::new() };
        let nodes = &session.world().nodes;
        let numbers = nodes.keys().filter_map(|name| name.strip_prefix("worker-")?.parse::<u32>().ok());
        ["worker-", &(numbers.max().unwrap_or(0).saturating_add(1)).to_string()].concat()
    }

    /// All about a node, where the map shows no card of it.
    pub fn card_of(&self, node: &Name) -> Option<NodeCard> {
        let session = self.0.session.try_borrow().ok()?;
        session.builder.card_of(session.world(), node)
    }

    /// The node that a selected object is, or is on.
    pub fn node_of(&self, object: &ObjectRef) -> Option<Name> {
        let session = self.0.session.try_borrow().ok()?;
        match session.world().get(object.kind, &object.key)? {
            Object::Node(node) => Some(node.name().clone()),
            Object::Pod(pod) => pod.target_node().cloned(),
            _ => None,
        }
    }

    pub fn taints_of(&self, node: &Name) -> Vec<Taint> {
        let Ok(session) = self.0.session.try_borrow() else { return Vec::new() };
        session.world().nodes.get(node).map_or_else(Vec::new, |node| node.taints.to_vec())
    }

    pub fn node(&self, node: &Name) -> Option<std::sync::Arc<Node>> {
        self.0.session.try_borrow().ok()?.sim.world().nodes.get(node).cloned()
    }

    pub fn labels_of(&self, object: &ObjectRef) -> Labels {
        let Ok(session) = self.0.session.try_borrow() else { return Labels::new() };
        let object = session.world().get(object.kind, &object.key);
        object.map_or_else(Labels::new, |object| Labels::clone(&object.meta().labels))
    }

    fn frame(&self, time: f64) {
        let Ok(mut session) = self.0.session.try_borrow_mut() else { return };
        session.frame(time);
        session.refresh();
        self.publish(session);
    }

    /// Shows the state, sets the timers that were asked for, and asks for a frame if time goes on.
    fn publish(&self, mut session: std::cell::RefMut<Session>) {
        for (job, after) in std::mem::take(&mut session.asked) {
            let desk = self.clone();
            let timer = Timeout::new(after, move || desk.send(Action::Due(job)));
            session.timers.retain(|(other, _)| *other != job);
            session.timers.push((job, timer));
        }
        if let Some(name) = session.wanted_file() {
            self.fetch_for_console(name);
        }
        if let Some(file) = session.wanted_lesson.take() {
            self.fetch_lesson(file, false);
        }
        if let Some(text) = session.pasted.take() {
            self.import(text);
        }
        self.look_after_clusters(&mut session.clusters);
        let state = session.state.clone();
        let moving = session.moves();
        drop(session);
        if moving {
            self.0.frames.request();
        }
        if let Ok(render) = self.0.render.try_borrow()
            && let Some(render) = &*render
        {
            render(state);
        }
    }
}

impl Session {
    fn start() -> Session {
        let embedded = page::parameter("embed").is_some();
        if embedded {
            storage::turn_off();
        }
        let fresh = page::parameter("fresh").is_some();
        let get = |key: &str| if fresh { None } else { storage::get(key) };
        let workers = page::parameter("nodes").and_then(|count| count.parse::<u32>().ok());
        let scenario = workers.map_or_else(Scenario::walk_through, |count| Scenario::with_workers(count.min(100_000)));
        let sim = Sim::new(&scenario);
        let speed = page::parameter("speed").or_else(|| get(saved::SPEED));
        let theme = if embedded { page::parameter("theme") } else { storage::get(saved::THEME) };
        let mut state = AppState {
            theme: Theme::parse(&theme.unwrap_or_default()),
            parts: if embedded { opening::parts() } else { Parts::All },
            waiting: embedded && opening::has_link(),
            selection: get(saved::SELECTION).and_then(|text| ObjectRef::parse(&text)),
            ..AppState::default()
        };
        if state.parts.has(Part::Console) && !state.parts.has(Part::Log) {
            state.bottom = Bottom::Kubectl;
        }
        state.time.playing = true;
        state.timeline_open = get(saved::TIMELINE).is_some();
        state.time.speed = speed.and_then(|word| Speed::parse(&word)).unwrap_or_default();
        state.editor.text = Shared::from(get(saved::TEXT).unwrap_or_else(|| TUTORIAL.to_owned()));
        state.editor.loads = 1;
        let mut session = Session {
            state,
            sim,
            past: None,
            plays_again: false,
            branches: branches::Branches::default(),
            ahead: None,
            asked_to_fork: None,
            builder: SceneBuilder::default(),
            seen: 0,
            rows: Vec::new(),
            log_first: None,
            track: Track::default(),
            plots: Plots::default(),
            timeline_at: f64::MIN,
            timeline_took: 0.0,
            zoom: 0,
            window: (0, 0),
            timeline_of: time::Made::default(),
            check: Check::default(),
            console: console::Console::restored(),
            clock: 0.0,
            last_frame: None,
            inspected_at: f64::MIN,
            inspected: (0, 0),
            tolerable: RefCell::default(),
            busy: Busy::default(),
            busy_since: f64::MIN,
            busy_began: f64::MIN,
            announced: 0,
            keep_scenario: workers.is_none(),
            storage_full: false,
            opening: None,
            listing: Listing::default(),
            base: opening::nothing(),
            kept: saved::kept(),
            clusters: clusters::Clusters::default(),
            pasted: None,
            lesson: None,
            left_lesson: None,
            wanted_lesson: None,
            first: None,
            talk: if embedded { embedding::Talk::asked() } else { None },
            timers: Vec::new(),
            asked: Vec::new(),
        };
        session.show_theme();
        session.begin_anew();
        if workers.is_none() && !fresh {
            let branches = storage::get(saved::BRANCHES).unwrap_or_default();
            match saved::run() {
                Ok(Some(run)) => session.bring_back_mine(run, branches),
                Ok(None) => {}
                Err(reason) => {
                    let text = ["What was saved at your last visit cannot be read. ", &reason].concat();
                    session.say(Notice { error: true, text });
                }
            }
        }
        session.refresh();
        session
    }

    /// Whether time goes on by itself, forth or back.
    fn moves(&self) -> bool {
        let time = &self.state.time;
        let goes_on = time.back || self.past.is_some() || !self.sim.is_quiet() || self.awaited().is_some();
        self.opening.is_some() || time.playing && goes_on
    }

    fn world(&self) -> &World {
        self.past.as_ref().map_or(self.sim.world(), |past| &past.world)
    }

    /// How many records have happened at the moment that is shown.
    fn records(&self) -> usize {
        self.past.as_ref().map_or(self.sim.history().records().len(), |past| past.records)
    }

    fn ask(&mut self, job: Job, after: u32) {
        self.asked.retain(|(other, _)| *other != job);
        self.asked.push((job, after));
    }

    // ------------------------------------------------------------ what the reader does

    fn act(&mut self, action: Action) {
        if self.asks_first(&action) {
            return;
        }
        match action {
            // The output of kubectl get, pasted: its cluster is meant, and the text that was there stays.
            Action::Edit(text) if is_dump(&text) => {
                self.state.editor.loads += 1;
                self.pasted = Some(text);
            }
            Action::Edit(text) => {
                // What applying said is about another text; on a phone it lies over the findings of this one.
                let done = self.state.notice.as_ref().is_some_and(|notice| !notice.error);
                if done && self.state.can_go_back.is_none() && text != **self.state.editor.text {
                    self.hide_notice();
                }
                self.set_text(text);
                self.ask(Job::Check, 160);
                self.ask(Job::Save, 400);
            }
            Action::Load(text) => {
                self.keep_mine();
                self.base.1.clone_from(&text);
                self.load(text);
            }
            Action::Apply => {
                let text = (*self.state.editor.text).clone();
                if self.submit(Command::Apply { text }).errors.is_empty() {
                    // Where panels are tabs, the map is what to look at now.
                    self.state.tab = Tab::Map;
                    if self.state.dialog == Some(Dialog::Ahead) {
                        self.state.dialog = None;
                        self.ahead = None;
                    }
                }
            }
            Action::GoTo(index) => {
                if let Some(finding) = self.check.findings.get(index) {
                    let count = self.state.editor.jump.0 + 1;
                    self.state.editor.jump = (count, finding.span.line as u32, finding.span.column as u32);
                }
            }
            Action::Fix(index) => {
                let fix = self.check.findings.get(index).and_then(|finding| finding.fix.as_ref());
                if let Some(text) = fix.and_then(|fix| fix::fixed(&self.state.editor.text, fix)) {
                    self.load(text);
                }
            }
            Action::Run(command) => drop(self.submit(command)),
            Action::Begin(scenario) => {
                self.end_line();
                self.keep_mine();
                self.begin(Sim::new(&scenario));
                self.say_left();
            }
            Action::Play(back) => self.play(back),
            Action::Step => self.step(),
            Action::StepBack => self.step_back(),
            Action::Jump(forward) => self.jump(forward),
            Action::Seek(to) => self.seek(to),
            Action::Zoom(closer) => self.zoom(closer),
            Action::ToggleTimeline => self.toggle_timeline(),
            Action::Fork => self.fork_as_asked(),
            Action::Branch(act) => self.act_on_branch(act),
            Action::LookAhead => self.look_ahead(),
            Action::SetSpeed(speed) => {
                self.state.time.speed = speed;
                storage::set(saved::SPEED, &speed.word());
            }
            Action::Select(object) => self.select(object, None),
            Action::SelectRecord(seq) => {
                if let Some(record) = self.sim.history().get(seq) {
                    self.select(target(record), Some(seq));
                }
            }
            Action::ToWhy => {
                if page::media_matches(TABS) {
                    self.state.tab = Tab::Why;
                    // What had the focus is hidden now; the panel is shown a moment later.
                    Timeout::new(0, || page::focus_id(PANEL)).forget();
                }
            }
            Action::Unfold => {
                self.state.unfolded = true;
                self.inspected_at = f64::MIN;
            }
            Action::Take(Offer::Run(command, _)) => drop(self.submit(command)),
            Action::Take(Offer::Tolerate(key, taint)) => self.tolerate(&key, &taint),
            Action::ShowYaml(object, tab) => {
                self.state.inspector_tab = tab;
                self.select(object, None);
                self.state.tab = Tab::Why;
            }
            Action::EditLive(object) => {
                if let Some(object) = self.world().get(object.kind, &object.key) {
                    self.load(export::manifest(&object));
                    self.state.tab = Tab::Yaml;
                }
            }
            Action::ShowLog(first) => {
                self.log_first = (first < self.rows.len()).then_some(first);
            }
            Action::ToggleLogAll => {
                self.state.log_all = !self.state.log_all;
                self.log_first = None;
                let (all, records) = (self.state.log_all, self.sim.history().records());
                self.rows = records.iter().filter(|it| all || it.is_act()).map(|it| it.seq).collect();
            }
            Action::ShowBottom(bottom) => self.state.bottom = bottom,
            Action::RunLine(line) => self.type_line(&line),
            Action::GoOnLine => self.go_on_line(),
            Action::EndLine => self.end_line(),
            Action::FileRead(name, text) => self.file_read(name, text),
            Action::ShowTab(tab) => self.state.tab = tab,
            Action::ShowLeft(tab) => self.state.left = tab,
            Action::Lesson(act) => self.act_on_lesson(act),
            Action::Replace { scenario, text, before } => self.replace_all(scenario, text, before),
            Action::ShowInspector(tab) => {
                self.state.inspector_tab = tab;
                self.inspected_at = f64::MIN;
            }
            Action::NextTheme => {
                self.state.theme = self.state.theme.next(page::media_matches(LIGHT));
                storage::set(saved::THEME, self.state.theme.word());
                self.show_theme();
            }
            Action::SystemTheme => self.show_theme(),
            Action::OpenMenu(address, anchor) => self.open_menu(&address, anchor),
            Action::CloseMenu => self.state.menu = None,
            Action::Open(dialog) => self.state.dialog = Some(dialog),
            Action::CloseDialog => {
                self.state.dialog = None;
                self.asked_to_fork = None;
                self.ahead = None;
            }
            Action::DismissNotice => self.hide_notice(),
            Action::Say(notice) => self.say(notice),
            // A new pointer makes the editor look again.
            Action::EditorReady => self.state.editor.findings = Shared::from((*self.state.editor.findings).clone()),
            Action::Due(job) => self.due(job),
            Action::OpenRun(run) => self.open_run(&run),
            Action::Receive(text) => self.receive(text),
            Action::TakeOver(sim) => self.take_over(*sim),
            Action::ClusterKept(name, kept) => self.cluster_kept(&name, kept),
            Action::ClusterComes(percent) => {
                self.state.opening = self.state.opening.map(|_| OpeningStage::Fetched(percent));
            }
            Action::ClusterFetched(name, cluster) => self.cluster_fetched(name, cluster),
            Action::Hear(id, request) => self.hear(id, request),
            Action::StopOpening => self.finish_opening(),
            Action::BackToMine(index) => self.back_to_mine(index),
            // Need no session.
            Action::Import(_)
            | Action::Export(_)
            | Action::Copy(_)
            | Action::Share
            | Action::SaveFile
            | Action::OpenFile => {}
        }
    }

    fn due(&mut self, job: Job) {
        self.timers.retain(|(other, _)| *other != job);
        match job {
            Job::Check => self.check_text(),
            Job::Save => self.save(),
            Job::Announce => self.announce(),
            Job::HideNotice => self.hide_notice(),
            // What is shown is brought up to date after every job.
            Job::Stage => {}
            Job::Work => self.work(),
        }
    }

    fn select(&mut self, object: ObjectRef, record: Option<u64>) {
        storage::set(saved::SELECTION, &object.to_text());
        self.state.selection = Some(object);
        self.state.record = record;
        self.state.unfolded = false;
        self.inspected_at = f64::MIN;
    }

    fn open_menu(&mut self, address: &str, anchor: HtmlElement) {
        let menu = match address {
            "scenario" => {
                let items = self.kept_items().into_iter().chain(menus::scenarios());
                Some(("Clusters".to_owned(), items.collect()))
            }
            _ => match address.strip_prefix("branch/").and_then(|id| id.parse().ok()) {
                Some(id) => self.branch_menu(id),
                None => ObjectRef::parse(address).and_then(|object| menus::of(&self.sim, self.world(), &object)),
            },
        };
        self.state.menu = menu.map(|(label, items)| Shared::from(Menu { label, items, anchor }));
    }

    /// Does something to the cluster. This is the one place where a look into the past becomes another future.
    fn submit(&mut self, command: Command) -> Outcome {
        if let Some(outcome) = self.without_effect(&command) {
            self.tell(&outcome);
            return outcome;
        }
        self.fork();
        let before = self.branches.wants_name().then(|| (command.clone(), self.sim.world().clone()));
        let outcome = self.sim.submit(command);
        if let Some((command, before)) = before.filter(|_| outcome.errors.is_empty()) {
            self.branches.name_current(&view::branch::name(&command, &before, self.sim.world()));
        }
        self.tell(&outcome);
        if !self.moves() {
            self.last_frame = None;
        }
        self.clock = self.clock.max(self.sim.now().micros() as f64);
        self.ask(Job::Save, 400);
        self.preview();
        outcome
    }

    /// Says what became of a command.
    fn tell(&mut self, outcome: &Outcome) {
        let error = !outcome.errors.is_empty();
        let lines: Vec<&str> = outcome.errors.iter().chain(&outcome.messages).map(String::as_str).collect();
        if !lines.is_empty() {
            self.say(Notice { error, text: lines.join("\n") });
        }
    }

    fn say(&mut self, notice: Notice) {
        self.state.waiting &= !notice.error;
        // A figure is small; what went well is seen on its map.
        if self.state.parts.is_embedded() && !notice.error {
            return;
        }
        self.ask(Job::HideNotice, if notice.error { 20_000 } else { 6_000 });
        self.state.notice = Some(Shared::from(notice));
    }

    fn hide_notice(&mut self) {
        self.state.notice = None;
        self.state.can_go_back = None;
    }

    // ------------------------------------------------------------ what the page shows

    /// Another cluster takes the place of this one.
    fn begin(&mut self, sim: Sim) {
        self.wait_no_longer();
        // A lesson is about its own cluster.
        if self.lesson.is_some() {
            self.leave_lesson();
            self.state.left = LeftTab::Manifest;
        }
        self.sim = sim;
        self.base = (self.sim.scenario().clone(), (*self.state.editor.text).clone());
        self.keep_scenario = true;
        self.state.selection = None;
        self.branches = branches::Branches::default();
        self.begin_anew();
        self.ask(Job::Save, 400);
        self.preview();
    }

    /// Forgets what was derived from another simulation.
    fn begin_anew(&mut self) {
        self.past = None;
        self.seen = 0;
        self.rows.clear();
        self.log_first = None;
        self.track = Track::default();
        self.timeline_at = f64::MIN;
        self.announced = self.sim.history().records().len();
        self.state.record = None;
        self.clock = self.sim.now().micros() as f64;
        self.last_frame = None;
        self.busy = Busy::default();
        let scenario = self.sim.scenario();
        self.state.cluster = if scenario.cluster.is_some() {
            "your cluster".into()
        } else if scenario.nodes == Scenario::walk_through().nodes {
            "nginx walk-through".into()
        } else {
            let nodes: u32 = scenario.nodes.iter().map(|(_, count)| count).sum();
            words::count(nodes as usize, "node").into()
        };
        self.builder.rebuild(self.sim.world());
        self.inspected_at = f64::MIN;
        // The scene has all of them already; a run that was opened brings its lists along.
        let Listing { rows, track, plots, records } = std::mem::take(&mut self.listing);
        (self.rows, self.track, self.plots) = (rows, track, plots);
        self.list_rows(records);
        self.seen = self.sim.history().records().len();
    }

    /// Brings all that is shown up to date; what did not change keeps its pointer.
    fn refresh(&mut self) {
        self.console_goes_on();
        let new = self.seen;
        let records = self.sim.history().records();
        if new < records.len() {
            if self.past.is_none() {
                let fresh = records.get(new..).unwrap_or_default();
                self.builder.follow(self.sim.world(), fresh.iter().flat_map(|record| record.deltas.iter()));
            }
            self.note_busy(new, records.len());
            self.list_rows(new);
            self.seen = self.sim.history().records().len();
            if self.announced < self.seen && !self.timers.iter().any(|(job, _)| *job == Job::Announce) {
                self.ask(Job::Announce, 1500);
            }
        }
        let scene = self.builder.scene();
        if !Rc::ptr_eq(&scene, &self.state.scene.0) {
            self.state.scene = Shared(scene);
        }
        self.refresh_time();
        self.refresh_timeline();
        self.refresh_motions();
        self.refresh_stages();
        self.refresh_log();
        self.refresh_inspection();
        self.follow_lesson();
        self.follow_visit();
        if self.state.bottom == Bottom::Events {
            self.refresh_events();
        }
        self.tell_host();
    }

    fn refresh_time(&mut self) {
        let micros = if self.past.is_some() { self.clock as u64 } else { self.sim.now().micros() };
        let time = &mut self.state.time;
        time.micros = micros;
        time.past = self.past.is_some();
        time.quiet = self.sim.is_quiet();
        let next = match self.sim.next_wake() {
            Some((_, reason)) => reason.0,
            None => "Nothing is left to happen.".to_owned(),
        };
        if *time.next != *next {
            time.next = next.into();
        }
        self.track.reach(self.sim.now().micros());
        self.track.at = micros;
        self.state.track.update_from(&self.track);
    }

    fn refresh_motions(&mut self) {
        let happened = self.sim.history().records().get(..self.records()).unwrap_or_default();
        let now = SimTime::from_micros(self.state.time.micros);
        let stretch = motion::stretch(self.state.time.speed.factor());
        let motions = stretch.map(|stretch| motion::motions(happened, now, stretch));
        self.state.motions.update(motions.unwrap_or_default());
    }

    /// Takes notice of what the controller did in a stretch of the log.
    fn note_busy(&mut self, from: usize, to: usize) {
        let now = page::now_ms();
        if now - self.busy_began > STAGE_SHOWN {
            self.busy = Busy::default();
            self.busy_began = now;
        }
        let before = self.busy;
        for record in self.sim.history().records().get(from..to).unwrap_or_default() {
            self.busy.note(record);
        }
        if self.busy != before {
            self.busy_since = now;
            self.ask(Job::Stage, STAGE_SHOWN as u32 + 20);
        }
    }

    fn refresh_stages(&mut self) {
        let shown = if page::now_ms() - self.busy_since < STAGE_SHOWN { self.busy.stage() } else { None };
        if self.past.is_some() {
            let (live, act) = shown.unwrap_or_default();
            self.state.stages.update(Stages { queued: 0, live, act });
            return;
        }
        let state = self.sim.loop_state();
        let (live, act) = match state.stage {
            LoopStage::Act(act) => (3, act),
            _ if shown.is_some() => shown.unwrap_or_default(),
            LoopStage::Watch => (0, String::new()),
            LoopStage::Queue => (1, String::new()),
            LoopStage::Compare => (2, String::new()),
            LoopStage::Status => (4, String::new()),
        };
        self.state.stages.update(Stages { queued: state.queue_len, live, act });
    }

    /// Lists the records from a number on in the log and on the track.
    fn list_rows(&mut self, from: usize) {
        let (rows, track, plots) =
            (std::mem::take(&mut self.rows), std::mem::take(&mut self.track), std::mem::take(&mut self.plots));
        let mut listing = Listing { rows, track, plots, records: from };
        for record in self.sim.history().records().get(from..).unwrap_or_default() {
            listing.note(record, self.state.log_all);
        }
        (self.rows, self.track, self.plots) = (listing.rows, listing.track, listing.plots);
    }

    fn refresh_log(&mut self) {
        let records = self.records() as u64;
        let total = match self.past {
            Some(_) => self.rows.partition_point(|seq| *seq < records),
            None => self.rows.len(),
        };
        let newest = total.saturating_sub(LOG_ROWS);
        let first = self.log_first.unwrap_or(newest).min(newest);
        let wanted = self.rows.get(first..total.min(first + LOG_ROWS)).unwrap_or_default();
        let shown = &self.state.log.rows;
        let same = shown.len() == wanted.len() && shown.iter().map(|row| row.seq).eq(wanted.iter().copied());
        if same {
            self.state.log.total = total;
            self.state.log.first = first;
            return;
        }
        let history = self.sim.history();
        let rows = wanted.iter().filter_map(|seq| match shown.binary_search_by_key(seq, |row| row.seq) {
            Ok(index) => shown.get(index).cloned(),
            Err(_) => history.get(*seq).map(|record| Rc::new(LogRow::of(record))),
        });
        self.state.log = LogWindow { total, first, rows: Rc::new(rows.collect()) };
    }

    fn refresh_inspection(&mut self) {
        let now = page::now_ms();
        if self.moves() && now - self.inspected_at < INSPECT_EVERY {
            return;
        }
        // Where nothing has happened and nothing else was chosen, it says the same.
        let moment = (self.records(), self.state.time.micros);
        if self.inspected_at > f64::MIN && self.inspected == moment {
            return;
        }
        self.inspected = moment;
        if (self.moves() || self.past.is_some()) && self.world().nodes.len() <= PREVIEW_NODES {
            self.preview();
        }
        let time = self.state.time.micros;
        let moment = Moment {
            world: self.world(),
            history: self.sim.history(),
            records: self.records(),
            now: SimTime::from_micros(time),
            sim: self.past.is_none().then_some(&self.sim),
            can_tolerate: &|key, taint| self.can_tolerate(key, taint),
            unfolded: self.state.unfolded,
        };
        let with_yaml = self.state.inspector_tab == InspectorTab::Yaml;
        let mut inspection = inspect(&moment, self.state.selection.as_ref(), self.state.record, with_yaml);
        if let (InspectorTab::Describe, Some(object)) = (self.state.inspector_tab, &self.state.selection) {
            let Moment { world, history, records, now, .. } = moment;
            let mut job = kubectl::Job::new(&describe_command(object));
            let _ = job.next(&kubectl::Moment { world, now, history, records }, None);
            inspection.text = job.answer().stdout().into();
        }
        self.state.inspection.update(inspection);
        // What takes long, in a large cluster, is done less often.
        let end = page::now_ms();
        self.inspected_at = end + ((end - now) * INSPECT_REST - INSPECT_EVERY).max(0.0);
    }

    fn announce(&mut self) {
        let records = self.sim.history().records();
        let text = announcement(records.get(self.announced..).unwrap_or_default().iter());
        self.announced = records.len();
        if !text.is_empty() {
            self.state.announcement = text.into();
        }
    }

    // ------------------------------------------------------------ what stays

    fn save(&mut self) {
        let mut kept = storage::set(saved::TEXT, &self.state.editor.text);
        let mut why = "The browser has no room left to save this for the next visit.";
        if self.keep_scenario && self.opening.is_none() && self.clusters.awaited.is_none() {
            let run = self.saved_run();
            let mut plain = SavedRun { text: String::new(), view: Default::default(), shown: None, ..run };
            self.clusters.take_out(&mut plain);
            match self.clusters.keeps(self.sim.scenario()) {
                Some(true) => {
                    kept &= saved::set_run(&plain);
                    kept &= self.save_branches();
                }
                Some(false) => {
                    why = "The browser refuses to keep this cluster for your next visit. Share has a file for it.";
                    kept = false;
                }
                // Said when it has come to that.
                None => return,
            }
        }
        if !kept && !self.storage_full {
            self.say(Notice { error: true, text: why.to_owned() });
        }
        self.storage_full = !kept;
    }

    fn show_theme(&self) {
        let word = match self.state.theme {
            Theme::System if page::media_matches(LIGHT) => "light",
            Theme::System => "dark",
            chosen => chosen.word(),
        };
        page::set_root_attribute("data-theme", word);
    }
}

/// What is made of each record of a log: its row, if it has one, and what the track and the plots show of it.
#[derive(Default)]
struct Listing {
    rows: Vec<u64>,
    track: Track,
    plots: Plots,
    records: usize,
}

impl Listing {
    fn note(&mut self, record: &Record, log_all: bool) {
        self.plots.note(record);
        if record.is_act() {
            self.track.mark(record.at.micros(), Tone::of(record));
        }
        if log_all || record.is_act() {
            self.rows.push(record.seq);
        }
        self.records += 1;
    }
}

/// The panels are tabs, as the style sheet has it.
const TABS: &str = "(max-width: 900px)";
const LIGHT: &str = "(prefers-color-scheme: light)";

/// A panic ends the program. What may have led to it is forgotten on a new start.
pub fn install_panic_dialog() {
    // Yew puts its own hook over any other that it does not know of.
    yew::set_custom_panic_hook(crash::hook(crash::Reader {
        text: text::last,
        forget: |with_text| {
            storage::remove(saved::SCENARIO);
            storage::remove(saved::BRANCHES);
            if !with_text {
                storage::remove(saved::TEXT);
            }
            // What still runs of the failed program must not put it back.
            storage::turn_off();
        },
    }));
}
