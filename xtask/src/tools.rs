//! The tools that Everynode needs: where each is found, and how it is installed where it is not.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::run::{Failure, output, root, run};

pub const WASM: &str = "wasm32-unknown-unknown";
const TRUNK: &str = "0.21.14";
const GECKODRIVER: &str = "0.37.1";
const BINARYEN: &str = "132.0.0";
const NODE_MAJOR_MIN: u32 = 20;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tool {
    WasmTarget,
    Linters,
    Trunk,
    WasmBindgen,
    Node,
    WasmOpt,
    Browser,
    Firefox,
    Geckodriver,
    EditorPackages,
    E2ePackages,
}

/// One row of the table of tools.
struct Row {
    tool: Tool,
    /// What it is, with its version.
    name: String,
    /// How long its installation takes.
    takes: &'static str,
    /// Finds it and remembers where.
    find: fn(&mut Tools) -> bool,
    install: fn(&Tools) -> Result<(), Failure>,
    /// What a person can do where the installation fails.
    mend: String,
}

/// In the order of installation: a row may need those above it.
fn table(tools: &Tools) -> Vec<Row> {
    let bindgen = &tools.wasm_bindgen;
    let row = |tool, name: String, takes, find, install, mend: String| Row { tool, name, takes, find, install, mend };
    let npm = "check the network connection and npm's registry setting (`npm config get registry`)".to_owned();
    vec![
        row(
            Tool::WasmTarget,
            format!("Rust's {WASM} target"),
            "a few seconds",
            |_| {
                let mut rustc = Command::new(rustc());
                output(rustc.args(["--print", "target-libdir", "--target", WASM]))
                    .is_some_and(|folder| Path::new(folder.trim()).is_dir())
            },
            |tools| run(tools.command("rustup").args(["target", "add", WASM])),
            format!("run `rustup target add {WASM}` with a network connection"),
        ),
        row(
            Tool::Linters,
            "rustfmt and clippy".to_owned(),
            "a few seconds",
            |tools| ["fmt", "clippy"].iter().all(|part| output(tools.cargo(part).arg("--version")).is_some()),
            |tools| run(tools.command("rustup").args(["component", "add", "rustfmt", "clippy"])),
            "run `rustup component add rustfmt clippy` with a network connection".to_owned(),
        ),
        row(
            Tool::Trunk,
            format!("Trunk {TRUNK}"),
            "about 5 minutes",
            |tools| tools.find_program("trunk", TRUNK, &format!("trunk-{TRUNK}/bin")),
            |tools| tools.cargo_install("trunk", TRUNK, &["--locked"]),
            format!(
                "check the network connection, or put a `trunk` of version {TRUNK} on PATH, for instance by `cargo install \
                 trunk@{TRUNK} --locked`"
            ),
        ),
        row(
            Tool::WasmBindgen,
            format!("the wasm-bindgen command line {bindgen} (the version in Cargo.lock)"),
            "4 to 8 minutes",
            |tools| {
                let version = tools.wasm_bindgen.clone();
                tools.find_program("wasm-bindgen", &version, &format!("wasm-bindgen-cli-{version}/bin"))
            },
            // Not --locked: its lock file names a crate version that has been withdrawn.
            |tools| tools.cargo_install("wasm-bindgen-cli", &tools.wasm_bindgen, &[]),
            format!(
                "check the network connection, or put a `wasm-bindgen` of version {bindgen} on PATH, for instance by \
                 `cargo install wasm-bindgen-cli@{bindgen}`"
            ),
        ),
        row(
            Tool::Node,
            format!("Node {NODE_MAJOR_MIN} or later, with npm"),
            "",
            |tools| {
                let version = output(tools.command("node").arg("--version")).unwrap_or_default();
                major(&version).is_some_and(|major| major >= NODE_MAJOR_MIN) && on_path("npm").is_some()
            },
            |_| Err(Failure::new("It is not installed from here.")),
            format!("install Node {NODE_MAJOR_MIN} or later from https://nodejs.org or your system's packages"),
        ),
        row(
            Tool::WasmOpt,
            format!("wasm-opt (npm's binaryen {BINARYEN})"),
            "about 10 seconds",
            |tools| {
                let version = BINARYEN.split('.').next().unwrap_or(BINARYEN);
                tools.find_program("wasm-opt", version, &format!("binaryen-{BINARYEN}/node_modules/.bin"))
            },
            |tools| {
                let folder = tools.cache.join(format!("binaryen-{BINARYEN}"));
                make_folder(&folder)?;
                let mut npm = tools.npm(&folder);
                npm.args(["install", "--no-save", "--no-package-lock", "--ignore-scripts", "--prefix"]).arg(&folder);
                run(npm.arg(format!("binaryen@{BINARYEN}")))
            },
            npm.clone(),
        ),
        row(
            Tool::Browser,
            "Chromium and its driver".to_owned(),
            "about a minute",
            Tools::find_browser,
            |tools| {
                let mut update = tools.apt_get("update");
                // Some source of packages may be out of reach while the one that matters is not.
                let _ = run(&mut update);
                let mut install = tools.apt_get("install");
                run(install.args([
                    "--yes",
                    "--no-install-recommends",
                    "chromium",
                    "chromium-driver",
                    "fonts-dejavu-core",
                ]))
            },
            "install Chromium or Chrome and a chromedriver of the same version, and set CHROME and CHROMEDRIVER to \
             their paths if they are not on PATH"
                .to_owned(),
        ),
        row(
            Tool::Firefox,
            "Firefox".to_owned(),
            "about half a minute",
            |tools| {
                let path = env::var_os("FIREFOX").map(PathBuf::from);
                tools.firefox = path.or_else(|| ["firefox-esr", "firefox"].iter().find_map(|name| on_path(name)));
                tools.firefox.is_some()
            },
            |tools| {
                // Some source of packages may be out of reach while the one that matters is not.
                let _ = run(&mut tools.apt_get("update"));
                run(tools.apt_get("install").args(["--yes", "--no-install-recommends", "firefox-esr"]))
            },
            "install Firefox, and set FIREFOX to its path if it is not on PATH".to_owned(),
        ),
        row(
            Tool::Geckodriver,
            format!("geckodriver {GECKODRIVER}"),
            "about 3 minutes",
            |tools| tools.find_program("geckodriver", GECKODRIVER, &format!("geckodriver-{GECKODRIVER}/bin")),
            |tools| tools.cargo_install("geckodriver", GECKODRIVER, &["--locked"]),
            format!(
                "check the network connection, or put a `geckodriver` of version {GECKODRIVER} on PATH, for instance by \
                 `cargo install geckodriver@{GECKODRIVER} --locked`"
            ),
        ),
        row(
            Tool::EditorPackages,
            "the npm packages of the editor (CodeMirror, esbuild)".to_owned(),
            "about 10 seconds",
            |_| packages_are_current("static/editor"),
            |tools| install_packages(tools, "static/editor"),
            npm.clone(),
        ),
        row(
            Tool::E2ePackages,
            "the npm packages of the end-to-end tests (playwright-core, axe-core)".to_owned(),
            "about 10 seconds",
            |_| packages_are_current("tests/e2e"),
            |tools| install_packages(tools, "tests/e2e"),
            npm,
        ),
    ]
}

/// The tools that were found, ready to be run.
pub struct Tools {
    /// Where this puts what it installs, one folder per tool and version.
    cache: PathBuf,
    /// Folders that go in front of PATH.
    folders: Vec<PathBuf>,
    /// wasm-bindgen's version: crate, command line and test runner must be of one.
    wasm_bindgen: String,
    chrome: Option<PathBuf>,
    chromedriver: Option<PathBuf>,
    firefox: Option<PathBuf>,
    /// All crates of Cargo.lock are here.
    offline: bool,
}

impl Tools {
    /// Finds these tools, and installs those that are missing.
    pub fn set_up(needs: &[Tool]) -> Result<Tools, Failure> {
        let mut tools = Tools {
            cache: cache_folder()?,
            folders: Vec::new(),
            wasm_bindgen: locked_version("wasm-bindgen")?,
            chrome: None,
            chromedriver: None,
            firefox: None,
            offline: false,
        };
        let mut missing = Vec::new();
        for row in table(&tools) {
            if needs.contains(&row.tool) && !(row.find)(&mut tools) {
                missing.push(row);
            }
        }
        if let Some(node) = missing.iter().find(|row| row.tool == Tool::Node) {
            return Err(Failure::new(format!("Missing: {}. Please {}.", node.name, node.mend)));
        }
        if !missing.is_empty() {
            println!("To be installed first, once (into {} where it is not the system's):", tools.cache.display());
            for row in &missing {
                println!("  {}: {}", row.name, row.takes);
            }
        }
        for row in missing {
            println!("\nInstalling {}: {}.", row.name, row.takes);
            if let Err(failure) = (row.install)(&tools) {
                return Err(Failure::new(format!(
                    "{failure}\nCould not be installed: {}. Please {}.",
                    row.name, row.mend
                )));
            }
            if !(row.find)(&mut tools) {
                return Err(Failure::new(format!(
                    "Installed, but still not found: {}. Please {}.",
                    row.name, row.mend
                )));
            }
        }
        tools.offline = fetch_crates();
        Ok(tools)
    }

    /// A command that finds the tools.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let mut folders = self.folders.clone();
        folders.extend(path_folders());
        if let Ok(path) = env::join_paths(folders) {
            command.env("PATH", path);
        }
        for (name, value) in
            [("CHROME", &self.chrome), ("CHROMEDRIVER", &self.chromedriver), ("FIREFOX", &self.firefox)]
        {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command.current_dir(root());
        command
    }

    pub fn cargo(&self, subcommand: &str) -> Command {
        let mut command = self.command("cargo");
        command.arg(subcommand);
        command
    }

    pub fn trunk(&self, subcommand: &str) -> Command {
        let mut command = self.command("trunk");
        command.arg(subcommand);
        if self.offline {
            command.arg("--offline");
        }
        // Trunk takes "true", but not the "1" that the convention and most systems have.
        if env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            command.env("NO_COLOR", "true");
        }
        command
    }

    pub fn node(&self) -> Command {
        self.command("node")
    }

    pub fn npm(&self, folder: &Path) -> Command {
        let mut command = self.command(if cfg!(windows) { "npm.cmd" } else { "npm" });
        command.current_dir(folder).stdin(Stdio::null());
        command
    }

    /// `cargo test` for tests/web.rs in a headless browser.
    pub fn web_tests(&self, in_firefox: bool) -> Result<Command, Failure> {
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
        ];
        // Rust's debug form of a string is JSON's for any path that a person would choose.
        let (name, options) = if in_firefox {
            let firefox = self.firefox.as_deref().unwrap_or(Path::new("firefox"));
            ("firefox", format!("{{\"moz:firefoxOptions\":{{\"binary\":{firefox:?},\"args\":[\"-headless\"]}}}}"))
        } else {
            let chrome = self.chrome.as_deref().unwrap_or(Path::new("chromium"));
            ("chromium", format!("{{\"goog:chromeOptions\":{{\"binary\":{chrome:?},\"args\":{flags:?}}}}}"))
        };
        let file = root().join(format!("target/webdriver-{name}.json"));
        fs::write(&file, options)
            .map_err(|error| Failure::new(format!("{} cannot be written ({error}).", file.display())))?;

        let mut command = self.cargo("test");
        command.args(["--package", "everynode", "--target", WASM, "--test", "web"]);
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner");
        command.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", file);
        if in_firefox {
            // The runner takes the driver that is named.
            command.env_remove("CHROMEDRIVER").env("GECKODRIVER", self.program("geckodriver"));
        }
        // Seconds. The usual 5 and 20 are too few for a busy machine.
        command.env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60");
        command.env("WASM_BINDGEN_TEST_TIMEOUT", "300");
        Ok(command)
    }

    /// Where a program is that was found.
    fn program(&self, name: &str) -> PathBuf {
        let file = format!("{name}{}", env::consts::EXE_SUFFIX);
        let own = self.folders.iter().map(|folder| folder.join(&file)).find(|path| path.is_file());
        own.or_else(|| on_path(name)).unwrap_or_else(|| PathBuf::from(name))
    }

    /// Finds a program of this version on PATH or else in a folder of the cache.
    fn find_program(&mut self, program: &str, version: &str, folder: &str) -> bool {
        let answers = |program: PathBuf| {
            output(self.command(&program.to_string_lossy()).arg("--version"))
                .is_some_and(|text| text.split_whitespace().any(|word| word == version))
        };
        if on_path(program).is_some_and(answers) {
            return true;
        }
        let folder = self.cache.join(folder);
        let found = answers(folder.join(format!("{program}{}", env::consts::EXE_SUFFIX)));
        if found {
            self.folders.push(folder);
        }
        found
    }

    fn find_browser(&mut self) -> bool {
        let program = |variable: &str, names: &[&str]| match env::var_os(variable) {
            Some(path) => Some(PathBuf::from(path)),
            None => names.iter().find_map(|name| on_path(name)),
        };
        let mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
        let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", mac];
        self.chrome = program("CHROME", &names);
        self.chromedriver = program("CHROMEDRIVER", &["chromedriver"]);
        let version = |program: &Option<PathBuf>| major(&output(Command::new(program.as_ref()?).arg("--version"))?);
        let chrome = version(&self.chrome);
        chrome.is_some() && chrome == version(&self.chromedriver)
    }

    fn cargo_install(&self, name: &str, version: &str, options: &[&str]) -> Result<(), Failure> {
        let mut command = self.cargo("install");
        command.arg(format!("{name}@{version}")).args(options);
        command.arg("--root").arg(self.cache.join(format!("{name}-{version}")));
        // The project's own flags are not meant for its tools.
        run(command.env_remove("RUSTFLAGS").env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET"))
    }

    /// apt-get, as root, and without questions where nobody can answer.
    fn apt_get(&self, subcommand: &str) -> Command {
        let is_root = output(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
        let mut command = self.command(if is_root { "apt-get" } else { "sudo" });
        if !is_root {
            if !std::io::stdin().is_terminal() {
                command.arg("-n");
            }
            command.arg("apt-get");
        }
        command.arg(subcommand).env("DEBIAN_FRONTEND", "noninteractive");
        command
    }
}

/// Downloads the crates of Cargo.lock that are not here yet. False if some are still missing: then whoever needs them
/// asks the network again, and says what is wrong with it.
fn fetch_crates() -> bool {
    let fetch = |offline: bool| {
        let mut command = Command::new("cargo");
        command.args(["fetch", "--quiet"]).current_dir(root());
        if offline {
            command.arg("--offline").stderr(Stdio::null());
        }
        command.status().is_ok_and(|status| status.success())
    };
    fetch(true) || {
        println!("\nDownloading the crates of Cargo.lock: a few seconds.");
        fetch(false)
    }
}

/// npm leaves no simple trace of which lock file it installed, so a copy of it is the trace.
fn stamp(folder: &str) -> PathBuf {
    root().join(folder).join("node_modules/.installed-lock.json")
}

fn packages_are_current(folder: &str) -> bool {
    let lock = fs::read(root().join(folder).join("package-lock.json"));
    lock.is_ok_and(|lock| fs::read(stamp(folder)).is_ok_and(|installed| installed == lock))
}

fn install_packages(tools: &Tools, folder: &str) -> Result<(), Failure> {
    let place = root().join(folder);
    run(tools.npm(&place).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    match fs::copy(place.join("package-lock.json"), stamp(folder)) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(format!("{} cannot be written ({error}).", stamp(folder).display()))),
    }
}

fn cache_folder() -> Result<PathBuf, Failure> {
    let folder = |variable| env::var_os(variable).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from);
    let home = || folder("HOME").or_else(|| folder("USERPROFILE")).map(|home| home.join(".cache"));
    match folder("XDG_CACHE_HOME").or_else(home) {
        Some(caches) => Ok(caches.join("everynode")),
        None => Err(Failure::new("There is no place for the tools: set HOME or XDG_CACHE_HOME.")),
    }
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::new(format!("{} cannot be made ({error}).", folder.display())))
}

/// The version of a crate in Cargo.lock.
fn locked_version(name: &str) -> Result<String, Failure> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap_or_default();
    let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{name}\""));
    lines
        .nth(1)
        .and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("Cargo.lock names no {name}: restore it with `git checkout Cargo.lock`.")))
}

fn rustc() -> OsString {
    env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

fn path_folders() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

fn on_path(program: &str) -> Option<PathBuf> {
    let name = format!("{program}{}", env::consts::EXE_SUFFIX);
    path_folders().into_iter().map(|folder| folder.join(&name)).find(|path| path.is_file())
}

/// The first number in a program's answer to --version.
fn major(version: &str) -> Option<u32> {
    let digits = version.split(|c: char| !c.is_ascii_digit());
    digits.into_iter().find(|part| !part.is_empty())?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("Chromium 156.0.8078.79 built on Debian GNU/Linux 12 (bookworm)"), Some(156));
        assert_eq!(major("ChromeDriver 156.0.8078.79 (abc)"), Some(156));
        assert_eq!(major("unknown"), None);
    }
}
