//! Branches of time: going on from the past makes another future, and the one that was left stays until it is discarded.

use std::sync::Arc;

use super::*;
use crate::engine::Replay;
use crate::engine::file::{self, Position};
use crate::engine::import::Cluster;
use crate::view::branch::{FIRST, unique};

/// Branches that are kept ready; the others are done again when they are wanted.
const READY_MAX: usize = 2;
/// The most branches beside the current one; of more, the oldest is discarded, and the reader told.
const LEFT_MAX: usize = 12;
const NAME_MAX: usize = 40;

/// What a branch is called and where it comes from.
#[derive(Clone)]
pub(super) struct Info {
    pub id: u32,
    pub name: String,
    /// When it began.
    pub since: u64,
    /// The branches that it comes from, the first one first, and itself; each with its begin.
    lineage: Vec<(u32, u64)>,
    /// It is called by the first thing that is done in it.
    unnamed: bool,
}

/// A branch that the page does not show.
pub(super) struct Branch {
    info: Info,
    run: Run,
}

impl std::ops::Deref for Branch {
    type Target = Info;

    fn deref(&self) -> &Info {
        &self.info
    }
}

enum Run {
    Ready(Box<Ready>),
    Saved(Scenario, Position),
    /// Being done again.
    Loading(Box<Replay>),
}

pub(super) struct Ready {
    pub sim: Sim,
    pub plots: Plots,
}

pub(super) struct Branches {
    pub current: Info,
    pub left: Vec<Branch>,
    /// The one that lies beside the current one in the plot.
    pub beside: Option<u32>,
    /// The one to switch to as soon as it is ready.
    wanted: Option<u32>,
    next_id: u32,
}

impl Default for Branches {
    fn default() -> Branches {
        let current = Info { id: 0, name: FIRST.to_owned(), since: 0, lineage: vec![(0, 0)], unnamed: false };
        Branches { current, left: Vec::new(), beside: None, wanted: None, next_id: 1 }
    }
}

impl Branch {
    /// How much has been done again, in percent.
    pub fn loading(&self) -> Option<u32> {
        match &self.run {
            Run::Loading(replay) => Some((replay.part() * 100.0) as u32),
            _ => None,
        }
    }

    fn saved(&self) -> (Scenario, Position) {
        match &self.run {
            Run::Ready(ready) => position(&ready.sim),
            Run::Saved(scenario, position) => (scenario.clone(), *position),
            Run::Loading(replay) => (replay.scenario(), replay.end()),
        }
    }
}

fn position(sim: &Sim) -> (Scenario, Position) {
    (sim.scenario().clone(), Position { steps: sim.steps(), at: sim.now() })
}

impl Branches {
    pub fn wants_name(&self) -> bool {
        self.current.unnamed
    }

    pub fn name_current(&mut self, name: &str) {
        self.current.name = self.free_name(name, self.current.id);
        self.current.unnamed = false;
    }

    fn free_name(&self, name: &str, own: u32) -> String {
        let others = self.left.iter().map(|branch| &branch.info).chain([&self.current]);
        let taken: Vec<&str> = others.filter(|info| info.id != own).map(|info| info.name.as_str()).collect();
        unique(name, |name| taken.contains(&name))
    }

    fn index(&self, id: u32) -> Option<usize> {
        self.left.iter().position(|branch| branch.id == id)
    }

    pub fn name_of(&self, id: u32) -> Option<&str> {
        if id == self.current.id {
            return Some(&self.current.name);
        }
        Some(&self.left.get(self.index(id)?)?.name)
    }

    /// The branch beside the current one, once it is ready.
    pub fn beside(&self) -> Option<(&Info, &Ready)> {
        let branch = self.left.get(self.index(self.beside?)?)?;
        match &branch.run {
            Run::Ready(ready) => Some((&branch.info, ready)),
            _ => None,
        }
    }

    /// When a branch and the current one went different ways.
    pub fn parted_from(&self, other: &Info) -> u64 {
        let (own, others) = (&self.current.lineage, &other.lineage);
        let common = own.iter().zip(others).take_while(|(a, b)| a.0 == b.0).count();
        own.get(common).into_iter().chain(others.get(common)).map(|(_, since)| *since).min().unwrap_or(0)
    }

    /// What was the current branch is left, and another one begins.
    fn leave(&mut self, left: Ready, since: u64) {
        let id = self.next_id;
        self.next_id += 1;
        let mut lineage = self.current.lineage.clone();
        lineage.push((id, since));
        let name = self.free_name("what if", id);
        let info = std::mem::replace(&mut self.current, Info { id, name, since, lineage, unnamed: true });
        self.beside = Some(info.id);
        self.left.insert(0, Branch { info, run: Run::Ready(Box::new(left)) });
        self.park();
    }

    /// Keeps only a few branches ready: each holds its whole log.
    fn park(&mut self) {
        let beside = self.beside;
        let mut ready = 0;
        for branch in &mut self.left {
            if matches!(branch.run, Run::Ready(_)) {
                ready += 1;
                if ready > READY_MAX && beside != Some(branch.info.id) {
                    let (scenario, position) = branch.saved();
                    branch.run = Run::Saved(scenario, position);
                }
            }
        }
    }

    /// Begins to do a branch again that is not ready. Says whether there is something to do.
    fn load(&mut self, id: u32) -> bool {
        let Some(branch) = self.index(id).and_then(|index| self.left.get_mut(index)) else { return false };
        if let Run::Saved(scenario, position) = &branch.run {
            branch.run = Run::Loading(Box::new(Replay::new(scenario, *position)));
        }
        matches!(branch.run, Run::Loading(_))
    }

    /// Goes on with what is being done again, until a moment. Says whether something is left.
    pub fn go_on(&mut self, until: f64) -> bool {
        for branch in &mut self.left {
            let Run::Loading(replay) = &mut branch.run else { continue };
            while page::now_ms() < until {
                if replay.run(STEPS_AT_ONCE) {
                    let nothing = Run::Saved(Scenario::default(), Position::default());
                    if let Run::Loading(replay) = std::mem::replace(&mut branch.run, nothing) {
                        let sim = replay.into_sim();
                        let plots = Plots::of(sim.history().records());
                        branch.run = Run::Ready(Box::new(Ready { sim, plots }));
                    }
                    return true;
                }
            }
            return true;
        }
        false
    }
}

impl Session {
    /// Whether the reader is asked first: what they want done would make another future.
    pub(super) fn asks_first(&mut self, action: &Action) -> bool {
        let Some(_) = &self.past else { return false };
        let apply = || Command::Apply { text: (*self.state.editor.text).clone() };
        let what = match action {
            Action::Apply if self.without_effect(&apply()).is_none() => "kubectl apply -f -".into(),
            Action::Run(command) | Action::Take(Offer::Run(command, _)) if self.without_effect(command).is_none() => {
                command.to_text()
            }
            Action::Lesson(LessonAct::DoIt) if self.lesson_would_act() => "Do it for me".into(),
            _ => return false,
        };
        self.ask_to_fork(action.clone(), &what);
        true
    }

    /// What a command answers in the past without making another future of it, because it changes nothing there.
    pub(super) fn without_effect(&self, command: &Command) -> Option<Outcome> {
        self.past.as_ref()?;
        self.sim_as_shown().without_effect(command)
    }

    /// Asks whether to go on from the past with what the reader wants done.
    pub(super) fn ask_to_fork(&mut self, action: Action, what: &str) {
        self.pause_for_question();
        self.asked_to_fork = Some(action);
        let history = self.sim.history();
        let far = self.past.as_ref().is_some_and(|past| past.records < history.thinned_before());
        let note = words::limits(history).filter(|_| far).map(Rc::from);
        self.state.dialog = Some(Dialog::Fork(what.into(), self.branches.current.name.as_str().into(), note));
    }

    fn pause_for_question(&mut self) {
        if self.state.time.playing {
            self.play(self.state.time.back);
        }
    }

    /// Goes on from the moment that is shown, as the reader agreed to.
    pub(super) fn fork_as_asked(&mut self) {
        self.state.dialog = None;
        self.ahead = None;
        if let Some(action) = self.asked_to_fork.take() {
            self.fork();
            self.state.time.playing = true;
            self.act(action);
        }
    }

    /// In the past: leaves the present as a branch, and goes on from the moment that is shown.
    pub(super) fn fork(&mut self) {
        if self.past.is_some() {
            self.begin_branch();
        }
    }

    /// The simulation at the moment that is shown, ready to go on differently.
    pub(super) fn sim_as_shown(&self) -> Sim {
        match &self.past {
            Some(past) => {
                let mut fork = self.sim.fork_at(past.records);
                // Between two acts time has passed; in the midst of several at one moment it has not.
                if past.records == self.records_at(self.clock) {
                    fork.wait_until(SimTime::from_micros(self.clock as u64));
                }
                fork
            }
            None => self.sim.clone(),
        }
    }

    fn begin_branch(&mut self) {
        let since = self.state.time.micros;
        let fork = self.sim_as_shown();
        let left = Ready { sim: std::mem::replace(&mut self.sim, fork), plots: std::mem::take(&mut self.plots) };
        self.branches.leave(left, since);
        if self.branches.left.len() > LEFT_MAX
            && let Some(oldest) = self.branches.left.pop()
        {
            let text = ["There are many branches; the oldest, ", &oldest.name, ", is discarded."].concat();
            self.say(Notice { error: false, text });
        }
        self.show_branch();
    }

    /// Another simulation is the current one now.
    fn show_branch(&mut self) {
        self.lesson_in_another_run();
        self.state.time.back = false;
        self.begin_anew();
        self.ask(Job::Save, 400);
        self.preview();
    }

    pub(super) fn act_on_branch(&mut self, act: BranchAct) {
        match act {
            BranchAct::New => self.begin_branch(),
            BranchAct::Switch(id) => self.switch_to(id),
            BranchAct::Beside(id) => {
                let branches = &mut self.branches;
                branches.beside = (branches.beside != Some(id)).then_some(id);
                if branches.beside.is_some() && branches.load(id) {
                    self.ask(Job::Work, 0);
                }
                self.ask(Job::Save, 400);
            }
            BranchAct::Rename(id, name) => {
                let name: String = name.trim().chars().take(NAME_MAX).collect();
                if !name.is_empty() {
                    let name = self.branches.free_name(&name, id);
                    if id == self.branches.current.id {
                        self.branches.name_current(&name);
                    } else if let Some(index) = self.branches.index(id) {
                        self.branches.left[index].info.name = name;
                    }
                }
                self.state.dialog = None;
                self.ask(Job::Save, 400);
            }
            BranchAct::Discard(id) => {
                if let Some(index) = self.branches.index(id) {
                    let gone = self.branches.left.remove(index);
                    self.say(Notice { error: false, text: ["Discarded the branch ", &gone.name, "."].concat() });
                }
                self.ask(Job::Save, 400);
            }
        }
        self.timeline_at = f64::MIN;
    }

    fn switch_to(&mut self, id: u32) {
        let Some(index) = self.branches.index(id) else { return };
        if self.branches.load(id) {
            self.branches.wanted = Some(id);
            return self.ask(Job::Work, 0);
        }
        let Branch { info, run } = self.branches.left.remove(index);
        let Run::Ready(ready) = run else { return };
        let left = Ready { sim: std::mem::replace(&mut self.sim, ready.sim), plots: std::mem::take(&mut self.plots) };
        let info = std::mem::replace(&mut self.branches.current, info);
        self.branches.beside = Some(info.id);
        self.branches.left.insert(0, Branch { info, run: Run::Ready(Box::new(left)) });
        self.branches.park();
        self.show_branch();
    }

    /// A slice of what is done beside all else.
    pub(super) fn work(&mut self) {
        self.console_writes_on();
        let end = page::now_ms() + FRAME_BUDGET;
        let mut more = self.branches.go_on(end);
        if let Some(id) = self.branches.wanted.filter(|id| !self.branches.load(*id)) {
            self.branches.wanted = None;
            self.switch_to(id);
        }
        if more {
            self.timeline_at = f64::MIN;
        }
        more |= self.go_on_ahead(end);
        if more {
            self.ask(Job::Work, 4);
        }
    }

    /// The menu of a branch.
    pub(super) fn branch_menu(&self, id: u32) -> Option<(String, Vec<MenuItem>)> {
        let name = self.branches.name_of(id)?;
        let item = |label: &str, action, danger| MenuItem { label: label.to_owned(), action, danger };
        let branch = |label: &str, act| item(label, Action::Branch(act), false);
        let mut items = Vec::new();
        if id != self.branches.current.id {
            let beside =
                if self.branches.beside == Some(id) { "Take it off the plot" } else { "Lay it beside this one" };
            items.push(branch(beside, BranchAct::Beside(id)));
            items.push(branch("Switch to it", BranchAct::Switch(id)));
        }
        items.push(item("Rename…", Action::Open(Dialog::RenameBranch(id, name.into())), false));
        if id != self.branches.current.id {
            items.push(item("Discard", Action::Branch(BranchAct::Discard(id)), true));
        }
        Some((["Branch ", name].concat(), items))
    }

    // ------------------------------------------------------------ what stays

    /// Writes down all branches, a line for each, the current one (without its run, which is saved elsewhere) first.
    pub(super) fn branches_as_text(&self) -> Option<String> {
        let branches = &self.branches;
        let mut lines = vec![line(&branches.current, (Scenario::default(), Position::default()), false)];
        lines.extend(branches.left.iter().map(|it| line(it, it.saved(), branches.beside == Some(it.id))));
        (!branches.left.is_empty()).then(|| lines.join("\n"))
    }

    /// Whether there was room for them.
    pub(super) fn save_branches(&self) -> bool {
        match self.branches_as_text() {
            Some(text) => storage::set(saved::BRANCHES, &text),
            None => {
                storage::remove(saved::BRANCHES);
                true
            }
        }
    }

    /// Takes the branches of a text in place of those that there are; all of them began with the same cluster.
    pub(super) fn bring_back_branches(&mut self, text: &str, cluster: Option<&Arc<Cluster>>) {
        self.branches = Branches::default();
        let mut read = text.lines().filter_map(read_line);
        let Some((current, _, _)) = read.next() else { return };
        let mut branches = Branches { current, ..Branches::default() };
        for (info, run, beside) in read {
            if beside {
                branches.beside = Some(info.id);
            }
            let scenario = Scenario { cluster: cluster.cloned().or(run.scenario.cluster), ..run.scenario };
            branches.left.push(Branch { info, run: Run::Saved(scenario, run.position) });
        }
        let ids = branches.left.iter().map(|branch| branch.id).chain([branches.current.id]);
        branches.next_id = ids.max().unwrap_or(0).saturating_add(1);
        self.branches = branches;
        if self.branches.beside.is_some_and(|id| self.branches.load(id)) {
            self.ask(Job::Work, 50);
        }
    }
}

fn line(info: &Info, (scenario, position): (Scenario, Position), beside: bool) -> String {
    let lineage = info.lineage.iter().flat_map(|(id, since)| [id.to_string(), since.to_string()]);
    let view = [
        ("name", info.name.clone()),
        ("lineage", lineage.collect::<Vec<_>>().join(" ")),
        ("beside", if beside { "yes".to_owned() } else { String::new() }),
    ];
    let view = view.into_iter().map(|(key, text)| (key.to_owned(), text)).collect();
    // The current run's cluster is theirs.
    let scenario = Scenario { cluster: None, ..scenario };
    file::encode(&file::SavedRun { scenario, position, view, ..file::SavedRun::default() })
}

fn read_line(line: &str) -> Option<(Info, file::SavedRun, bool)> {
    let run = file::decode(line).ok()?;
    let numbers: Vec<u64> = run.view.get("lineage")?.split(' ').filter_map(|word| word.parse().ok()).collect();
    let lineage: Vec<(u32, u64)> =
        numbers.chunks_exact(2).filter_map(|pair| Some((u32::try_from(pair[0]).ok()?, pair[1]))).collect();
    let (id, since) = *lineage.last()?;
    let info = Info { id, name: run.view.get("name")?.clone(), since, lineage, unnamed: false };
    let beside = run.view.get("beside").is_some_and(|word| word == "yes");
    Some((info, run, beside))
}
