//! What the page shows at one moment, and everything a reader can do to it.

use std::rc::Rc;
use std::sync::Arc;

use web_sys::HtmlElement;

use super::session::Export;
use super::shared::Shared;
use crate::api::Name;
use crate::api::float::parse_float;
use crate::api::value::Value;
use crate::engine::file::SavedRun;
use crate::engine::import::Cluster;
use crate::engine::{Command, Scenario, Sim};
use crate::kubectl::Chunk;
use crate::lesson::{Lesson, Verdict};
use crate::view::ahead::Ahead;
use crate::view::embed::Request;
use crate::view::log::LogWindow;
use crate::view::motion::Motion;
use crate::view::timeline::Timeline;
use crate::view::{Inspection, ObjectRef, Offer, Scene, Track};

/// The whole page. Cheap to clone: every part is small or shared.
#[derive(Clone, Default)]
pub struct AppState {
    pub scene: Shared<Scene>,
    /// What moves at this moment.
    pub motions: Shared<Vec<Motion>>,
    pub log: LogWindow,
    /// Whether the log also shows comparisons and status writes.
    pub log_all: bool,
    pub bottom: Bottom,
    pub console: ConsoleState,
    /// The newest events, and how many older ones are left out.
    pub events: Shared<(Vec<EventRow>, usize)>,
    pub stages: Shared<Stages>,
    pub inspection: Shared<Inspection>,
    pub editor: EditorState,
    pub time: TimeState,
    pub track: Shared<Track>,
    pub timeline_open: bool,
    pub timeline: Shared<Timeline>,
    /// What Apply would lead to, while that is shown.
    pub ahead: Shared<Ahead>,
    pub theme: Theme,
    /// What the cluster is called.
    pub cluster: Rc<str>,
    pub tab: Tab,
    pub inspector_tab: InspectorTab,
    pub left: LeftTab,
    pub lesson: LessonState,
    /// What a new visitor can try: what to do, what comes of it, and whether it is done.
    pub first: Option<Shared<Vec<(String, String, bool)>>>,
    pub selection: Option<ObjectRef>,
    /// The log row that is selected.
    pub record: Option<u64>,
    /// Whether long chains of causes are shown in full.
    pub unfolded: bool,
    pub menu: Option<Shared<Menu>>,
    pub dialog: Option<Dialog>,
    pub parts: Parts,
    /// A figure waits for the run of its link, and shows no other before.
    pub waiting: bool,
    pub notice: Option<Shared<Notice>>,
    /// What the button in the notice says that leads back to what the reader had before.
    pub can_go_back: Option<&'static str>,
    /// What keeps the page from showing a run at once.
    pub opening: Option<OpeningStage>,
    pub announcement: Rc<str>,
}

/// How a run comes back that takes its time; how much of that is done, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpeningStage {
    /// The cluster that it begins with is taken out of the browser's storage.
    Fetched(u32),
    /// What was done in it is done again.
    DoneAgain(u32),
}

/// What there is of the page: all of it, or in a figure the map and what the address names beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Parts {
    #[default]
    All,
    Embedded(Vec<Part>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Editor,
    Timeline,
    Console,
    Log,
    Why,
    Lesson,
}

impl Part {
    /// The parts by the names of their switches.
    pub const NAMES: [(&'static str, Part); 6] = [
        ("editor", Part::Editor),
        ("timeline", Part::Timeline),
        ("console", Part::Console),
        ("log", Part::Log),
        ("why", Part::Why),
        ("lesson", Part::Lesson),
    ];
}

impl Parts {
    pub fn has(&self, part: Part) -> bool {
        match self {
            Parts::All => true,
            Parts::Embedded(parts) => parts.contains(&part),
        }
    }

    pub fn is_embedded(&self) -> bool {
        matches!(self, Parts::Embedded(_))
    }

    /// The names of the parts of a figure, for its style.
    pub fn names(&self) -> String {
        let there = Part::NAMES.iter().filter(|(_, part)| self.has(*part));
        there.map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
    }
}

/// The parts of the page that are tabs on a phone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Map,
    Yaml,
    Activity,
    Why,
}

/// The tabs of the panel on the left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeftTab {
    #[default]
    Manifest,
    Lesson,
}

/// The lesson that is taken, or offered, or cannot be read.
#[derive(Clone, Default, PartialEq)]
pub struct LessonState {
    /// Its file.
    pub file: Rc<str>,
    pub taken: Option<Shared<Lesson>>,
    /// The step that is shown.
    pub step: usize,
    /// Which steps are done.
    pub done: Shared<Vec<bool>>,
    /// What came of the step's checks.
    pub verdicts: Shared<Vec<Verdict>>,
    /// Something of "Do it for me" is still to be done.
    pub busy: bool,
    /// A lesson that would replace the reader's own cluster.
    pub offered: Option<Shared<Lesson>>,
    /// Why the file is no lesson.
    pub trouble: Option<Shared<Vec<String>>>,
}

#[derive(Clone)]
pub enum LessonAct {
    Fetched {
        file: Rc<str>,
        lesson: Rc<Lesson>,
        begin: bool,
    },
    Trouble {
        file: Rc<str>,
        trouble: Rc<Vec<String>>,
    },
    /// Begins the lesson that is offered.
    Begin,
    Again,
    GoTo(usize),
    DoIt,
    Leave,
    /// What a new visitor can try has come.
    Visit(Rc<Lesson>),
    EndVisit,
}

/// The tabs below the map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bottom {
    #[default]
    Activity,
    Kubectl,
    Events,
}

/// What was typed into the console, and what came out.
#[derive(Clone, Default, PartialEq)]
pub struct ConsoleState {
    pub entries: Shared<Vec<Rc<ConsoleEntry>>>,
    /// Whether the last command still goes on.
    pub running: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ConsoleEntry {
    pub id: u32,
    pub line: String,
    /// The moment that was shown, as the clock shows it.
    pub at: String,
    /// What the page has to say about it.
    pub note: &'static str,
    pub chunks: Vec<Chunk>,
    /// None while it goes on.
    pub exit: Option<i32>,
}

/// An event as `kubectl events` prints it.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    pub cells: Vec<String>,
    pub warning: bool,
    pub object: ObjectRef,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InspectorTab {
    #[default]
    Why,
    Describe,
    Yaml,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub fn word(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The next choice, so that the first one is a change that shows: the opposite of the system's, then the system's
    /// own, then the system again.
    pub fn next(self, system_is_light: bool) -> Theme {
        let (same, opposite) = if system_is_light { (Theme::Light, Theme::Dark) } else { (Theme::Dark, Theme::Light) };
        match self {
            Theme::System => opposite,
            chosen if chosen == opposite => same,
            _ => Theme::System,
        }
    }

    pub fn parse(word: &str) -> Theme {
        match word {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::System,
        }
    }
}

/// How fast the virtual clock runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed(Option<f64>);

impl Speed {
    pub const CHOICES: [(&'static str, &'static str); 8] = [
        ("0.25", "0.25×"),
        ("0.5", "0.5×"),
        ("1", "1×"),
        ("2", "2×"),
        ("4", "4×"),
        ("8", "8×"),
        ("16", "16×"),
        ("max", "as fast as possible"),
    ];

    /// Slower than this nobody would see that time goes on.
    const SLOWEST: f64 = 0.01;

    pub fn parse(word: &str) -> Option<Speed> {
        if word == "max" {
            return Some(Speed(None));
        }
        let factor = parse_float(word)?;
        (Speed::SLOWEST..=16.0).contains(&factor).then_some(Speed(Some(factor)))
    }

    /// Virtual time for each real time; `None` for as fast as possible.
    pub fn factor(self) -> Option<f64> {
        self.0
    }

    pub fn word(self) -> String {
        self.0.map_or_else(|| "max".to_owned(), |factor| factor.to_string())
    }
}

impl Default for Speed {
    fn default() -> Speed {
        Speed(Some(1.0))
    }
}

/// The stages of the control loop and the one it is in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stages {
    pub queued: usize,
    pub live: usize,
    /// What it does in the stage `act`.
    pub act: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimeState {
    pub micros: u64,
    pub playing: bool,
    /// Playing backward.
    pub back: bool,
    pub speed: Speed,
    /// The page shows the past.
    pub past: bool,
    /// Nothing is left to happen.
    pub quiet: bool,
    /// What happens next, or that nothing does.
    pub next: Rc<str>,
}

#[derive(Clone, Default, PartialEq)]
pub struct EditorState {
    /// Counts the texts that came from elsewhere than the keyboard; the editor takes over such a text.
    pub loads: u32,
    pub text: Shared<String>,
    pub findings: Shared<Vec<FindingRow>>,
    /// What Apply would do.
    pub preview: Rc<str>,
    /// A place to show, counted so that the same place can be shown again.
    pub jump: (u32, u32, u32),
}

#[derive(Clone, Debug, PartialEq)]
pub struct FindingRow {
    pub error: bool,
    pub path: String,
    pub message: String,
    pub mend: String,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    pub fixable: bool,
}

pub struct Menu {
    pub label: String,
    pub items: Vec<MenuItem>,
    /// Where it hangs, and where the focus returns to.
    pub anchor: HtmlElement,
}

pub struct MenuItem {
    pub label: String,
    pub action: Action,
    pub danger: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Dialog {
    Help,
    Examples,
    /// The link to this run, empty if it is too large for one, and the hash of its log.
    Share {
        link: Rc<str>,
        log: u64,
    },
    /// What Apply would lead to.
    Ahead,
    /// Whether to go on from the moment in the past that is shown: what is to be done, the branch that is left, and what a
    /// long run makes of it.
    Fork(Rc<str>, Rc<str>, Option<Rc<str>>),
    RenameBranch(u32, Rc<str>),
    AddNode,
    Taint(Name),
    /// What a node can hold.
    Capacity(Name),
    /// The reader's own cluster: where to put it, or what came of it.
    Import(Rc<ImportTold>),
    Export,
    /// A pod of nobody's, on a node.
    BarePod(Name),
    /// The labels of a node or a pod.
    Label(ObjectRef),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub error: bool,
    pub text: String,
}

/// What is told about a dump: that it is being read, what is wrong with it, or what came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportTold {
    /// How much has been read, in percent.
    pub reading: Option<u32>,
    pub error: String,
    pub lines: Vec<String>,
}

/// What is done a little later, so that many changes cost one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    Check,
    Save,
    Announce,
    HideNotice,
    /// The control loop's stage has been seen long enough.
    Stage,
    /// Work that is done in slices: looking ahead, or doing a branch again.
    Work,
}

/// What can be done to a branch of time.
#[derive(Clone)]
pub enum BranchAct {
    /// Another one begins at the moment that is shown.
    New,
    Switch(u32),
    /// Lies beside the present one in the plot; or no longer.
    Beside(u32),
    Rename(u32, String),
    Discard(u32),
}

#[derive(Clone)]
pub enum Action {
    /// The reader typed.
    Edit(String),
    Load(String),
    Apply,
    GoTo(usize),
    Fix(usize),
    Run(Command),
    /// A new cluster.
    Begin(Scenario),
    /// A run from a link or a file.
    OpenRun(Rc<SavedRun>),
    /// A manifest from a file.
    Receive(String),
    /// The text of a dump: its cluster takes the place of this one.
    Import(String),
    /// The same, once it is read.
    TakeOver(Box<Sim>),
    /// The browser keeps the cluster of that name, or refuses to.
    ClusterKept(String, bool),
    /// How much of the awaited cluster is there, in percent.
    ClusterComes(u32),
    ClusterFetched(String, Result<Arc<Cluster>, String>),
    Export(Export),
    /// A run has been done again far enough.
    StopOpening,
    /// What the reader had before, the last one first.
    BackToMine(usize),
    /// A message of the embedding page: its id, and what it wants or what is wrong with it.
    Hear(Value, Result<Request, String>),
    Share,
    SaveFile,
    OpenFile,
    /// Plays forward, or backward; pauses if it does so already.
    Play(bool),
    Step,
    StepBack,
    /// To the next, or the last, act on what is selected.
    Jump(bool),
    ToggleTimeline,
    /// The timeline shows less time, or more.
    Zoom(bool),
    /// Goes on from the past, as the reader was asked.
    Fork,
    Branch(BranchAct),
    LookAhead,
    SetSpeed(Speed),
    Seek(u64),
    Select(ObjectRef),
    ShowYaml(ObjectRef, InspectorTab),
    /// The object's manifest as it would be applied goes into the editor.
    EditLive(ObjectRef),
    SelectRecord(u64),
    /// Where the panels are tabs, the explanation comes to the front.
    ToWhy,
    /// Long chains of causes are shown in full.
    Unfold,
    Take(Offer),
    /// Rows from this one on; beyond the end, the newest.
    ShowLog(usize),
    ToggleLogAll,
    ShowBottom(Bottom),
    /// A line of the console.
    RunLine(String),
    /// The console's command may go on: what it does makes another future.
    GoOnLine,
    /// Ctrl-C in the console.
    EndLine,
    /// A file that a command of the console asked for; none if there is none.
    FileRead(String, Option<String>),
    ShowTab(Tab),
    ShowLeft(LeftTab),
    Lesson(LessonAct),
    /// A cluster and a text of the page's own, instead of what is there; `before` is applied already.
    Replace {
        scenario: Scenario,
        text: String,
        before: Option<String>,
    },
    ShowInspector(InspectorTab),
    NextTheme,
    OpenMenu(Rc<str>, HtmlElement),
    CloseMenu,
    Open(Dialog),
    CloseDialog,
    DismissNotice,
    Copy(Rc<str>),
    Say(Notice),
    /// The editor has arrived and wants to know what to mark.
    EditorReady,
    /// A timer is due.
    Due(Job),
    /// The system changed between light and dark.
    SystemTheme,
}
