//! `cargo xtask`: sets up what is missing, then serves, tests, builds or measures Everynode.

mod finish;
mod run;
mod tools;
mod wasm;

use std::fs;
use std::io::IsTerminal;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use run::{Failure, Tally, replace_by, root, run, tally, total};
use tools::{Tool, Tools};

const USAGE: &str = "\
Usage: cargo xtask <command>

  serve [ARGS]     build the page, serve it at http://127.0.0.1:8080/, rebuild it on every change;
                   ARGS go to `trunk serve`, for instance --port 9000 --open
  test [PARTS]     run all tests, or only these parts:
                     native   the core, without a browser
                     web      the components and the core, in headless Chromium and Firefox
                     e2e      the release build as a person uses it, in headless Chromium, and the walk-through,
                              links, hosting, embedding and import in Firefox as well
                   --no-build takes dist/ as it is; arguments after -- go to the test programs
  build [ARGS]     make dist/, ready for any static host; ARGS go to `trunk build`
  conformance      run everything recorded of a real control plane, and renew static/conformance.html, the table of
                   what agrees, and tests/conformance/disagree.txt, what is known not to
  bench            measure: CPU time natively, loading and frame times in a headless browser, sizes of dist/
  profile          find out, in a headless browser, which functions and parts of functions the first paint with a
                   working Apply needs; `build` puts the others into a module of their own, which comes later
  lint             check formatting, clippy natively and for wasm32, and that static/editor.js is of its source
  editor [--check] make static/editor.js from static/editor/ (or only compare)

Each command first looks for the tools that it needs, on PATH and in the cache folder, says what it will install and
how long that takes, and then works without a network.";

/// The end-to-end tests that run in Firefox, too.
const IN_FIREFOX: [&str; 5] = ["walkthrough", "links", "hosting", "embed", "import"];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, args) = match args.split_first() {
        Some((command, args)) => (command.as_str(), args),
        None => ("help", &[][..]),
    };
    let done = match command {
        "serve" => serve(args),
        "test" => test(args),
        "build" => build(args),
        "profile" => profile(args),
        "bench" => without_arguments(args).and_then(|()| bench()),
        "conformance" => without_arguments(args).and_then(|()| conformance()),
        "lint" => without_arguments(args).and_then(|()| lint()),
        "editor" => match args {
            [] => editor(false),
            [check] if check == "--check" => editor(true),
            _ => Err(Failure::new("`cargo xtask editor` takes nothing or --check.")),
        },
        // Not for persons: Trunk.toml names it.
        "finish" => finish::finish(),
        "help" | "-h" | "--help" => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(Failure::new(format!("There is no command `{command}`.\n\n{USAGE}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_told() {
                eprintln!("\n{failure}");
            }
            ExitCode::FAILURE
        }
    }
}

fn without_arguments(args: &[String]) -> Result<(), Failure> {
    match args {
        [] => Ok(()),
        [first, ..] => Err(Failure::new(format!("This command takes no arguments, but got `{first}`."))),
    }
}

fn serve(args: &[String]) -> Result<(), Failure> {
    let mut needs = vec![Tool::WasmTarget, Tool::Trunk, Tool::WasmBindgen];
    if args.iter().any(|arg| arg == "--release") {
        needs.extend([Tool::Node, Tool::WasmOpt]);
    }
    let tools = Tools::set_up(&needs)?;
    let address = option(args, "--address", "-a").unwrap_or("127.0.0.1");
    let port = option(args, "--port", "-p").unwrap_or("8080");
    if let Ok(number) = port.parse::<u16>()
        && let Err(error) = TcpListener::bind((address, number))
    {
        return Err(Failure::new(format!(
            "{address}:{port} cannot be listened at ({error}). If something else listens there, end it, or choose \
             another port: `cargo xtask serve --port 8081`."
        )));
    }
    println!("\nEverynode will be at http://{address}:{port}/ as soon as it is built (at first that takes a minute).");
    println!("Ctrl-C ends it.\n");
    // Not in dist/, which is for release builds.
    replace_by(tools.trunk("serve").args(args).env("TRUNK_BUILD_DIST", "target/serve"))
}

/// The value of an option in any of the forms `--port 80`, `--port=80` and `-p 80`.
fn option<'a>(args: &'a [String], long: &str, short: &str) -> Option<&'a str> {
    args.iter().enumerate().find_map(|(at, arg)| match arg.strip_prefix(long).and_then(|rest| rest.strip_prefix('=')) {
        Some(value) => Some(value),
        None if arg == long || arg == short => args.get(at + 1).map(String::as_str),
        None => None,
    })
}

fn build(args: &[String]) -> Result<(), Failure> {
    let tools = Tools::set_up(&[Tool::WasmTarget, Tool::Trunk, Tool::WasmBindgen, Tool::Node, Tool::WasmOpt])?;
    build_with(&tools, args)?;
    println!("\ndist/ is ready: put it on any static host, under any path.");
    Ok(())
}

fn build_with(tools: &Tools, args: &[String]) -> Result<(), Failure> {
    run(whole(tools).args(args).env(wasm::PARTS, "2"))
}

/// A release build that is to be divided, or counted, before it is optimised: Trunk runs wasm-opt with --release only.
fn whole(tools: &Tools) -> Command {
    let mut trunk = tools.trunk("build");
    trunk.args(["--cargo-profile", "release"]).env(wasm::FLAGS_IN, wasm::flags());
    trunk
}

/// Counts what is run in a release build of its own folder, and writes the profile by which `build` divides the program.
fn profile(args: &[String]) -> Result<(), Failure> {
    let page = [Tool::WasmTarget, Tool::Trunk, Tool::WasmBindgen, Tool::Node, Tool::WasmOpt];
    let tools = Tools::set_up(&[&page[..], &[Tool::Browser, Tool::E2ePackages]].concat())?;
    let folder = root().join("target/profile-dist");
    if args != ["--no-build"] {
        without_arguments(args)?;
        run(whole(&tools).arg("--dist").arg(&folder))?;
    }
    let counting = wasm::counting(tools.command("wasm-bindgen"), &folder)?;
    let mut node = tools.node();
    node.arg(root().join("tests/e2e/profile.mjs")).env("DIST", &counting.folder);
    let numbers = node.stderr(Stdio::inherit()).output();
    let numbers = numbers.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    if numbers.is_empty() {
        return Err(Failure::new("The page could not be counted: see above what tests/e2e/profile.mjs says."));
    }
    let run = numbers.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
    counting.write_profile(&run)
}

fn test(args: &[String]) -> Result<(), Failure> {
    let (args, rest) = match args.iter().position(|arg| arg == "--") {
        Some(at) => (&args[..at], &args[at + 1..]),
        None => (args, &[][..]),
    };
    if let Some(unknown) = args.iter().find(|arg| !["native", "web", "e2e", "--no-build"].contains(&arg.as_str())) {
        return Err(Failure::new(format!("There is no part `{unknown}`: the parts are native, web and e2e.")));
    }
    let all = args.iter().all(|arg| arg == "--no-build");
    let wants = |part: &str| all || args.iter().any(|arg| arg == part);
    let builds = wants("e2e") && !args.iter().any(|arg| arg == "--no-build");

    let mut needs = Vec::new();
    if wants("web") || builds {
        needs.extend([Tool::WasmTarget, Tool::WasmBindgen]);
    }
    if builds {
        needs.extend([Tool::Trunk, Tool::Node, Tool::WasmOpt]);
    }
    if wants("web") || wants("e2e") {
        needs.extend([Tool::Browser, Tool::Firefox]);
    }
    if wants("web") {
        needs.push(Tool::Geckodriver);
    }
    if wants("e2e") {
        needs.extend([Tool::Node, Tool::E2ePackages]);
    }
    let tools = Tools::set_up(&needs)?;

    let mut results: Vec<(&str, Tally)> = Vec::new();
    if wants("native") {
        heading("Native tests");
        let mut command = tools.cargo("test");
        command.args(["--workspace", "--no-fail-fast"]).args(rest);
        results.push(("native", tally(&mut command)));
    }
    if wants("web") {
        for (in_firefox, name, title) in [(false, "web", "Chromium"), (true, "firefox", "Firefox")] {
            heading(&format!("Tests in {title}"));
            let mut command = tools.web_tests(in_firefox)?;
            command.args(rest);
            results.push((name, tally(&mut command)));
        }
    }
    let mut built = true;
    if builds {
        heading("Release build");
        if let Err(failure) = build_with(&tools, &[]) {
            eprintln!("{failure}");
            built = false;
            results.push(("build", Tally::broken()));
        }
    }
    if wants("e2e") && built {
        heading("The page, end to end");
        let mut command = tools.node();
        command.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]).args(rest);
        command.args(files(&root().join("tests/e2e"), ".test.mjs")?);
        results.push(("e2e", tally(&mut command)));
        heading("The page, end to end, in Firefox");
        let mut command = tools.node();
        command.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]).args(rest);
        command.args(IN_FIREFOX.map(|name| root().join("tests/e2e").join(format!("{name}.test.mjs"))));
        results.push(("firefox", tally(command.env("EVERYNODE_BROWSER", "firefox"))));
    }

    heading("Summary");
    let total = total(results.iter().map(|(_, part)| part));
    for (name, part) in &results {
        println!("{name:<8}{part}{}", if part.ended_well { "" } else { "  <- see above" });
    }
    println!("{total}");
    if total.ended_well { Ok(()) } else { Err(Failure::told()) }
}

fn lint() -> Result<(), Failure> {
    let needs = [Tool::WasmTarget, Tool::Linters, Tool::Node, Tool::EditorPackages];
    let tools = Tools::set_up(&needs)?;
    let mut native = tools.cargo("clippy");
    native.args(["--workspace", "--all-targets"]);
    let mut wasm = tools.cargo("clippy");
    // The other test programs are native ones.
    wasm.args(["--package", "everynode", "--target", tools::WASM, "--lib", "--bins", "--test", "web"]);
    for clippy in [&mut native, &mut wasm] {
        clippy.args(["--", "-D", "warnings"]);
    }
    let checks = [
        ("formatting (cargo fmt --all mends it)", run(tools.cargo("fmt").args(["--all", "--check"]))),
        ("clippy, native", run(&mut native)),
        ("clippy, wasm32", run(&mut wasm)),
        ("static/editor.js", bundle_editor(&tools, true)),
    ];
    println!();
    let mut failed = 0;
    for (name, result) in checks {
        match result {
            Ok(()) => println!("ok      {name}"),
            Err(failure) => {
                failed += 1;
                println!("FAILED  {name}: {failure}");
            }
        }
    }
    if failed == 0 { Ok(()) } else { Err(Failure::new(format!("{failed} of 4 checks failed."))) }
}

fn editor(check: bool) -> Result<(), Failure> {
    let tools = Tools::set_up(&[Tool::Node, Tool::EditorPackages])?;
    bundle_editor(&tools, check)
}

/// Makes static/editor.js, or compares it with what its source gives now.
fn bundle_editor(tools: &Tools, check: bool) -> Result<(), Failure> {
    let committed = root().join("static/editor.js");
    let out = if check { root().join("target/editor-check.js") } else { committed.clone() };
    let mut npm = tools.npm(&root().join("static/editor"));
    npm.args(["run", "--silent", "bundle", "--"]).arg(format!("--outfile={}", out.display()));
    run(&mut npm)?;
    if check && fs::read(&out).ok() != fs::read(&committed).ok() {
        return Err(Failure::new("static/editor.js is not what static/editor/ gives: run `cargo xtask editor`."));
    }
    Ok(())
}

/// One mechanism: the native test, with leave to write.
fn conformance() -> Result<(), Failure> {
    let tools = Tools::set_up(&[])?;
    let mut command = tools.cargo("test");
    run(command.args(["--quiet", "--test", "conformance", "--", "--nocapture"]).env("UPDATE_EXPECT", "1"))
}

fn bench() -> Result<(), Failure> {
    let browser = [Tool::Browser, Tool::E2ePackages];
    let page = [Tool::WasmTarget, Tool::Trunk, Tool::WasmBindgen, Tool::Node, Tool::WasmOpt];
    let tools = Tools::set_up(&[&page[..], &browser[..]].concat())?;
    heading("Native");
    let dumps = root().join("test-output");
    fs::create_dir_all(&dumps).map_err(|error| Failure::new(format!("test-output cannot be made ({error}).")))?;
    run(tools.cargo("run").args(["--quiet", "--profile", "native", "--example", "bench"]).env("DUMPS", &dumps))?;
    heading("Release build");
    build_with(&tools, &[])?;
    heading("In the browser");
    let core = wasm::example(&tools, "bench")?;
    run(tools.node().arg(root().join("tests/e2e/bench.mjs")).env("CORE", core).env("DUMPS", &dumps))?;
    run(tools.node().arg(root().join("tests/e2e/figures.bench.mjs")))
}

/// The files of a folder with this ending, in order of their names.
fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder)
        .map_err(|error| Failure::new(format!("{} cannot be read ({error}): check it out again.", folder.display())))?;
    let mut files: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(ending))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    Ok(files)
}

fn heading(text: &str) {
    if std::io::stdout().is_terminal() {
        println!("\n\x1b[1m{text}\x1b[0m");
    } else {
        println!("\n== {text}");
    }
}
